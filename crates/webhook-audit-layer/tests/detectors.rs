//! Alerts of requests through the layer, as an operator reads them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // Helpers of tests are tests.

mod common;

use std::{convert::Infallible, time::Duration};

use common::{Answer, Paper};
use http::Request;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_audit_layer::{Alert, AuditLayer, Detectors, MAX_WATCHED_PROVIDERS};
use webhook_core::{Check, Clock, Facts, Name, PeerAddr, Problem, Reason, Rejection, Timestamp};

async fn refuse(request: Request<()>) -> Result<Answer, Infallible> {
    let (parts, ()) = request.into_parts();
    let provider = Name::from(String::from("github\u{202e}\n"));
    Facts::record_of(&parts.extensions).set_provider(&provider);
    let rejection = Rejection::new(Reason::SignatureMismatch, Check::Signature);
    Ok(rejection.answer(&Problem::default(), &parts))
}

fn request(last: u8) -> Request<()> {
    let peer = PeerAddr::new(([192, 0, 2, last], 443).into());
    Request::post("/webhooks?key=canary")
        .extension(peer)
        .body(())
        .unwrap()
}

#[test]
fn many_refusals_are_one_warning_and_one_end() {
    let paper = Paper::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(paper.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
    let detectors = Detectors::new(Alert::emit);
    let layer = AuditLayer::new(detectors.clone()).with_clock(clock.clone());
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        for last in 0..60 {
            let service = layer.layer(service_fn(refuse));
            runtime.block_on(service.oneshot(request(last))).unwrap();
        }
        hands.advance(Duration::from_secs(3600));
        detectors.check(clock.now());
        detectors.check(clock.now());
    });
    let text = paper.text();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [
            r#"WARN webhook_audit: webhook alert kind="network_failures" webhook.provider=github\u{202e}\u{a} network=192.0.2.0/24 value=20.0 threshold=20.0 at=2023-11-14T22:13:20.000000Z"#,
            r#"INFO webhook_audit: webhook alert ended kind="network_failures" webhook.provider=github\u{202e}\u{a} network=192.0.2.0/24 value=60.0 threshold=20.0 at=2023-11-14T23:13:20.000000Z"#,
        ]
    );
}

#[test]
fn further_providers_are_watched_together() {
    let paper = Paper::default();
    let written = paper.clone();
    let detectors = Detectors::new(move |alert: &Alert| {
        use std::io::Write as _;
        writeln!(written.clone(), "{} {}", alert.kind, alert.provider).unwrap();
    });
    let start = Timestamp::from_unix_seconds(1_700_000_000);
    for number in 0..MAX_WATCHED_PROVIDERS + 40 {
        detectors.expect_provider(format!("provider-{number}"), start);
    }
    detectors.check(start.saturating_add(Duration::from_secs(25 * 3600)));
    let text = paper.text();
    assert_eq!(text.lines().count(), MAX_WATCHED_PROVIDERS + 1);
    assert!(text.ends_with("silence (others)\n"), "{text}");
}
