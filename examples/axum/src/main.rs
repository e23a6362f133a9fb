//! Run with `cargo run -p example-axum`, then type the lines that it prints into another terminal.
//!
//! A webhook receiver on axum, guarded by the whole stack: client address and deny list, quotas,
//! signature, size and time limits, and one audit record for each request. It takes
//! [Standard Webhooks](https://www.standardwebhooks.com) at `POST /webhooks`, over HTTP/1.1 and
//! HTTP/2, and answers with the size and the digest of what it got.
//!
//! | variable | meaning | unset |
//! |---|---|---|
//! | `LISTEN` | address and port; port 0 takes a free one | `127.0.0.1:3000` |
//! | `WEBHOOK_SECRET` | the secret, `whsec_…` | a random one, for this run only |
//! | `AUDIT_DB` | where the records go: `sqlite:PATH` or `postgres://user:password@host/database` | SQLite, in a new temporary folder |
//! | `AUDIT_LOG` | file that gets one line of JSON for each request as well | none |
//! | `RUST_LOG` | what is logged on stderr | `example_axum=debug,info` |

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs, io,
    net::SocketAddr,
    pin::pin,
    process::ExitCode,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, Request},
    routing::post,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::Notify,
    time::{sleep, timeout},
};
use tower::ServiceExt as _;
use tracing::{debug, info, warn};
use tracing_subscriber::EnvFilter;
use webhook_layers::{
    JsonLinesSink, Mistakes, Secret, SignRequest, Timestamp, Verified, Verifier, WebhookLayers,
    presets,
};
use webhook_sql::SqlSink;

type BoxError = Box<dyn Error + Send + Sync>;

/// Where records go: into a database, and into a file of lines. `None` keeps nothing.
type Audit = (Option<SqlSink>, Option<JsonLinesSink>);

/// How long a connection may take to send its first request's head, and each later one's.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);

/// How long requests may take to finish once the process is told to end.
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("example_axum=debug,info"));
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
    let app = app(guard(&secret, sink)?);
    let sender = Verifier::new(&presets::STANDARD_WEBHOOKS, Secret::new(secret)?)?;

    // Whatever still runs at the end is dropped with the runtime and leaves its record then, so the
    // records are flushed after it. That is why the runtime is not made by `#[tokio::main]`.
    let runtime = Runtime::new()?;
    let served = runtime.block_on(serve(app, &sender, &database));
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

/// The layer goes around the whole router, so that a route added later is guarded too.
fn app(hooks: WebhookLayers<Audit>) -> Router {
    Router::new().route("/webhooks", post(receive)).layer(hooks)
}

#[derive(Serialize)]
struct Receipt {
    bytes: usize,
    sha256: String,
    provider: String,
    id: Option<String>,
}

/// Gets only deliveries that were verified. `Verified<Json<T>>` works too.
async fn receive(event: Verified<Bytes>) -> Json<Receipt> {
    Json(Receipt {
        bytes: event.body.len(),
        sha256: hex(&Sha256::digest(&event.body)),
        provider: event.delivery.provider().to_string(),
        id: event.delivery.delivery_id().map(str::to_owned),
    })
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
    let folder = format!("example-axum-{:016x}", getrandom::u64()?);
    let folder = env::temp_dir().join(folder);
    fs::create_dir(&folder)?;
    Ok(format!("sqlite:{}", folder.join("audit.db").display()))
}

/// Accepts connections until the process is told to end, then lets requests finish.
async fn serve(app: Router, sender: &Verifier, database: &str) -> Result<(), BoxError> {
    let mut shutdown = pin!(shutdown_signal()?);
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}/webhooks", listener.local_addr()?);
    print!("{}{}", lines_to_try(&url, sender)?, line_to_ask(database));

    // Not `axum::serve`: it sets no timer, so a connection that sends half a head, or nothing at
    // all, would be held for ever. No layer can end it, for no request ever reaches one.
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));

    let graceful = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut shutdown => break,
        };
        tokio::spawn(serve_connection(
            stream,
            peer,
            app.clone(),
            server.clone(),
            graceful.watcher(),
        ));
    }

    info!("shutting down");
    drop(listener);
    if timeout(SHUTDOWN_DEADLINE, graceful.shutdown())
        .await
        .is_err()
    {
        warn!("some requests did not finish in time");
    }
    Ok(())
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

/// Serves one connection until it ends, or until no request came of it in time.
async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    server: auto::Builder<TokioExecutor>,
    watcher: Watcher,
) {
    let arrived = Arc::new(Notify::new());
    let service = {
        let arrived = Arc::clone(&arrived);
        service_fn(move |mut request: Request<Incoming>| {
            arrived.notify_one();
            // The stack needs the peer's address; handlers can extract it as well.
            request.extensions_mut().insert(ConnectInfo(peer));
            app.clone().oneshot(request)
        })
    };
    let mut connection =
        pin!(watcher.watch(server.serve_connection(TokioIo::new(stream), service)));

    // Until the first request hyper-util waits without a limit for the bytes that tell HTTP/1 from
    // HTTP/2, so the first head has a deadline here. Later ones have `header_read_timeout`.
    let served = tokio::select! {
        served = &mut connection => served,
        first = timeout(HEAD_DEADLINE, arrived.notified()) => match first {
            Ok(()) => connection.await,
            Err(_) => return debug!(%peer, "closed, no request came in time"),
        },
    };
    if let Err(error) = served {
        debug!(%peer, %error, "connection failed");
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
    let body = r#"{"type":"invoice.paid","data":{"amount":4200}}"#;
    let forged = r#"{"type":"invoice.paid","data":{"amount":9200}}"#;
    // One byte over the limit, sent without a declared length.
    let zeros = vec![0; 1024 * 1024 + 1];

    // Options of curl: the client to play, and the headers that sign a delivery. What the headers
    // alone decide has no body, because over HTTP/2 curl 7.88 loses an answer that comes before it
    // has sent the body.
    let client = |address: &str| {
        format!("-H 'content-type: application/json' -H 'x-forwarded-for: {address}'")
    };
    let signed = |id: &str, time: Timestamp, body: &[u8]| -> Result<String, BoxError> {
        let mut options = String::new();
        for (name, value) in sender.sign(&SignRequest::new(body, time).with_id(id))? {
            write!(options, " -H '{name}: {}'", value.to_str()?)?;
        }
        Ok(options)
    };

    let accepted = client("192.0.2.1") + &signed("msg_accepted", now, body.as_bytes())?;
    let tampered = client("192.0.2.2") + &signed("msg_tampered", now, body.as_bytes())?;
    let unsigned = client("192.0.2.3");
    let stale = client("192.0.2.4") + &signed("msg_stale", ten_minutes_ago, b"")?;
    let too_big = client("192.0.2.5") + &signed("msg_too_big", now, &zeros)?;
    let denied = client("198.51.100.7") + &signed("msg_denied", now, b"")?;
    let often = client("192.0.2.6") + &signed("msg_often", now, body.as_bytes())?;
    Ok(format!(
        "\
listening on {url}

# accepted: 200
curl -sS -i {accepted} -d '{body}' {url}
# tampered: 401
curl -sS -i {tampered} -d '{forged}' {url}
# unsigned: 401
curl -sS -i -X POST {unsigned} {url}
# stale: 401
curl -sS -i -X POST {stale} {url}
# too big: 413
head -c 1048577 /dev/zero | curl -sS -i -H 'transfer-encoding: chunked' {too_big} --data-binary @- {url}
# wrong address: 403
curl -sS -i -X POST {denied} {url}
# too often: 429
for i in $(seq 1 200); do curl -s -o /dev/null -w '%{{http_code}}\\n' {often} -d '{body}' {url}; done | sort | uniq -c
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

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::{Response, StatusCode},
    };

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &str = r#"{"type":"invoice.paid"}"#;

    fn app() -> Router {
        super::app(guard(SECRET, (None, None)).unwrap())
    }

    /// A delivery that is signed now, with a body that may be another one.
    fn delivery(peer: [u8; 4], body: impl Into<Body>) -> Request {
        let sender =
            Verifier::new(&presets::STANDARD_WEBHOOKS, Secret::new(SECRET).unwrap()).unwrap();
        let now = Timestamp::from(SystemTime::now());
        let signed = sender
            .sign(&SignRequest::new(BODY.as_bytes(), now).with_id("msg_1"))
            .unwrap();
        let mut request = Request::post("/webhooks").body(body.into()).unwrap();
        request.headers_mut().extend(signed);
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from((peer, 4711))));
        request
    }

    async fn send(request: Request) -> Response<Body> {
        app().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn a_signed_delivery_is_accepted() {
        let response = send(delivery([203, 0, 113, 9], BODY)).await;
        assert_eq!(response.status(), StatusCode::OK);
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        let receipt: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(receipt["bytes"], BODY.len());
        assert_eq!(receipt["sha256"], hex(&Sha256::digest(BODY)));
        assert_eq!(receipt["provider"], "standard-webhooks");
        assert_eq!(receipt["id"], "msg_1");
    }

    #[tokio::test]
    async fn what_was_not_signed_is_refused() {
        let tampered = delivery([203, 0, 113, 9], BODY.replace("paid", "void"));
        assert_eq!(send(tampered).await.status(), StatusCode::UNAUTHORIZED);

        let mut unsigned = delivery([203, 0, 113, 9], BODY);
        unsigned.headers_mut().remove("webhook-signature");
        assert_eq!(send(unsigned).await.status(), StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn a_denied_address_is_refused_even_with_a_signature() {
        let response = send(delivery([198, 51, 100, 7], BODY)).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused() {
        let response = send(delivery([203, 0, 113, 9], vec![0; 2 * 1024 * 1024])).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    /// The router that is deployed, against the attacks that real receivers fell for. Its handler
    /// changes nothing, so a delivery may come again.
    #[tokio::test]
    async fn no_attack_gets_through() {
        let app = webhook_testing::TestApp::new(app()).peer("203.0.113.9:4711");
        app.assert_every_route_protected(["/webhooks"]).await;
        let report = webhook_testing::attack(&app, &presets::STANDARD_WEBHOOKS, SECRET)
            .denied_peer("198.51.100.7:4711")
            .with_insecure_replays()
            .await;
        report.assert_clean();
    }
}
