//! The walk over `X-Forwarded-For` against that of nginx's realip module.
//!
//! nginx runs with `real_ip_recursive on` on a free port of this host and answers with the client
//! that it found. Only well-formed lists are compared. nginx reads more than it should, and what it
//! makes of the rest is not copied (each is a case of `xff_cases.json`): leading zeros and empty
//! octets, a space between addresses instead of a comma, ports that are none, more hops than the cap.
//! IPv4-mapped addresses are left out as well, because nginx prints them as they came.
//!
//! Where there is no nginx (Debian's package `nginx`), the test says that it is skipped.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers outside #[test] functions may fail a test too"
)]

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use http::{HeaderMap, HeaderValue};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use webhook_core::PeerAddr;
use webhook_ip_layer::{
    ClientAddressConfig, ClientAddressSource, MAX_HOPS, TrustedProxies, resolve,
};

const TRUSTED: [&str; 5] = [
    "127.0.0.1",
    "10.0.0.0/8",
    "192.0.2.64/26",
    "2001:db8:10::/48",
    "fd00::/8",
];

const CASES: usize = 3000;

/// One nginx with a folder of its own; both go with it.
struct Nginx {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Nginx {
    /// `None` where it is not installed.
    fn start() -> Option<Self> {
        let program = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"]
            .into_iter()
            .find(|program| Path::new(program).is_file())?;
        let folder = std::env::temp_dir().join(format!("webhook-ip-nginx-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let configuration = folder.join("nginx.conf");
        fs::write(&configuration, configuration_of(&folder, port)).unwrap();
        let process = Command::new(program)
            .arg("-c")
            .arg(&configuration)
            .arg("-p")
            .arg(&folder)
            .args(["-e", "stderr"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self {
            process,
            folder,
            port,
        })
    }

    fn connect(&self) -> TcpStream {
        for _ in 0..400 {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", self.port)) {
                return stream;
            }
            thread::sleep(Duration::from_millis(25));
        }
        panic!("nginx does not listen");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

fn configuration_of(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    let mut temporary = String::new();
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(temporary, "  {kind}_temp_path {folder}/{kind};").unwrap();
    }
    let trusted = TRUSTED
        .map(|network| format!("  set_real_ip_from {network};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\n\
         events {{}}\nhttp {{\n  access_log off;\n  keepalive_requests 100000;\n{temporary}{trusted}  \
         real_ip_header X-Forwarded-For;\n  real_ip_recursive on;\n  \
         server {{ listen 127.0.0.1:{port}; location / {{ default_type text/plain; \
         return 200 \"$remote_addr\"; }} }}\n}}\n"
    )
}

/// Sends the header lines and reads whom nginx takes for the client.
fn ask(stream: &mut BufReader<TcpStream>, lines: &[String]) -> IpAddr {
    let mut request = "GET / HTTP/1.1\r\nHost: nginx\r\n".to_owned();
    for line in lines {
        write!(request, "X-Forwarded-For: {line}\r\n").unwrap();
    }
    request.push_str("\r\n");
    stream.get_mut().write_all(request.as_bytes()).unwrap();
    let mut length = None;
    loop {
        let mut line = String::new();
        assert!(
            stream.read_line(&mut line).unwrap() > 0,
            "nginx hung up on {lines:?}"
        );
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse().ok();
        }
    }
    let mut body = vec![0; length.unwrap()];
    stream.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap().parse().unwrap()
}

fn ours(lines: &[String], config: &ClientAddressConfig) -> IpAddr {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
    }
    let peer = PeerAddr::new(([127, 0, 0, 1], 4711).into());
    resolve(Some(peer), &headers, config).unwrap().ip()
}

/// Addresses in and around the trusted networks, and anywhere.
fn address() -> impl Strategy<Value = IpAddr> {
    let v4 = |high: u32, bits: u32| {
        any::<u32>().prop_map(move |low| IpAddr::from(Ipv4Addr::from_bits(high | (low & bits))))
    };
    let v6 = |high: u128, bits: u128| {
        any::<u128>().prop_map(move |low| IpAddr::from(Ipv6Addr::from_bits(high | (low & bits))))
    };
    prop_oneof![
        4 => v4(0x0A00_0000, 0x00FF_FFFF),
        2 => v4(0xC000_0200, 0xFF),
        2 => v4(0x0900_0000, 0x02FF_FFFF),
        1 => v4(0, 0xFFFF_FFFF),
        2 => v6(0x2001_0db8_0010 << 80, (1 << 80) - 1),
        1 => v6(0x2001_0db8_0011 << 80, (1 << 80) - 1),
        1 => v6(0xfd << 120, (1 << 120) - 1),
        1 => v6(0, u128::MAX),
    ]
    .prop_filter("mapped ones are printed as they came", |ip| {
        ip.to_canonical() == *ip
    })
}

fn element() -> impl Strategy<Value = String> {
    (address(), prop::option::weighted(0.2, 1_u16..)).prop_map(|(ip, port)| match (ip, port) {
        (ip, None) => ip.to_string(),
        (IpAddr::V4(v4), Some(port)) => format!("{v4}:{port}"),
        (IpAddr::V6(v6), Some(port)) => format!("[{v6}]:{port}"),
    })
}

/// Up to the cap of hops, in one line or several, with the separators that proxies write.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let separator = prop_oneof![Just(", "), Just(","), Just(" , "), Just(",, ")];
    let line = (prop::collection::vec(element(), 1..9), separator)
        .prop_map(|(elements, separator)| elements.join(separator));
    prop::collection::vec(line, 0..=MAX_HOPS / 8)
}

#[test]
fn promise_06_the_client_is_the_one_that_nginx_finds() {
    let Some(nginx) = Nginx::start() else {
        println!("skipped: nginx is not installed, so the walk is not compared with its own");
        return;
    };
    let trusted = TrustedProxies::networks(TRUSTED).unwrap();
    let config = ClientAddressConfig::new(ClientAddressSource::XForwardedFor, trusted);
    let mut stream = BufReader::new(nginx.connect());
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let (mut walked, strategy) = (0, lines());
    for _ in 0..CASES {
        let lines = strategy.new_tree(&mut runner).unwrap().current();
        let own = ours(&lines, &config);
        assert_eq!(own, ask(&mut stream, &lines), "{lines:?}");
        let right_most = lines.last().and_then(|line| line.rsplit(',').next());
        let right_most = right_most.map(|text| text.trim().to_owned());
        walked += usize::from(right_most.is_some_and(|text| text != own.to_string()));
    }
    // The lists do make it walk.
    assert!(walked > CASES / 4, "{walked} of {CASES}");
}
