use std::{future::IntoFuture, pin::Pin};

use webhook_core::PeerAddr;
use webhook_signature::Scheme;

use super::{
    report::Report,
    run,
    source::{Source, Start},
};
use crate::{TestApp, TestSecret, app::parse_peer};

/// Attacks the app with mutations of one valid delivery; to be awaited.
///
/// The scheme is a preset or one of your own, the secret that which the app has, or with
/// the feature `public-key` the `TestKey` whose public key it has. The deliveries go
/// to the app's [path](TestApp::path), from its [peer](TestApp::peer), by its
/// [clock](TestApp::clock).
///
/// ```
/// # use axum::{Router, routing::post};
/// use webhook_signature::presets;
/// use webhook_testing::{TestApp, attack};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// // Nothing verifies here.
/// let app = TestApp::new(Router::new().route("/webhooks", post(async || "thanks")));
/// let report = attack(&app, &presets::GITHUB, "It's a Secret to Everybody").await;
/// assert!(report.found("signature-missing"));
/// # }
/// ```
#[must_use = "nothing is attacked before it is awaited"]
pub fn attack(
    app: &TestApp,
    scheme: impl Into<Scheme>,
    secret: impl Into<TestSecret>,
) -> Attack<'_> {
    Attack {
        app,
        scheme: scheme.into(),
        secret: secret.into(),
        body: None,
        event: None,
        max_body: None,
        denied: None,
        is_replay_judged: true,
        serves_grpc: false,
        sends_calls: false,
    }
}

/// An attack to be awaited; made by [`attack`].
#[derive(Clone, Debug)]
#[must_use = "nothing is attacked before it is awaited"]
pub struct Attack<'a> {
    pub(super) app: &'a TestApp,
    scheme: Scheme,
    secret: TestSecret,
    body: Option<Vec<u8>>,
    event: Option<String>,
    pub(super) max_body: Option<usize>,
    pub(super) denied: Option<PeerAddr>,
    pub(super) is_replay_judged: bool,
    pub(super) serves_grpc: bool,
    sends_calls: bool,
}

impl Attack<'_> {
    /// A body that the handler takes: JSON in its shortest form, or a form. Default: one such as the
    /// provider sends, else `{"type":"ping"}`.
    ///
    /// So that no two deliveries are the same, spaces are put behind JSON, and a field `attack`
    /// into a form.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The event's type, in its header where the scheme has one.
    pub fn event(mut self, event: impl Into<String>) -> Self {
        self.event = Some(event.into());
        self
    }

    /// The limit on the body that the app has, in bytes: attacks then go to the byte. Default: only
    /// that 32 MiB are not read.
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// A peer that the app has to keep out, as `198.51.100.7:443`: headers must not help it.
    /// Default: a stranger's address, where the app keeps that out.
    ///
    /// # Panics
    /// Where it is no address with a port.
    #[track_caller]
    pub fn denied_peer(mut self, address: &str) -> Self {
        self.denied = Some(parse_peer(address));
        self
    }

    /// The app serves gRPC, so that a refusal has to be a gRPC status there. Default: not asked.
    pub const fn grpc(mut self) -> Self {
        self.serves_grpc = true;
        self
    }

    /// The deliveries are unary calls of this protobuf message, encoded, to the method that
    /// [`TestApp::path`] names: for tonic's `Routes`, and whatever else serves gRPC. Refusals have
    /// to be gRPC statuses then, as with [`grpc`](Self::grpc).
    ///
    /// So that no two deliveries are the same, a field that no message has is added to it.
    ///
    /// ```
    /// use webhook_signature::presets;
    /// use webhook_testing::{TestApp, attack};
    ///
    /// # async fn example(app: TestApp) {
    /// let app = app.path("/hook.Events/Deliver");
    /// // One field, the first, with the text `hello`.
    /// let message = b"\x0a\x05hello";
    /// let attack = attack(&app, &presets::STANDARD_WEBHOOKS, "whsec_…").grpc_calls(message);
    /// attack.await.assert_clean();
    /// # }
    /// ```
    pub fn grpc_calls(mut self, message: impl Into<Vec<u8>>) -> Self {
        self.body = Some(message.into());
        self.sends_calls = true;
        self.grpc()
    }

    /// Does not judge whether a captured delivery is handled again. For handlers that themselves
    /// see to it that nothing happens twice.
    pub const fn with_insecure_replays(mut self) -> Self {
        self.is_replay_judged = false;
        self
    }

    pub(super) fn source(&self) -> Source {
        let base_url = self.app.default_base_url().to_owned();
        let scheme = if self.scheme.covers_url() {
            match self.scheme.clone().with_base_url(base_url.clone()) {
                Ok(scheme) => scheme,
                Err(error) => panic!("{base_url:?} is no URL to sign: {error}"),
            }
        } else {
            self.scheme.clone()
        };
        Source::new(Start {
            scheme,
            secret: self.secret.clone(),
            sample: self.body.clone(),
            is_call: self.sends_calls,
            target: self.app.default_path().to_owned(),
            base_url,
            event: self.event.clone(),
            now: self.app.clock_ref().now(),
        })
    }
}

impl<'a> IntoFuture for Attack<'a> {
    type Output = Report;
    type IntoFuture = Pin<Box<dyn Future<Output = Report> + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(run::run(self))
    }
}
