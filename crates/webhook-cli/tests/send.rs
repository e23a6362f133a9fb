//! `webhook send`, and the lines that `webhook sign` prints to send with something else: what
#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]
//! arrives at a receiver is what was signed.

mod common;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Stdio},
    thread::JoinHandle,
};

use common::{Folder, Run, webhook, webhook_with};

const SECRET: &str = "0123456789abcdef";

/// The head and the body of a request that arrived.
type Arrived = (String, Vec<u8>);

/// A receiver that answers each of `count` connections with the same text, and hands out the
/// requests' heads and bodies.
fn receiver(count: usize, answer: &'static str) -> (SocketAddr, JoinHandle<Vec<Arrived>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let mut requests = Vec::new();
        while requests.len() < count {
            let (mut stream, _) = listener.accept().unwrap();
            while let Some(request) = read(&mut stream) {
                requests.push(request);
                stream.write_all(answer.as_bytes()).unwrap();
                if answer.contains("Connection: close") || requests.len() == count {
                    break;
                }
            }
        }
        requests
    });
    (address, thread)
}

fn read(stream: &mut TcpStream) -> Option<Arrived> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    if head.contains("expect: 100-continue") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
    }
    stream.read_exact(&mut body).unwrap();
    Some((head, body))
}

const FINE: &str = "HTTP/1.1 200 OK\r\nX-Answer: yes\r\nContent-Length: 4\r\n\r\nfine";

fn send(to: &str, more: &[&str]) -> Run {
    let fixed = ["send", "--to", to, "--secret", SECRET, "--format", "json"];
    webhook(fixed.iter().chain(more))
}

/// Whether what arrived verifies.
fn verifies(provider: &str, (head, body): &Arrived) -> bool {
    let folder = Folder::new();
    let lines = head.split_once("\r\n").unwrap().1;
    let arguments = [
        "verify",
        "--provider",
        provider,
        "--secret",
        SECRET,
        "--headers",
        &folder.file("headers", lines),
        "--body",
        "-",
    ];
    match webhook_with(arguments, body, &[]).code {
        0 => true,
        1 => false,
        code => panic!("{code}"),
    }
}

#[test]
fn what_is_sent_arrives_and_what_is_answered_is_told() {
    let (address, requests) = receiver(2, FINE);
    let folder = Folder::new();
    let body = folder.file("body", b"\xff{}\n");
    let to = format!("http://{address}/hooks?a=b");
    let run = send(
        &to,
        &[
            "--provider",
            "github",
            "--body",
            &body,
            "--repeat",
            "2",
            "--event",
            "push",
            "--id",
            "7",
            "-H",
            "X-Two: 1",
            "-H",
            "A-One: 2",
            "-H",
            "X-Two: 3",
            "-H",
            "Content-Length: 99",
        ],
    )
    .exits(0);
    for line in run.lines() {
        assert_eq!(
            (&line["status"], &line["body"]),
            (&200.into(), &"fine".into())
        );
        assert_eq!(line["headers"][0], serde_json::json!(["x-answer", "yes"]));
        assert!(line["time_ms"].as_f64().unwrap() > 0.0);
    }
    let requests = requests.join().unwrap();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], requests[1]);
    let (head, body) = &requests[0];
    assert!(head.starts_with("post /hooks?a=b http/1.1\r\n"), "{head}");
    let place = |text: &str| head.find(text).unwrap_or_else(|| panic!("{text}: {head}"));
    assert!(place("x-two: 1") < place("x-two: 3") && place("x-two: 3") < place("a-one: 2"));
    assert!(head.contains("x-github-event: push") && head.contains("x-github-delivery: 7"));
    assert!(!head.contains("99") && !head.contains("accept"), "{head}");
    assert_eq!(body, b"\xff{}\n");
    assert!(verifies("github", &requests[0]));
}

#[test]
fn a_method_goes_out_as_it_is_given() {
    for method in ["PUT", "GET", "PURGE"] {
        let (address, requests) = receiver(1, FINE);
        let to = format!("http://{address}/");
        send(&to, &["--provider", "github", "--method", method]).exits(0);
        let head = &requests.join().unwrap()[0].0;
        assert!(
            head.starts_with(&format!("{} / ", method.to_lowercase())),
            "{head}"
        );
    }
}

#[test]
fn each_change_is_refused_by_a_receiver() {
    for (provider, tamper, accepted) in [
        ("github", "none", true),
        ("github", "body", false),
        ("github", "signature", false),
        ("stripe", "none", true),
        ("stripe", "body", false),
        ("stripe", "signature", false),
        ("stripe", "timestamp", false),
        ("slack", "timestamp", false),
        ("slack", "signature", false),
        ("shopify", "signature", false),
    ] {
        let (address, requests) = receiver(1, FINE);
        let to = format!("http://{address}/");
        send(&to, &["--provider", provider, "--tamper", tamper]).exits(0);
        let requests = requests.join().unwrap();
        assert_eq!(
            verifies(provider, &requests[0]),
            accepted,
            "{provider} {tamper}"
        );
    }
    let none = send(
        "http://127.0.0.1:1/",
        &["--provider", "github", "--tamper", "timestamp"],
    )
    .exits(2);
    assert!(none.stderr.contains("timestamp"), "{none:?}");
}

#[test]
fn a_refusal_is_1_and_silence_is_3() {
    for answer in [
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ] {
        let (address, requests) = receiver(1, answer);
        let run = send(&format!("http://{address}/"), &["--provider", "github"]).exits(1);
        assert!(
            answer.contains(&run.json()["status"].to_string()),
            "{run:?}"
        );
        requests.join().unwrap();
    }
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let run = send(&format!("http://{closed}/"), &["--provider", "github"]).exits(3);
    assert!(
        run.stdout.is_empty() && run.stderr.contains("did not answer"),
        "{run:?}"
    );

    // A receiver that accepts and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}/", silent.local_addr().unwrap());
    send(&to, &["--provider", "github", "--timeout", "1"]).exits(3);
}

#[test]
fn the_sender_may_see_another_url() {
    let folder = Folder::new();
    let scheme = folder.file(
        "scheme.toml",
        "name = \"a\"\nalgorithm = \"hmac-sha256\"\nheader = \"x-a\"\nsigned_text = \"{url}{body}\"\n",
    );
    let (address, requests) = receiver(1, FINE);
    let to = format!("http://{address}/inside");
    let url = "https://hooks.example.com/outside";
    send(&to, &["--scheme", &scheme, "--url", url]).exits(0);
    let (head, _) = requests.join().unwrap().remove(0);
    assert!(head.starts_with("post /inside "), "{head}");
    let header = head.lines().find(|line| line.starts_with("x-a: ")).unwrap();
    let verify = |url: &str| {
        webhook([
            "verify", "--scheme", &scheme, "--secret", SECRET, "-H", header, "--url", url,
        ])
    };
    verify(url).exits(0);
    verify(&to).exits(1);
}

#[test]
fn a_printed_request_is_the_bytes_of_one() {
    let (address, requests) = receiver(1, FINE);
    let url = format!("http://{address}/a?b");
    let arguments = [
        "sign",
        "--provider",
        "stripe",
        "--secret",
        SECRET,
        "--format",
        "http",
        "--url",
        &url,
        "--body",
        "-",
    ];
    let request = webhook_with(arguments, b"\x00\xff", &[]).exits(0).stdout;
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&request).unwrap();
    let requests = requests.join().unwrap();
    assert!(requests[0].0.contains(&format!("host: {address}")));
    assert_eq!(requests[0].1, b"\x00\xff");
    assert!(verifies("stripe", &requests[0]));
}

#[test]
fn a_printed_curl_line_works_when_pasted() {
    if Command::new("curl")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        println!("skipped: there is no curl");
        return;
    }
    let folder = Folder::new();
    let file = folder.file("it's a `body` $(x).json", "{\"from\": \"a file\"}\n");
    for (source, stdin) in [
        (file.as_str(), b"{\"from\": \"a file\"}\n".as_slice()),
        ("-", b"@it's \"$(touch /tmp/x)\" `x` !! %s \\n\n\n"),
        ("-", b"\x1b[2J\x00\xff%d\\'\n"),
        ("-", b""),
    ] {
        let (address, requests) = receiver(1, FINE);
        let url = format!("http://{address}/{{a}}/[1-2]/../b?x='y'&z=$HOME");
        let arguments = [
            "sign",
            "--provider",
            "github",
            "--secret",
            SECRET,
            "--format",
            "curl",
            "--url",
            &url,
            "--body",
            source,
            "-H",
            "X-Empty:",
            "-H",
            "X-Quote: it's $(x)!",
            "-H",
            "X-Tab: a\tb",
        ];
        let line = webhook_with(arguments, stdin, &[]).exits(0).stdout;
        let mut shell = Command::new("sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        shell.stdin.take().unwrap().write_all(&line).unwrap();
        let answered = shell.wait_with_output().unwrap();
        let shown = String::from_utf8_lossy(&line);
        assert!(
            String::from_utf8_lossy(&answered.stdout).ends_with("fine"),
            "{shown}"
        );
        assert!(
            !line
                .iter()
                .any(|byte| matches!(byte, 0..=9 | 11..=31 | 127..)),
            "{shown}"
        );
        let requests = requests.join().unwrap();
        let (head, body) = &requests[0];
        assert_eq!(body, stdin, "{shown}");
        for line in [
            "x-empty:",
            "x-quote: it's $(x)!",
            "x-tab: a\tb",
            "/{a}/[1-2]/../b?x='y'&z=$home",
        ] {
            assert!(head.contains(line), "{line}: {head}");
        }
        assert!(!head.contains("content-type"), "{head}");
        assert!(verifies("github", &requests[0]), "{shown}");
    }
}
