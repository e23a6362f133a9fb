use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tower::ServiceBuilder;

use super::{events::EventsServer, receiver::Parts};

pub(super) async fn serve((listener, hooks, watch, handler): Parts) {
    Server::builder()
        .layer(ServiceBuilder::new().layer(watch).layer(hooks))
        .add_service(EventsServer(handler))
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await
        .unwrap();
}
