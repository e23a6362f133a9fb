use std::{
    error::Error,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, combinators::UnsyncBoxBody};
use tower::{ServiceExt as _, util::BoxCloneService};
use tower_service::Service;
use webhook_core::{Clock, Facts, PeerAddr};

use crate::{
    TestAnswer, TestBody,
    exchange::{Failure, exchange},
    probe::Runs,
    signed::IntoRequest,
};

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;
pub(crate) type Erased =
    BoxCloneService<Request<TestBody>, Response<UnsyncBoxBody<Bytes, BoxError>>, BoxError>;

/// An app under test: any service that takes a [`TestBody`], such as an axum `Router`, tonic's
/// `Routes`, or a tower service of your own.
///
/// Requests come from the peer `192.0.2.1:4711` unless [`peer`](Self::peer) says another.
///
/// ```
/// use axum::{Router, routing::post};
/// use webhook_testing::TestApp;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let app = TestApp::new(Router::new().route("/", post(async || "hello")));
/// let answer = app.send(http::Request::post("/").body(()).unwrap()).await;
/// answer.assert_accepted().assert_handled(1);
/// assert_eq!(answer.body(), "hello");
/// # }
/// ```
#[derive(Clone)]
pub struct TestApp {
    /// Behind a lock, so that a service that is not `Sync` can be tested too.
    service: Arc<Mutex<Erased>>,
    peer: PeerAddr,
    clock: Clock,
    path: String,
    base_url: String,
}

impl TestApp {
    /// Tests this service.
    #[must_use]
    pub fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<TestBody>, Response = Response<B>, Error: Into<BoxError>>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let service = service
            .map_response(|response: Response<B>| {
                response.map(|body| body.map_err(Into::into).boxed_unsync())
            })
            .map_err(Into::into);
        Self {
            service: Arc::new(Mutex::new(BoxCloneService::new(service))),
            peer: PeerAddr::new(SocketAddr::from(([192, 0, 2, 1], 4711))),
            clock: Clock::system(),
            path: "/webhooks".to_owned(),
            base_url: "https://hooks.example.com".to_owned(),
        }
    }

    /// The peer that requests come from, as `140.82.115.9:443`. The app is told it as
    /// [`Facts::from_peer`], with the feature `axum` as `ConnectInfo` too, and with `tonic` as
    /// `TcpConnectInfo`.
    ///
    /// # Panics
    /// Where it is no address with a port.
    #[must_use]
    #[track_caller]
    pub fn peer(mut self, address: &str) -> Self {
        self.peer = parse_peer(address);
        self
    }

    /// The clock that the app's stack was given, so that requests are signed by the same. Default:
    /// the system's.
    ///
    /// ```
    /// use webhook_core::{Clock, Timestamp};
    /// use webhook_testing::TestApp;
    ///
    /// # fn router(clock: Clock) -> axum::Router { axum::Router::new() }
    /// let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
    /// let app = TestApp::new(router(clock.clone())).clock(clock);
    /// # drop((app, hands));
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The path and query that signed requests and attacks call. Default: `/webhooks`.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Scheme and host of the URL that the provider calls, for schemes that sign it. Default:
    /// `https://hooks.example.com`.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// Sends a request, a plain one or a [`signed`](crate::signed()) one, and waits for the whole
    /// answer.
    ///
    /// # Panics
    /// Where the service panics, fails, or its answer breaks off.
    pub async fn send(&self, request: impl IntoRequest) -> TestAnswer {
        let request = request.into_request(self);
        match self.try_send(request, self.peer, Runs::default()).await {
            Ok(answer) => answer,
            Err(failure) => panic!("{failure}"),
        }
    }

    pub(crate) async fn try_send(
        &self,
        mut request: Request<TestBody>,
        peer: PeerAddr,
        runs: Runs,
    ) -> Result<TestAnswer, Failure> {
        tell_peer(&mut request, peer);
        request.extensions_mut().insert(runs.clone());
        let service = self
            .service
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        exchange(service, request, runs).await
    }

    pub(crate) const fn clock_ref(&self) -> &Clock {
        &self.clock
    }

    pub(crate) const fn peer_addr(&self) -> PeerAddr {
        self.peer
    }

    pub(crate) fn default_path(&self) -> &str {
        &self.path
    }

    pub(crate) fn default_base_url(&self) -> &str {
        &self.base_url
    }
}

/// The service itself has nothing to print.
impl fmt::Debug for TestApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestApp")
            .field("peer", &self.peer)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[track_caller]
pub(crate) fn parse_peer(address: &str) -> PeerAddr {
    match address.parse::<SocketAddr>() {
        Ok(address) => PeerAddr::new(address),
        Err(error) => panic!(
            "{address:?} is no peer, {error}; write an address with a port, as 192.0.2.1:443 or [2001:db8::1]:443"
        ),
    }
}

fn tell_peer(request: &mut Request<TestBody>, peer: PeerAddr) {
    let extensions = request.extensions_mut();
    extensions.insert(Facts::from_peer(peer));
    #[cfg(any(feature = "axum", feature = "tonic"))]
    if let PeerAddr::Ip(address) = peer {
        #[cfg(feature = "axum")]
        extensions.insert(axum::extract::ConnectInfo(address));
        #[cfg(feature = "tonic")]
        extensions.insert(tonic::transport::server::TcpConnectInfo {
            local_addr: None,
            remote_addr: Some(address),
        });
    }
}
