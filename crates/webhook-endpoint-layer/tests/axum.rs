//! Under axum: the whole path, wherever the layer stands.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use axum::{Router, body::Body, extract::Request, routing::post};
use http::StatusCode;
use tower::ServiceExt;
use webhook_core::{Endpoint, Facts};
use webhook_endpoint_layer::{EndpointKey, EndpointLayer, EndpointMap};

fn layer() -> EndpointLayer<EndpointMap> {
    let key = EndpointKey::path("/in/webhooks/{key}").unwrap();
    EndpointLayer::new(
        key,
        EndpointMap::new().with("acme", Endpoint::new("Acme Inc.")),
    )
}

async fn handler(request: Request) -> String {
    let endpoint = Facts::of(request.extensions()).and_then(Facts::endpoint);
    endpoint.map_or("nobody".to_owned(), |endpoint| endpoint.name().to_string())
}

async fn send(router: Router, path: &str) -> (StatusCode, String) {
    let request = Request::post(path).body(Body::empty()).unwrap();
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), 4096)
        .await
        .unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn the_pattern_is_the_whole_path_in_nested_routers_too() {
    let flat = Router::new()
        .route("/in/webhooks/{key}", post(handler))
        .layer(layer());
    let leaf = Router::new().route("/{key}", post(handler)).layer(layer());
    let nested = Router::new().nest("/in", Router::new().nest("/webhooks", leaf));
    for router in [flat, nested] {
        let (status, body) = send(router.clone(), "/in/webhooks/acme").await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "Acme Inc."));
        let (status, body) = send(router.clone(), "/in/webhooks/nobody").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body.contains(r#""code":"not_found""#), "{body}");
        let (status, _) = send(router, "/in/webhooks/%61cme").await;
        assert_eq!(
            status,
            StatusCode::NOT_FOUND,
            "axum decodes it, and the layer does not"
        );
    }
}

#[tokio::test]
async fn outside_of_the_router_the_path_is_the_requests_own() {
    let router = Router::new().route("/in/webhooks/{key}", post(handler));
    let service = tower::Layer::layer(&layer(), router);
    let request = Request::post("/in/webhooks/acme")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        service.oneshot(request).await.unwrap().status(),
        StatusCode::OK
    );
}
