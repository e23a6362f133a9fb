use std::net::SocketAddr;

use axum::{Router, ServiceExt, body::Body};
use http::{Request, Response};
use tokio::net::TcpListener;
use tower::Service;
use webhook_layers::{Guarded, JsonLinesSink};

/// A server as a service.
#[derive(Debug)]
pub enum App {
    /// A router, with layers put on its routes or without.
    Routes(Router),
    /// The whole stack around a whole router: a refusal comes before anybody looks for a route.
    Around(Guarded<Router, JsonLinesSink>),
}

impl App {
    /// Answers one request.
    pub async fn answer(&mut self, request: Request<Body>) -> Response<Body> {
        let Ok(response) = match self {
            Self::Routes(router) => router.call(request).await,
            Self::Around(stack) => stack.call(request).await,
        };
        response
    }

    /// Serves on a socket.
    ///
    /// # Errors
    /// The socket's.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        match self {
            Self::Routes(router) => {
                let service = router.into_make_service_with_connect_info::<SocketAddr>();
                axum::serve(listener, service).await
            }
            Self::Around(stack) => {
                let service = ServiceExt::<Request<Body>>::into_make_service_with_connect_info::<
                    SocketAddr,
                >(stack);
                axum::serve(listener, service).await
            }
        }
    }
}

impl From<Router> for App {
    fn from(router: Router) -> Self {
        // As axum's own server does: else each request would put the layers on anew.
        Self::Routes(router.with_state(()))
    }
}
