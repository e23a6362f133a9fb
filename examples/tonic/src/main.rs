//! Run with `cargo run -p example-tonic`, then type the lines that it prints into another terminal.
//!
//! A webhook receiver on tonic, guarded by the whole stack: client address and deny list, quotas,
//! signature, size and time limits, and one audit record for each request. It takes unary calls of
//! `/hook.Events/Deliver`, signed as [Standard Webhooks](https://www.standardwebhooks.com) are (the
//! signature covers the framed message), and answers with the size and the digest of the payload.
//! A refused caller reads a gRPC status of its own.
//!
//! | variable | meaning | unset |
//! |---|---|---|
//! | `LISTEN` | address and port; port 0 takes a free one | `127.0.0.1:3002` |
//! | `WEBHOOK_SECRET` | the secret, `whsec_…` | a random one, for this run only |
//! | `AUDIT_DB` | where the records go: `sqlite:PATH` or `postgres://user:password@host/database` | SQLite, in a new temporary folder |
//! | `AUDIT_LOG` | file that gets one line of JSON for each request as well | none |
//! | `RUST_LOG` | what is logged on stderr | `example_tonic=debug,info` |

use std::{
    convert::Infallible,
    env,
    error::Error,
    fmt::Write as _,
    fs, io,
    net::SocketAddr,
    process::ExitCode,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::{Notify, mpsc},
    time::{sleep, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Code, Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::{Grpc, NamedService},
    transport::Server,
};
use tonic_prost::ProstCodec;
use tracing::{debug, info, warn};
use tracing_subscriber::EnvFilter;
use webhook_layers::{
    Facts, JsonLinesSink, Mistakes, Secret, SignRequest, Timestamp, Verifier, WebhookLayers,
    presets,
};
use webhook_sql::SqlSink;

type BoxError = Box<dyn Error + Send + Sync>;

/// Where records go: into a database, and into a file of lines. `None` keeps nothing.
type Audit = (Option<SqlSink>, Option<JsonLinesSink>);

/// How long a connection may take to greet as HTTP/2 does.
const GREETING_DEADLINE: Duration = Duration::from_secs(10);

/// How long requests may take to finish once the process is told to end.
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("example_tonic=debug,info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();

    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), BoxError> {
    let secret = secret()?;
    let database = database()?;
    let records = SqlSink::open(&database)?;
    let lines = env::var_os("AUDIT_LOG")
        .map(JsonLinesSink::append)
        .transpose()?;
    let (audit, log) = (records.handle(), lines.as_ref().map(JsonLinesSink::handle));
    let sink = (Some(records), lines);
    let hooks = guard(&secret, sink)?;
    let sender = Verifier::new(&presets::STANDARD_WEBHOOKS, Secret::new(secret)?)?;

    // Whatever still runs at the end is dropped with the runtime and leaves its record then, so the
    // records are flushed after it. That is why the runtime is not made by `#[tokio::main]`.
    let runtime = Runtime::new()?;
    let served = runtime.block_on(serve(hooks, &sender, &database));
    runtime.shutdown_timeout(Duration::from_secs(1));
    audit.shutdown(Duration::from_secs(5))?;
    if let Some(log) = log {
        log.flush(Duration::from_secs(2))?;
    }
    served
}

/// The whole stack: what is not said here has its default (1 MiB and 10 s for a body, 300 s of
/// tolerance, 600 requests a minute from each network, 100 verified deliveries a minute).
fn guard(secret: &str, sink: Audit) -> Result<WebhookLayers<Audit>, Mistakes> {
    WebhookLayers::builder(&presets::STANDARD_WEBHOOKS)
        // The records name a secret by its id. In production: `Secret::from_env("WEBHOOK_SECRET")`.
        .secret("demo", Secret::new(secret))
        // Lets the printed lines play clients with `X-Forwarded-For`. In production name the
        // networks of your own proxy here, or leave it out: then no header is believed.
        .trusted_proxies(["127.0.0.0/8", "::1/128"])
        .deny(["198.51.100.0/24"])
        .audit(sink)
        .build()
}

// What tonic-prost-build generates of this service, cut down to its one method:
//
//     syntax = "proto3";
//     package hook;
//     service Events { rpc Deliver(Event) returns (Receipt); }
//     message Event { bytes payload = 1; }
//     message Receipt { uint64 bytes = 1; string sha256 = 2; }

#[derive(Clone, PartialEq, prost::Message)]
struct Event {
    #[prost(bytes = "vec", tag = "1")]
    payload: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Receipt {
    #[prost(uint64, tag = "1")]
    bytes: u64,
    #[prost(string, tag = "2")]
    sha256: String,
}

#[derive(Clone)]
struct EventsServer;

impl NamedService for EventsServer {
    const NAME: &'static str = "hook.Events";
}

impl<B> Service<http::Request<B>> for EventsServer
where
    B: tonic::codegen::Body + Send + 'static,
    B::Error: Into<BoxError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        Box::pin(async move {
            Ok(match request.uri().path() {
                "/hook.Events/Deliver" => {
                    let method = tower::service_fn(deliver);
                    Grpc::new(ProstCodec::default())
                        .unary(method, request)
                        .await
                }
                _ => Status::new(Code::Unimplemented, "").into_http(),
            })
        })
    }
}

/// Gets only calls that were verified.
async fn deliver(request: tonic::Request<Event>) -> Result<tonic::Response<Receipt>, Status> {
    let Some(delivery) = Facts::of(request.extensions()).and_then(Facts::verification) else {
        // Not with this stack, but in its shadow mode, which lets everything pass.
        return Err(Status::internal("no layer verified this call"));
    };
    debug!(provider = %delivery.provider(), id = ?delivery.delivery_id(), "delivered");
    let payload = request.into_inner().payload;
    Ok(tonic::Response::new(Receipt {
        bytes: payload.len() as u64,
        sha256: hex(&Sha256::digest(&payload)),
    }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// The secret from the environment, or a random one that nobody else knows.
fn secret() -> Result<String, BoxError> {
    if env::var_os("WEBHOOK_SECRET").is_some() {
        return Ok(env::var("WEBHOOK_SECRET")?);
    }
    warn!(
        "WEBHOOK_SECRET is not set: this run has a random secret, good for the printed lines only"
    );
    let mut key = [0; 32];
    getrandom::fill(&mut key)?;
    Ok(format!("whsec_{}", BASE64_STANDARD.encode(key)))
}

/// The audit's database, in a folder of its own where none is named.
fn database() -> Result<String, BoxError> {
    if env::var_os("AUDIT_DB").is_some() {
        return Ok(env::var("AUDIT_DB")?);
    }
    let folder = format!("example-tonic-{:016x}", getrandom::u64()?);
    let folder = env::temp_dir().join(folder);
    fs::create_dir(&folder)?;
    Ok(format!("sqlite:{}", folder.join("audit.db").display()))
}

/// Serves until the process is told to end, then lets requests finish.
async fn serve(
    hooks: WebhookLayers<Audit>,
    sender: &Verifier,
    database: &str,
) -> Result<(), BoxError> {
    let shutdown = shutdown_signal()?;
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3002".to_owned());
    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}/hook.Events/Deliver", listener.local_addr()?);
    print!("{}{}", lines_to_try(&url, sender)?, line_to_ask(database));

    let stopping = Notify::new();
    let server = Server::builder()
        // Ends connections whose other end is gone.
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        // tonic sets no bound on the calls that one connection may have open.
        .max_concurrent_streams(200)
        .layer(hooks)
        .add_service(EventsServer)
        .serve_with_incoming_shutdown(incoming(listener), async {
            shutdown.await;
            info!("shutting down");
            stopping.notify_one();
        });
    let overdue = async {
        stopping.notified().await;
        sleep(SHUTDOWN_DEADLINE).await;
    };
    tokio::select! {
        served = server => served?,
        () = overdue => warn!("some requests did not finish in time"),
    }
    Ok(())
}

/// The connections that have greeted. tonic waits for the greeting without a limit, and no layer can
/// end a connection that never sends one. The peer's address needs no care: tonic asks each
/// `TcpStream` for it and tells the stack.
fn incoming(listener: TcpListener) -> ReceiverStream<io::Result<TcpStream>> {
    let (greeted, connections) = mpsc::channel(16);
    tokio::spawn(async move {
        loop {
            let (stream, peer) = tokio::select! {
                accepted = accept(&listener) => accepted,
                () = greeted.closed() => return, // The server stops.
            };
            let greeted = greeted.clone();
            tokio::spawn(async move {
                match timeout(GREETING_DEADLINE, greeting(&stream)).await {
                    Ok(Ok(())) => drop(greeted.send(Ok(stream)).await),
                    Ok(Err(error)) => debug!(%peer, %error, "connection failed"),
                    Err(_) => debug!(%peer, "closed, no greeting came in time"),
                }
            });
        }
    });
    ReceiverStream::new(connections)
}

/// Waits for as many bytes as an HTTP/2 client begins with, and leaves them unread.
async fn greeting(stream: &TcpStream) -> io::Result<()> {
    let mut preface = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    loop {
        match stream.peek(&mut preface).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count if count == preface.len() => return Ok(()),
            _ => sleep(Duration::from_millis(20)).await, // A part of it is there; peek does not wait.
        }
    }
}

/// The next connection. An error, such as too many open files, never ends the receiver.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Ends when the process is told to end, by ctrl-c or SIGTERM.
fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        let terminate = terminate.recv();
        #[cfg(not(unix))]
        let terminate = std::future::pending::<Option<()>>();
        tokio::select! {
            Ok(()) = tokio::signal::ctrl_c() => {}
            Some(()) = terminate => {}
            else => {}
        }
    })
}

/// What is printed at the start: one line for the shell for each outcome. They are signed now, good
/// for five minutes, and each plays a client of its own.
fn lines_to_try(url: &str, sender: &Verifier) -> Result<String, BoxError> {
    let now = Timestamp::from(SystemTime::now());
    let ten_minutes_ago = Timestamp::from_unix_seconds(now.unix_seconds() - 600);
    let call = framed(br#"{"type":"invoice.paid","data":{"amount":4200}}"#)?;
    let forged = framed(br#"{"type":"invoice.paid","data":{"amount":9200}}"#)?;
    // One byte over the limit, sent without a declared length, as gRPC clients do.
    let zeros = vec![0; 1024 * 1024 + 1];

    // Options of curl: the client to play, and the headers that sign a delivery. What the headers
    // alone decide has no message, because curl 7.88 loses an answer that comes before it has sent
    // one.
    let client = |address: &str| {
        format!(
            "--http2-prior-knowledge -H 'content-type: application/grpc' -H 'te: trailers' -H 'x-forwarded-for: {address}'"
        )
    };
    let signed = |id: &str, time: Timestamp, body: &[u8]| -> Result<String, BoxError> {
        let mut options = String::new();
        for (name, value) in sender.sign(&SignRequest::new(body, time).with_id(id))? {
            write!(options, " -H '{name}: {}'", value.to_str()?)?;
        }
        Ok(options)
    };

    let accepted = client("192.0.2.1") + &signed("msg_accepted", now, &call)?;
    let tampered = client("192.0.2.2") + &signed("msg_tampered", now, &call)?;
    let unsigned = client("192.0.2.3");
    let stale = client("192.0.2.4") + &signed("msg_stale", ten_minutes_ago, b"")?;
    let too_big = client("192.0.2.5") + &signed("msg_too_big", now, &zeros)?;
    let denied = client("198.51.100.7") + &signed("msg_denied", now, b"")?;
    let often = client("192.0.2.6") + &signed("msg_often", now, &call)?;
    let (call, forged) = (printf(&call), printf(&forged));
    let curl = "curl -sS -i -o -";
    Ok(format!(
        "\
listening on {url}

# accepted: grpc-status 0
{call} | {curl} {accepted} --data-binary @- {url}
# tampered: grpc-status 16
{forged} | {curl} {tampered} --data-binary @- {url}
# unsigned: grpc-status 16
{curl} -X POST {unsigned} {url}
# stale: grpc-status 16
{curl} -X POST {stale} {url}
# too big: grpc-status 8
head -c 1048577 /dev/zero | {curl} -H 'content-length:' {too_big} --data-binary @- {url}
# wrong address: grpc-status 7
{curl} -X POST {denied} {url}
# too often: grpc-status 8
for i in $(seq 1 200); do {call} | curl -s -o /dev/null -D - {often} --data-binary @- {url}; done | grep '^grpc-status' | sort | uniq -c
"
    ))
}

/// What is printed last: how to ask what happened. A password is left to the environment.
fn line_to_ask(database: &str) -> String {
    let database = match database.strip_prefix("sqlite:") {
        Some(_) => format!("'{database}'"),
        None => "\"$AUDIT_DB\"".to_owned(),
    };
    format!(
        "\
# what happened: counts of each outcome
cargo run -q -p webhook-cli -- audit stats --db {database}
"
    )
}

/// An `Event` as gRPC sends it: a zero, the length in four bytes, the message.
fn framed(payload: &[u8]) -> Result<Vec<u8>, BoxError> {
    let message = Event {
        payload: payload.to_vec(),
    }
    .encode_to_vec();
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len())?.to_be_bytes());
    framed.extend(message);
    Ok(framed)
}

/// The command that prints these bytes.
fn printf(bytes: &[u8]) -> String {
    let mut command = "printf '".to_owned();
    for &byte in bytes {
        if matches!(byte, b' '..=b'~') && !matches!(byte, b'%' | b'\'' | b'\\') {
            command.push(char::from(byte));
        } else {
            let _infallible = write!(command, "\\{byte:03o}");
        }
    }
    command.push('\'');
    command
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use bytes::Bytes;
    use http_body_util::{BodyExt as _, Full};
    use tower::{Layer as _, ServiceExt as _};

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const PAYLOAD: &[u8] = br#"{"type":"invoice.paid"}"#;

    /// A call that is signed now, with a message that may be another one.
    fn call(peer: [u8; 4], body: impl Into<Bytes>) -> http::Request<Full<Bytes>> {
        let sender =
            Verifier::new(&presets::STANDARD_WEBHOOKS, Secret::new(SECRET).unwrap()).unwrap();
        let (now, message) = (Timestamp::from(SystemTime::now()), framed(PAYLOAD).unwrap());
        let signed = sender
            .sign(&SignRequest::new(&message, now).with_id("msg_1"))
            .unwrap();
        let mut request = http::Request::post("/hook.Events/Deliver")
            .header("content-type", "application/grpc")
            .body(Full::new(body.into()))
            .unwrap();
        request.headers_mut().extend(signed);
        request
            .extensions_mut()
            .insert(Facts::from_peer(SocketAddr::from((peer, 4711))));
        request
    }

    async fn send(request: http::Request<Full<Bytes>>) -> http::Response<Body> {
        let hooks = guard(SECRET, (None, None)).unwrap();
        hooks.layer(EventsServer).oneshot(request).await.unwrap()
    }

    /// The status of a refusal, which stands in the head.
    async fn refusal(request: http::Request<Full<Bytes>>) -> Code {
        Status::from_header_map(send(request).await.headers())
            .unwrap()
            .code()
    }

    #[tokio::test]
    async fn a_signed_call_is_accepted() {
        let response = send(call([203, 0, 113, 9], framed(PAYLOAD).unwrap())).await;
        let body = response.into_body().collect().await.unwrap();
        let status = Status::from_header_map(body.trailers().unwrap()).unwrap();
        assert_eq!(status.code(), Code::Ok);
        let receipt = Receipt::decode(body.to_bytes().slice(5..)).unwrap();
        assert_eq!(receipt.bytes, PAYLOAD.len() as u64);
        assert_eq!(receipt.sha256, hex(&Sha256::digest(PAYLOAD)));
    }

    #[tokio::test]
    async fn what_was_not_signed_is_refused() {
        let tampered = call(
            [203, 0, 113, 9],
            framed(br#"{"type":"invoice.void"}"#).unwrap(),
        );
        assert_eq!(refusal(tampered).await, Code::Unauthenticated);

        let mut unsigned = call([203, 0, 113, 9], framed(PAYLOAD).unwrap());
        unsigned.headers_mut().remove("webhook-signature");
        assert_eq!(refusal(unsigned).await, Code::Unauthenticated);
    }

    #[tokio::test]
    async fn a_denied_address_is_refused_even_with_a_signature() {
        let denied = call([198, 51, 100, 7], framed(PAYLOAD).unwrap());
        assert_eq!(refusal(denied).await, Code::PermissionDenied);
    }

    #[tokio::test]
    async fn a_message_over_the_limit_is_refused() {
        let too_big = call([203, 0, 113, 9], vec![0; 2 * 1024 * 1024]);
        assert_eq!(refusal(too_big).await, Code::ResourceExhausted);
    }
}
