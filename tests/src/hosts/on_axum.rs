use std::net::SocketAddr;

use axum::{
    Router,
    extract::State,
    http::{Extensions, HeaderMap},
    routing::post,
};
use bytes::Bytes;
use tower::ServiceBuilder;
use webhook_layers::Verified;

use super::{DELIVER, events::EventsServer, handler::Handler, receiver::Parts};

pub(super) async fn serve((listener, hooks, watch, handler): Parts) {
    let app = Router::new()
        .route("/webhooks", post(receive))
        .route_service(DELIVER, EventsServer(handler.clone()))
        .layer(ServiceBuilder::new().layer(watch).layer(hooks))
        .with_state(handler)
        .into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await.unwrap();
}

async fn receive(
    State(handler): State<Handler>,
    headers: HeaderMap,
    extensions: Extensions,
    payload: Verified<Bytes>,
) -> String {
    handler
        .receive(&payload.body, &headers, &extensions)
        .to_json()
}
