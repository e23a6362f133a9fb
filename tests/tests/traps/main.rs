//! The traps that were found inside the best systems of the field, those that concern these crates:
//! one test each, named after the trap.
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod asking;
mod bodies;
mod quotas;
mod secrets;
mod told;
mod wiring;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use webhook_tests::stand::ScriptedBody;

const SENDER: &str = "203.0.113.9";
const STRANGER: &str = "198.51.100.7";
/// A secret whose text is the key.
const TEXT_SECRET: &str = "It's a Secret to Everybody";

fn with_header(
    mut request: Request<ScriptedBody>,
    name: &'static str,
    value: &str,
) -> Request<ScriptedBody> {
    request
        .headers_mut()
        .append(name, HeaderValue::from_str(value).unwrap());
    request
}

async fn text(response: Response<Full<Bytes>>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}
