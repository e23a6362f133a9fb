use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn, util::BoxCloneSyncService};
use webhook_layers::{
    BufferedBody, Builder, Clock, Rejection, Secret, WebhookLayers, core::ManualClock, presets,
};

use super::{Ledger, Log, NOW, SECRET, ScriptedBody};

/// The stack's builder, as a test may change it.
pub type Setup = Builder<Ledger>;

/// A guarded receiver, its clock, and all that is counted.
#[derive(Clone, Debug)]
pub struct Stand {
    /// The records of its audit layer.
    pub ledger: Ledger,
    /// The hands of its clock.
    pub hands: ManualClock,
    calls: Arc<AtomicUsize>,
    service: BoxCloneSyncService<Request<ScriptedBody>, Response<Full<Bytes>>, Infallible>,
}

impl Stand {
    /// A receiver of Standard Webhooks with the defaults of the stack.
    #[must_use]
    pub fn new() -> Self {
        Self::with(|setup| setup)
    }

    /// A receiver of Standard Webhooks with other settings.
    #[must_use]
    pub fn with(change: impl FnOnce(Setup) -> Setup) -> Self {
        let builder = WebhookLayers::builder(&presets::STANDARD_WEBHOOKS);
        let ledger = Ledger::default();
        Self::of(ledger.clone(), |clock| {
            let setup = builder.secret("test", Secret::new(SECRET)).clock(clock);
            change(setup.audit(ledger))
        })
    }

    /// A receiver of another stack, whose records go to `ledger`.
    ///
    /// # Panics
    /// Where the settings hold a mistake.
    #[must_use]
    pub fn of(ledger: Ledger, setup: impl FnOnce(Clock) -> Setup) -> Self {
        Log::listen();
        let (clock, hands) = Clock::manual(NOW);
        let hooks = setup(clock).build().unwrap();
        let calls: Arc<AtomicUsize> = Arc::default();
        let counter = Arc::clone(&calls);
        let handler = service_fn(move |request| {
            counter.fetch_add(1, Ordering::SeqCst);
            handle(request)
        });
        let service = BoxCloneSyncService::new(hooks.layer(handler));
        Self {
            ledger,
            hands,
            calls,
            service,
        }
    }

    /// Sends a request and waits for the answer.
    pub async fn send(&self, request: Request<ScriptedBody>) -> Response<Full<Bytes>> {
        match self.service.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Sends a request; the status, and the reason of a refusal.
    pub async fn judge(&self, request: Request<ScriptedBody>) -> (u16, &'static str) {
        let response = self.send(request).await;
        let rejection = response.extensions().get::<Rejection>();
        let reason = rejection.map_or("ok", |rejection| rejection.reason().as_str());
        (response.status().as_u16(), reason)
    }

    /// How often the handler was called.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Default for Stand {
    fn default() -> Self {
        Self::new()
    }
}

/// Answers 200 with the body, or as the header `x-handler` says: `fail`, `panic`, `wait`.
async fn handle(request: Request<BufferedBody>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let mut response = Response::new(Full::new(body.into_bytes()));
    match head.headers.get("x-handler").map(HeaderValue::as_bytes) {
        Some(b"fail") => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
        Some(b"wait") => std::future::pending().await,
        Some(b"panic") => panic!("the test asked for this panic"),
        _ => {}
    }
    Ok(response)
}
