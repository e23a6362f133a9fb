//! Metrics that no record tells, from the handles of a stack to the recorder that is installed.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "failing is how these tests speak"
)]

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_layers::{
    BufferedBody, Cause, Clock, FeedGauges as _, PeerAddr, Secret, SignRequest, Timestamp,
    Verifier, WebhookLayers,
    audit::{AuditRecord, Gauges, Metric},
    core::body::MemoryBudget,
    ip::{FeedFormat, FeedHandle},
    presets,
};
use webhook_tests::hosts::{SECRET, START};

/// What a scrape shows once these are published.
fn scraped(gauges: &Gauges) -> Vec<String> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || gauges.publish());
    let text = handle.render();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut lines: Vec<_> = lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

fn value(lines: &[String], series: &str) -> Option<f64> {
    let line = lines
        .iter()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

fn delivery(client: u8) -> Request<Full<Bytes>> {
    let mut request = Request::post("/")
        .extension(PeerAddr::new(([203, 0, client, 9], 4711).into()))
        .body(Full::new(Bytes::from_static(b"{}")))
        .unwrap();
    let secret = Secret::new(SECRET).unwrap();
    let verifier = Verifier::new(presets::GITHUB.scheme(), secret).unwrap();
    let headers = verifier.sign(&SignRequest::new(b"{}", START)).unwrap();
    request.headers_mut().extend(headers);
    request
}

#[tokio::test]
async fn a_stack_tells_its_quotas_secrets_and_memory() {
    const ENDS: i64 = 1_798_761_600;
    let (clock, hands) = Clock::manual(START);
    let budget = MemoryBudget::default();
    let hooks = WebhookLayers::builder(&presets::GITHUB)
        .secret("2026-q4", Secret::new(SECRET))
        .secret("2026-q3", Secret::new("a secret of last quarter"))
        .secret_ends("2026-q3", Timestamp::from_unix_seconds(ENDS))
        .memory_budget(budget.clone())
        .clock(clock)
        .audit(|_: AuditRecord| ())
        .build()
        .unwrap();
    let gauges = hooks.gauges();
    let keys = |lines: &[String], policy: &str| {
        value(
            lines,
            &format!("webhook_ratelimit_keys{{policy=\"{policy}\"}}"),
        )
    };
    let expiry = |lines: &[String], id: &str| {
        let name = Metric::ALL.map(|metric| metric.name);
        let name = name.iter().find(|name| name.contains("expiry")).unwrap();
        value(
            lines,
            &format!("{name}{{provider=\"github\",secret_id=\"{id}\"}}"),
        )
    };
    let lines = scraped(&gauges);
    assert_eq!(
        (keys(&lines, "network"), keys(&lines, "endpoint")),
        (Some(0.0), Some(0.0))
    );
    assert_eq!(
        value(&lines, "webhook_unverified_body_bytes_in_flight"),
        Some(0.0)
    );

    let guarded = hooks.layer(service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    for client in [1, 2, 3] {
        let response = guarded.clone().oneshot(delivery(client)).await.unwrap();
        assert_eq!(response.status(), 200);
    }
    let held = budget.reserve();
    let lines = scraped(&gauges);
    assert_eq!(
        (keys(&lines, "network"), keys(&lines, "endpoint")),
        (Some(3.0), Some(1.0))
    );
    // An instant that a double holds exactly.
    #[allow(clippy::cast_precision_loss)]
    let ends = Some(ENDS as f64);
    assert_eq!(expiry(&lines, "2026-q3"), ends);
    assert_eq!(expiry(&lines, "2026-q4"), None);
    drop(held);

    // Full buckets are forgotten, and revoked secrets have no end to tell.
    hands.advance(Duration::from_secs(3600));
    hooks
        .secrets()
        .revoke("2026-q3", &Cause::new("alice", "a test"))
        .unwrap();
    let lines = scraped(&gauges);
    assert_eq!(
        (keys(&lines, "network"), keys(&lines, "endpoint")),
        (Some(0.0), Some(0.0))
    );
    assert_eq!(expiry(&lines, "2026-q3"), None);
}

#[test]
fn a_feed_tells_its_age_once_there_is_one() {
    const SERIES: &str = "webhook_ip_feed_age_seconds{feed=\"stripe\"}";
    let (clock, hands) = Clock::manual(START);
    let feed = FeedHandle::new("stripe", FeedFormat::json(["WEBHOOKS[]"]));
    let gauges = Gauges::new().with_feed(&feed, &clock);
    assert_eq!(value(&scraped(&gauges), SERIES), None);
    feed.refresh(br#"{"WEBHOOKS": ["3.18.12.63"]}"#, clock.now())
        .unwrap();
    hands.advance(Duration::from_secs(90));
    assert_eq!(value(&scraped(&gauges), SERIES), Some(90.0));
}
