use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use webhook_layers::{BufferedBody, Facts};

pub(crate) type Answer = Response<Full<Bytes>>;

/// How often handlers were called, and which deliveries were told to fail and did.
#[derive(Clone, Default)]
pub(crate) struct Calls {
    count: Arc<AtomicUsize>,
    failed: Arc<Mutex<HashSet<String>>>,
}

impl Calls {
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Whether a delivery fails for the first time.
    fn fails_first(&self, id: &str) -> bool {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.insert(id.to_owned())
    }
}

/// What an endpoint's handler does besides counting.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// Answers 200, or as the headers of the test ask.
    Plain,
    /// Panics.
    Panics,
    /// Answers after three seconds.
    Slow,
    /// Answers 500.
    Fails,
}

pub(crate) async fn handle(
    manner: Manner,
    calls: Calls,
    request: Request<BufferedBody>,
) -> Result<Answer, Infallible> {
    calls.count.fetch_add(1, Ordering::SeqCst);
    let headers = request.headers();
    match manner {
        // The layers must make one 500 and one record of it.
        #[allow(clippy::panic)]
        Manner::Panics => panic!("this handler always panics"),
        Manner::Slow => tokio::time::sleep(Duration::from_secs(3)).await,
        Manner::Fails => return Ok(status(StatusCode::INTERNAL_SERVER_ERROR)),
        Manner::Plain => {}
    }
    if headers.contains_key("x-test-slow") {
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    let delivery = Facts::of(request.extensions())
        .and_then(Facts::verification)
        .and_then(|verification| verification.delivery_id())
        .unwrap_or_default();
    if headers.contains_key("x-test-fail") && calls.fails_first(delivery) {
        return Ok(status(StatusCode::INTERNAL_SERVER_ERROR));
    }
    let is_grpc = request.uri().path().starts_with("/hook.Svc/");
    Ok(if is_grpc {
        grpc_ok()
    } else {
        status(StatusCode::OK)
    })
}

pub(crate) fn status(status: StatusCode) -> Answer {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn grpc_ok() -> Answer {
    let mut response = status(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from_static("0"));
    response
}
