//! 37: frames that mean nothing, sent by the thousand, against a server in a process of its own.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use http::Version;
use webhook_layers::{Clock, Secret, Verifier, presets, signature::SecretEncoding};
use webhook_tests::client::{Connection, Delivery};

/// The server of the raw attacks, ended with the test.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_attack-target"))
            .args(["--port", "0", "--audit", "/dev/null"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once(' ').unwrap().1.parse().unwrap();
        Self { child, address }
    }

    /// Its resident memory in bytes.
    fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
        kilobytes.unwrap().parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

// ---- frames ----

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// A field that enters no table (RFC 7541, 6.2.2).
fn field(name: &str, value: &str) -> Vec<u8> {
    let mut block = vec![0];
    for text in [name, value] {
        // Short of 127 bytes, a length is one byte.
        block.push(u8::try_from(text.len()).unwrap());
        block.extend_from_slice(text.as_bytes());
    }
    block
}

/// The head of a delivery that passes for one: only its body can tell that it is forged.
fn head() -> Vec<u8> {
    let signature = format!("sha256={}", "0".repeat(64));
    // `:method: POST`, `:scheme: http`.
    let mut block = vec![0x83, 0x86];
    block.extend(field(":path", "/github"));
    block.extend(field(":authority", "hooks.test"));
    block.extend(field("x-hub-signature-256", &signature));
    block
}

/// Streams are numbered by odd numbers.
fn stream(number: u32) -> u32 {
    2 * number + 1
}

fn rapid_reset(number: u32) -> Vec<u8> {
    let id = stream(number);
    let cancel = 8_u32.to_be_bytes();
    [
        frame(HEADERS, END_HEADERS, id, &head()),
        frame(RST_STREAM, 0, id, &cancel),
    ]
    .concat()
}

fn empty_data(number: u32) -> Vec<u8> {
    if number == 0 {
        return frame(HEADERS, END_HEADERS, 1, &head());
    }
    frame(DATA, 0, 1, b"")
}

/// A head that never ends, in frames that hold fields.
fn continuation(number: u32) -> Vec<u8> {
    if number == 0 {
        return frame(HEADERS, 0, 1, &head());
    }
    frame(
        CONTINUATION,
        0,
        1,
        &field("x-more", &"v".repeat(100)).repeat(100),
    )
}

/// A head that never ends, in frames that hold nothing.
fn empty_continuation(number: u32) -> Vec<u8> {
    if number == 0 {
        return frame(HEADERS, 0, 1, &head());
    }
    frame(CONTINUATION, 0, 1, b"")
}

/// Streams that are begun and left open, as many as a client likes.
fn open_streams(number: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream(number), &head())
}

fn settings(_: u32) -> Vec<u8> {
    frame(SETTINGS, 0, 0, b"")
}

fn pings(_: u32) -> Vec<u8> {
    frame(PING, 0, 0, b"8 bytes.")
}

type Flood = (&'static str, fn(u32) -> Vec<u8>);

const FLOODS: [Flood; 7] = [
    ("rapid reset", rapid_reset),
    ("empty DATA", empty_data),
    ("CONTINUATION", continuation),
    ("empty CONTINUATION", empty_continuation),
    ("open streams", open_streams),
    ("SETTINGS", settings),
    ("PING", pings),
];

const FRAMES: u32 = 5_000;

/// Sends the flood over a connection of its own until the server has enough of it.
fn send(address: SocketAddr, frames: fn(u32) -> Vec<u8>) {
    let mut connection = TcpStream::connect(address).unwrap();
    connection
        .set_write_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    connection
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let mut reader = connection.try_clone().unwrap();
    // Whoever floods reads the answers, or the server could not write any.
    let reads = thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while reader.read(&mut buffer).is_ok_and(|read| read > 0) {}
    });
    let _closed = connection.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let _closed = connection.write_all(&frame(SETTINGS, 0, 0, b""));
    for number in 0..FRAMES {
        if connection.write_all(&frames(number)).is_err() {
            break;
        }
    }
    let _closed = connection.shutdown(Shutdown::Both);
    reads.join().unwrap();
}

/// Whether the server answers a request made of these same frames: so that a flood of them is one.
fn is_understood(address: SocketAddr) -> bool {
    let mut connection = TcpStream::connect(address).unwrap();
    connection
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let end_stream = 1;
    let sent = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(SETTINGS, 0, 0, b""),
        frame(HEADERS, 0, 1, &head()),
        frame(CONTINUATION, END_HEADERS, 1, &field("x-more", "v")),
        frame(DATA, 0, 1, b""),
        frame(DATA, end_stream, 1, b"{}"),
    ];
    connection.write_all(&sent.concat()).unwrap();
    let mut start = [0; 9];
    while connection.read_exact(&mut start).is_ok() {
        let [_, high, low, kind, _, .., stream] = start;
        let mut payload = vec![0; usize::from(u16::from_be_bytes([high, low]))];
        connection.read_exact(&mut payload).unwrap();
        if (kind, stream) == (HEADERS, 1) {
            return true;
        }
    }
    false
}

/// A delivery that the server takes now.
fn delivery() -> Delivery {
    let scheme = presets::STANDARD_WEBHOOKS.scheme();
    let scheme = scheme.with_secret_encoding(SecretEncoding::Raw);
    let secret = Secret::new("current-secret-0123456789abcdef").unwrap();
    let verifier = Verifier::new(scheme, secret).unwrap();
    let mut delivery = Delivery::signed_by(&verifier, false, "{}", Clock::system().now());
    delivery.path = "/std";
    delivery
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_37_http2_floods_leave_memory_flat_and_others_served() {
    /// What the allocator may keep for itself from one round to the next.
    const SLACK: u64 = 12 << 20;
    let server = Server::start();
    assert!(is_understood(server.address), "frames that are none");
    let mut other = Connection::open(server.address, Version::HTTP_2).await;
    for (name, frames) in FLOODS {
        // The first round is what any use of the server costs.
        let mut before = 0;
        for round in 0..4 {
            let address = server.address;
            let flood = tokio::task::spawn_blocking(move || send(address, frames));
            let mut answers = 0;
            while !flood.is_finished() || answers == 0 {
                let asked = Instant::now();
                let answer = other.send(&delivery()).await.unwrap();
                assert_eq!(answer.status, 200, "{name}");
                assert!(asked.elapsed() < Duration::from_secs(10), "{name}");
                answers += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            flood.await.unwrap();
            if round == 0 {
                before = server.resident();
            }
        }
        let grown = server.resident().saturating_sub(before);
        assert!(grown < SLACK, "{name}: {grown} bytes more");
    }
}
