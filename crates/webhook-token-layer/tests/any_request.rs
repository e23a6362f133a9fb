//! Whatever a stranger sends: no panic, no way in, and nothing of a token in what is written down.
#![allow(
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod events;
mod harness;

use std::fmt::Write;

use base64ct::{Base64, Encoding};
use events::Events;
use harness::{AnyBody, reason, request, send, token};
use http::{HeaderName, HeaderValue, Request, Uri};
use http_body_util::BodyExt;
use proptest::prelude::*;
use webhook_core::{Reason, Rejection};
use webhook_token_layer::{TokenLayer, TokenSettings, TokenSource};

const TOKEN: &str = "tok-0123456789abcdef";
const USER: &str = "canary-user";

fn sources() -> [TokenSource; 4] {
    [
        TokenSource::header("x-token").unwrap(),
        TokenSource::Bearer,
        TokenSource::basic(USER).unwrap(),
        TokenSource::query("token").unwrap(),
    ]
}

fn outcome(source: TokenSource, request: Request<AnyBody>) -> Reason {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let layer = TokenLayer::new(source, token("current", TOKEN));
    let (response, _) = runtime.block_on(send(&layer, request));
    reason(&response)
}

/// A request that offers these bytes where the source looks, encoded as they should be.
fn offering(source: &TokenSource, token: &[u8]) -> Option<Request<AnyBody>> {
    let mut uri = Uri::from_static("/in");
    let (name, value) = match source {
        TokenSource::Header(name) => (name.clone(), token.to_vec()),
        TokenSource::Bearer => (
            HeaderName::from_static("authorization"),
            [b"Bearer ", token].concat(),
        ),
        TokenSource::Basic { .. } => {
            let pair = Base64::encode_string(&[USER.as_bytes(), b":", token].concat());
            (
                HeaderName::from_static("authorization"),
                format!("Basic {pair}").into_bytes(),
            )
        }
        _ => {
            let mut encoded = String::new();
            for byte in token {
                write!(encoded, "%{byte:02x}").unwrap();
            }
            uri = format!("/in?token={encoded}").parse().unwrap();
            (HeaderName::from_static("x-nothing"), Vec::new())
        }
    };
    let mut request = request(&uri.to_string(), &[]);
    request
        .headers_mut()
        .insert(name, HeaderValue::from_bytes(&value).ok()?);
    Some(request)
}

fn trimmed(token: &[u8]) -> &[u8] {
    token.trim_ascii()
}

proptest! {
    #[test]
    fn the_token_gets_in_and_any_other_does_not(
        other in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            "[ -~]{0,40}".prop_map(String::into_bytes),
            (0..TOKEN.len(), any::<u8>()).prop_map(|(place, byte)| {
                let mut token = TOKEN.as_bytes().to_vec();
                token[place] = byte;
                token
            }),
            (0..TOKEN.len()).prop_map(|end| TOKEN.as_bytes()[..end].to_vec()),
            any::<u8>().prop_map(|byte| [TOKEN.as_bytes(), &[byte]].concat()),
        ],
    ) {
        for source in sources() {
            let right = offering(&source, TOKEN.as_bytes()).unwrap();
            prop_assert_eq!(outcome(source.clone(), right), Reason::Ok);
            // White space around a header's value is no part of it.
            if trimmed(&other) == TOKEN.as_bytes() {
                continue;
            }
            if let Some(wrong) = offering(&source, &other) {
                let reason = outcome(source.clone(), wrong);
                let is_refusal = matches!(
                    reason,
                    Reason::AuthMissing | Reason::AuthMalformed | Reason::AuthInvalid
                );
                prop_assert!(is_refusal, "{source:?} {reason}");
            }
        }
    }

    #[test]
    fn no_bytes_panic_or_get_in(
        value in proptest::collection::vec(any::<u8>(), 0..200),
        scheme in prop_oneof!["Basic ", "Bearer ", "basic", ""],
        query in "[ -~é]{0,60}",
    ) {
        for source in sources() {
            let Ok(uri) = format!("/in?token={query}").parse::<Uri>() else { continue };
            let mut request = request("/in", &[]);
            *request.uri_mut() = uri;
            let value = [scheme.as_bytes(), &value].concat();
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                request.headers_mut().insert("authorization", value.clone());
                request.headers_mut().insert("x-token", value);
            }
            prop_assert_ne!(outcome(source, request), Reason::Ok);
        }
    }
}

#[tokio::test]
async fn nothing_of_a_token_is_written_down() {
    let (events, _guard) = Events::collect();
    let configured = "canary-configured-1";
    for source in sources() {
        let settings = TokenSettings::new(source.clone(), token("current", configured))
            .with_id_header(HeaderName::from_static("x-id"));
        let layer = TokenLayer::from(settings.clone());
        let mut written = vec![format!("{layer:?} {settings:?}")];
        for offered in [configured, "canary-offered-2"] {
            let request = offering(&source, offered.as_bytes()).unwrap();
            let (response, record) = send(&layer, request).await;
            let extensions = response.extensions();
            written.extend([
                format!("{:?}", response.headers()),
                format!(
                    "{:?} {:?}",
                    harness::seen(&response),
                    extensions.get::<Rejection>()
                ),
                format!("{record:?} {:?}", record.verification()),
                format!(
                    "{:?} {:?}",
                    record.secrets_tried(),
                    record.claimed_delivery_id()
                ),
            ]);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            written.push(String::from_utf8_lossy(&body).into_owned());
        }
        // As it is, percent-encoded, and in base64.
        for canary in ["canary", "%63%61", "Y2FuYXJ5"] {
            let told = written.iter().find(|text| text.contains(canary));
            assert_eq!(told, None, "{source:?}");
        }
    }
    let told = events.take().concat();
    assert!(
        told.contains("WHK-T001") && !told.contains("canary"),
        "{told}"
    );
}
