//! What is left after kill -9 and SIGTERM, in the middle of work.
//!
//! The work is done by this very binary, started again as a child. `WEBHOOK_KILL_ROUNDS` sets how
//! often each store is killed (default 4; 25 make the 50 that are promised), and
//! `WEBHOOK_TERM_ROUNDS` how often it is asked to end (default 2; 100 are promised).

use std::{
    collections::BTreeSet,
    convert::Infallible,
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::signal::unix::{SignalKind, signal};
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_audit_layer::AuditLayer;
use webhook_sql::{Filter, SqlSink, SqlSinkSettings};

use crate::{PATIENCE, block_on, databases, log, store};

fn rounds(variable: &str, default: u32) -> u32 {
    env::var(variable).map_or(default, |text| text.parse().unwrap())
}

fn child(test: &str, url: &str, round: u32) -> Child {
    child_command(test, url, round).spawn().unwrap()
}

/// This binary once more, to run this test alone.
pub(crate) fn child_command(test: &str, url: &str, round: u32) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args([
            test,
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("WEBHOOK_CHILD_URL", url)
        .env("WEBHOOK_CHILD_ROUND", round.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// The paths of the records in the store.
fn kept(url: &str) -> BTreeSet<String> {
    let log = log(url);
    let (mut paths, mut after) = (BTreeSet::new(), None);
    loop {
        let page = block_on(log.list(&Filter::new(), after, 10_000)).unwrap();
        paths.extend(page.events.iter().filter_map(|event| event.field("path")));
        match page.next {
            Some(next) => after = Some(next),
            None => return paths,
        }
    }
}

#[test]
#[ignore = "a part of the next test, run as a child"]
fn durable_child() {
    let (url, round) = (
        env::var("WEBHOOK_CHILD_URL").unwrap(),
        env::var("WEBHOOK_CHILD_ROUND").unwrap(),
    );
    let settings = SqlSinkSettings::new(url.parse().unwrap()).with_durable(PATIENCE);
    let layer = AuditLayer::new(SqlSink::open_with(settings).unwrap());
    let audited = layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let next = Arc::new(AtomicU32::new(0));
    block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let (audited, next, round) = (audited.clone(), Arc::clone(&next), round.clone());
            tasks.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let path = format!("/{round}/{number}");
                    let request = Request::post(&path).body(()).unwrap();
                    let response = audited.clone().oneshot(request).await.unwrap();
                    if response.status().is_success() {
                        println!("acknowledged {path}");
                    }
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    });
}

#[test]
fn promise_14_what_was_acknowledged_outlives_kill_9() {
    let stores = databases().stores("killed");
    for url in &stores.urls {
        let mut acknowledged = BTreeSet::new();
        for round in 0..rounds("WEBHOOK_KILL_ROUNDS", 4) {
            let mut child = child("survival::durable_child", url, round);
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let (sender, receiver) = std::sync::mpsc::channel();
            let reader = thread::spawn(move || {
                for line in lines.map_while(Result::ok) {
                    if let Some((_, path)) = line.split_once("acknowledged ") {
                        let _unheard = sender.send(path.to_owned());
                    }
                }
            });
            // Once it is at work, at a moment that is another one each time.
            let first = receiver
                .recv_timeout(PATIENCE)
                .expect("nothing is acknowledged");
            let mut random = [0];
            getrandom::fill(&mut random).unwrap();
            thread::sleep(Duration::from_millis(20 + u64::from(random[0])));
            child.kill().unwrap();
            let _status = child.wait().unwrap();
            reader.join().unwrap();
            acknowledged.extend([first].into_iter().chain(receiver.try_iter()));
        }
        assert!(acknowledged.len() > 100, "{}", acknowledged.len());
        let kept = kept(url);
        let lost: Vec<_> = acknowledged.difference(&kept).collect();
        assert!(
            lost.is_empty(),
            "{url} lost {} of {}: {:?}",
            lost.len(),
            acknowledged.len(),
            lost.first()
        );
        if url.starts_with("sqlite") {
            let sql = "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
            assert_eq!(store::numbers(url, sql), [1]);
        }
        // It opens clean, and the chain is whole.
        drop(SqlSink::open(url).unwrap());
        assert_eq!(
            block_on(log(url).verify(None)).unwrap().broken,
            None,
            "{url}"
        );
    }
}

#[test]
#[ignore = "a part of the next test, run as a child"]
fn serving_child() {
    let url = env::var("WEBHOOK_CHILD_URL").unwrap();
    let sink = SqlSink::open(&url).unwrap();
    let audit = sink.handle();
    block_on(async {
        let handler = axum::routing::post(async || "kept");
        let router = axum::Router::new()
            .route("/{*path}", handler)
            .layer(AuditLayer::new(sink));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut asked = signal(SignalKind::terminate()).unwrap();
        println!("listening {}", listener.local_addr().unwrap());
        let server = axum::serve(listener, router);
        let server = server.with_graceful_shutdown(async move {
            let _signal = asked.recv().await;
        });
        server.await.unwrap();
    });
    audit.shutdown(PATIENCE).unwrap();
}

/// Whether the request was answered in full.
fn post(address: SocketAddr, path: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200") && answer.ends_with("kept"))
}

#[test]
fn promise_13_nothing_is_lost_when_the_process_is_asked_to_end() {
    let stores = databases().stores("ended");
    for url in &stores.urls {
        let answered = Arc::new(Mutex::new(BTreeSet::new()));
        for round in 0..rounds("WEBHOOK_TERM_ROUNDS", 2) {
            let mut child = child("survival::serving_child", url, round);
            let mut lines = BufReader::new(child.stdout.take().unwrap())
                .lines()
                .map_while(Result::ok);
            let address = lines
                .find_map(|line| line.split_once("listening ")?.1.parse().ok())
                .unwrap();
            let has_ended = Arc::new(AtomicBool::new(false));
            let clients: Vec<_> = (0..6)
                .map(|client| {
                    let (answered, has_ended) = (Arc::clone(&answered), Arc::clone(&has_ended));
                    thread::spawn(move || {
                        for number in 0.. {
                            if has_ended.load(Ordering::Relaxed) {
                                return;
                            }
                            let path = format!("/{round}/{client}/{number}");
                            if post(address, &path) {
                                answered.lock().unwrap().insert(path);
                            }
                        }
                    })
                })
                .collect();
            thread::sleep(Duration::from_millis(150));
            let kill = format!("kill -TERM {}", child.id());
            assert!(
                Command::new("sh")
                    .args(["-c", &kill])
                    .status()
                    .unwrap()
                    .success()
            );
            assert!(child.wait().unwrap().success());
            has_ended.store(true, Ordering::Relaxed);
            for client in clients {
                client.join().unwrap();
            }
        }
        let (answered, kept) = (answered.lock().unwrap(), kept(url));
        assert!(answered.len() > 20, "{}", answered.len());
        assert_eq!(*answered, kept, "{url}");
    }
}
