//! (b): what people write by hand.

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::SECRET;

/// A bare handler that verifies.
pub(super) fn router() -> Router {
    Router::new().route("/hooks", post(handle))
}

async fn handle(headers: HeaderMap, body: Bytes) -> StatusCode {
    if is_genuine(&headers, &body) {
        std::hint::black_box(&body);
        StatusCode::OK
    } else {
        StatusCode::UNAUTHORIZED
    }
}

fn is_genuine(headers: &HeaderMap, body: &[u8]) -> bool {
    let signature = headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("sha256="))
        .and_then(|digits| hex::decode(digits).ok());
    let (Some(signature), Ok(mut mac)) =
        (signature, Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()))
    else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}
