//! Receivers behind the whole stack: no attack gets anything, for presets of every family.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body_util::Full;
use tower::{Layer as _, service_fn};
use webhook_layers::{
    BufferedBody, Clock, DedupSettings, Preset, Scheme, Secret, Timestamp, WebhookLayers, presets,
};
use webhook_signature::Kind;
use webhook_testing::{HandlerProbe, Outcome, Report, TestApp, attack};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

async fn handle(request: Request<BufferedBody>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(request.into_body().into_bytes())))
}

/// The preset's scheme, with all that the receiver must say.
fn configured(preset: &Preset) -> Scheme {
    let scheme = preset.scheme();
    let scheme = scheme.with_base_url("https://hooks.example.com").unwrap();
    if scheme.signature_place().contains("your choice") {
        return scheme.with_signature_header(HeaderName::from_static("x-secret"));
    }
    scheme
}

async fn attacked(preset: &Preset) -> Report {
    let scheme = configured(preset);
    let (clock, _hands) = Clock::manual(NOW);
    let hooks = WebhookLayers::builder(scheme.clone())
        .secret("default", Secret::new(SECRET))
        .max_body(64 * 1024)
        .body_deadline(Duration::from_secs(10))
        .deny(["198.51.100.0/24"])
        .dedup(DedupSettings::new())
        .clock(clock.clone())
        .build()
        .unwrap();
    let app = TestApp::new(hooks.layer(HandlerProbe.layer(service_fn(handle)))).clock(clock);
    attack(&app, scheme, SECRET)
        .max_body(64 * 1024)
        .denied_peer("198.51.100.7:443")
        .grpc()
        .await
}

#[tokio::test]
async fn nothing_gets_through_for_presets_of_every_family() {
    let families = [
        // The body alone, in hexadecimal and in base64.
        &presets::GITHUB,
        &presets::SHOPIFY,
        // A signed id and time; a time in the signature's header; one in a header of its own.
        &presets::STANDARD_WEBHOOKS,
        &presets::STRIPE,
        &presets::SLACK,
        // The URL, the form's fields, a signature in the query, one in the body, a token.
        &presets::SQUARE,
        &presets::TWILIO,
        &presets::PANDADOC,
        &presets::MAILGUN,
        &presets::GITLAB,
    ];
    for preset in families {
        let report = attacked(preset).await;
        println!("{report}");
        report.assert_clean();
        let judged = report.count(Outcome::Safe);
        let least = if preset.kind() == Kind::Hmac { 60 } else { 45 };
        assert!(judged >= least, "{}: {judged}\n{report}", preset.name());
    }
}

#[tokio::test]
async fn nothing_gets_through_for_any_preset() {
    let (mut faults, mut count) = (Vec::new(), 0);
    for preset in presets::all() {
        let has_secret = matches!(
            preset.kind(),
            Kind::Hmac | Kind::Hash | Kind::Token | Kind::Basic
        );
        if !has_secret {
            continue;
        }
        count += 1;
        let report = attacked(preset).await;
        let bad = report.rows().iter();
        let bad = bad.filter(|row| matches!(row.outcome, Outcome::Unsafe | Outcome::Unjudged));
        faults.extend(bad.map(|row| format!("{}: {row}", preset.name())));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count >= 124, "{count}");
}
