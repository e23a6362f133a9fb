//! Mistakes of whoever sets a receiver up: each error names its fix, all are told at once, and none
//! tells a byte of a secret.
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::time::Duration;

use http::{Request, StatusCode};
use webhook_layers::{
    Builder, ClientAddressSource, Facts, Mistake, Quota, Scheme, Secret, WebhookLayers, presets,
};
use webhook_tests::stand::{Log, SECRET, ScriptedBody, Sender, Stand};

fn builder() -> Builder {
    WebhookLayers::builder(&presets::STANDARD_WEBHOOKS)
}

/// A builder without a mistake.
fn good() -> Builder {
    builder().secret("test", Secret::new(SECRET))
}

/// The only mistake of a configuration, as the operator reads it.
fn mistake(builder: Builder) -> String {
    let mistakes = builder.build().unwrap_err();
    assert_eq!(mistakes.all().len(), 1, "{mistakes}");
    mistakes.to_string()
}

/// Asserts that an operator can find out what to do.
fn assert_says(text: &str, code: &str, words: &[&str]) {
    assert!(text.starts_with(&format!("error[{code}]: ")), "{text}");
    for word in words {
        assert!(text.contains(word), "{text:?} does not say {word:?}");
    }
}

/// Takes away what an accept loop told.
fn without_peer(mut request: Request<ScriptedBody>) -> Request<ScriptedBody> {
    request.extensions_mut().remove::<Facts>();
    request
}

// ---- a missing peer address ----

#[tokio::test]
async fn without_a_peer_a_list_lets_nobody_in_and_the_log_names_the_fix_once() {
    let (log, _guard) = Log::of_this_thread();
    let stand = Stand::with(|setup| setup.allow(["203.0.113.0/24"]));
    for _ in 0..3 {
        let request = without_peer(Sender::new().delivery("203.0.113.9", "{}"));
        assert_eq!(stand.judge(request).await, (403, "ip_unresolved"));
    }
    assert_eq!(stand.calls(), 0);
    assert_eq!(
        stand.ledger.last().address_error.unwrap().as_str(),
        "no_peer"
    );

    let log = log.text();
    assert_eq!(log.matches("WHK-I110").count(), 1, "{log}");
    for fix in [
        "into_make_service_with_connect_info::<SocketAddr>()",
        "feature axum",
        "PeerAddr",
    ] {
        assert!(log.contains(fix), "{log}");
    }
}

#[tokio::test]
async fn without_a_peer_a_quota_lets_nobody_in_and_the_log_names_the_fix_once() {
    let (log, _guard) = Log::of_this_thread();
    let stand = Stand::new();
    for _ in 0..3 {
        let request = without_peer(Sender::new().delivery("203.0.113.9", "{}"));
        assert_eq!(stand.judge(request).await, (403, "ip_unresolved"));
    }
    assert_eq!(stand.calls(), 0);
    let log = log.text();
    assert_eq!(log.matches("WHK-I110").count(), 1, "{log}");
    assert!(
        log.contains("into_make_service_with_connect_info::<SocketAddr>()"),
        "{log}"
    );
}

#[tokio::test]
async fn the_caller_is_not_told_what_the_operator_is() {
    let stand = Stand::with(|setup| setup.allow(["203.0.113.0/24"]));
    let request = without_peer(Sender::new().delivery("203.0.113.9", "{}"));
    let response = stand.send(request).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let stranger = stand
        .send(Sender::new().delivery("198.51.100.7", "{}"))
        .await;
    assert_eq!(stranger.status(), StatusCode::FORBIDDEN);
    assert_eq!(response.headers(), stranger.headers());
}

// ---- secrets ----

#[test]
fn an_empty_secret_cannot_be_built() {
    let empty = mistake(builder().secret("test", Secret::new("")));
    assert_says(
        &empty,
        "WHK-C012",
        &["empty", "give the secret that the provider shows"],
    );
    let blank = mistake(builder().secret("test", Secret::insecure_short(" \n")));
    assert_says(&blank, "WHK-C012", &["white space", "give the secret"]);
}

#[test]
fn an_empty_key_behind_a_prefix_cannot_be_built() {
    let text = builder()
        .secret("test", Secret::insecure_short("whsec_"))
        .build()
        .unwrap_err();
    assert_eq!(text.all().len(), 1);
    assert!(text.all()[0].code().starts_with("WHK-C01"), "{text}");
}

#[test]
fn no_secret_at_all_cannot_be_built() {
    let text = mistake(builder());
    assert_says(&text, "WHK-C010", &["secret"]);
}

#[test]
fn a_short_secret_says_how_to_make_a_long_one() {
    let text = mistake(builder().secret("test", Secret::new("hunter2")));
    assert_says(
        &text,
        "WHK-C013",
        &["7 bytes", "16", "openssl rand -hex 32", "insecure_short"],
    );
}

#[test]
fn an_unset_variable_is_named() {
    let text = mistake(builder().secret("test", Secret::from_env("NO_SUCH_WEBHOOK_SECRET")));
    assert_says(
        &text,
        "WHK-C011",
        &["NO_SUCH_WEBHOOK_SECRET", "is not set", "set it"],
    );
}

// ---- lists ----

#[test]
fn a_network_with_host_bits_is_told_both_right_spellings() {
    let text = mistake(good().allow(["203.0.113.0/24", "2001:db8::1/32"]));
    assert_says(
        &text,
        "WHK-I003",
        &[
            "allow",
            "2001:db8::1/32",
            "2001:db8::1/128",
            "2001:db8::/32",
        ],
    );
    let text = mistake(good().deny(["10.1.2.3/8"]));
    assert_says(&text, "WHK-I003", &["deny", "10.1.2.3/32", "10.0.0.0/8"]);
    let text = mistake(good().trusted_proxies(["10.0.3.7/24"]));
    assert_says(
        &text,
        "WHK-I003",
        &["trusted prox", "10.0.3.7/32", "10.0.3.0/24"],
    );
}

#[test]
fn an_entry_that_is_no_network_is_quoted() {
    let text = mistake(good().allow(["hooks.example.com"]));
    assert_says(&text, "WHK-I001", &["hooks.example.com"]);
    let text = mistake(good().allow(["203.0.113.0/33"]));
    assert_says(&text, "WHK-I002", &["203.0.113.0/33", "32"]);
}

#[test]
fn a_header_that_nobody_may_write_is_a_mistake() {
    let text = mistake(good().client_address(ClientAddressSource::XForwardedFor));
    assert_says(&text, "WHK-I005", &["trusted_proxies"]);
    let text = mistake(good().trusted_proxies(["10.0.0.0/8"]).trusted_hops(1));
    assert_says(&text, "WHK-I004", &["networks", "hops"]);
}

// ---- quotas and limits ----

#[test]
fn a_zero_quota_says_what_to_do_instead() {
    let fix = ["refuses everybody", "at least 1", "empty allow-list"];
    assert_says(
        &mistake(good().endpoint_quota(Quota::per_minute(0))),
        "WHK-R001",
        &fix,
    );
    assert_says(
        &mistake(good().network_quota(Quota::per_second(0))),
        "WHK-R001",
        &fix,
    );
    let burst = Quota::per_minute(5).and_then(|quota| quota.with_burst(0));
    assert_says(
        &mistake(good().endpoint_quota(burst)),
        "WHK-R001",
        &["burst", "at least 1"],
    );
}

#[test]
fn a_body_limit_of_nothing_is_a_mistake() {
    for builder in [good().max_body(0), good().body_deadline(Duration::ZERO)] {
        assert_says(
            &mistake(builder),
            "WHK-B001",
            &["refuses every delivery", "at least 1"],
        );
    }
}

// ---- all at once ----

#[test]
fn all_mistakes_are_reported_at_once_and_no_byte_of_a_secret() {
    let canary = "canary7";
    let mistakes = WebhookLayers::builder(Scheme::hmac_sha256("acme").build())
        .secret("old", Secret::new(""))
        .secret("short", Secret::new(canary))
        .secret("literal", Secret::new("${canary7-canary7-canary7}"))
        .allow(["2001:db8::1/32", "203.0.113.256"])
        .deny(["10.0.0.1/8"])
        .trusted_proxies(["192.168.0.0/40"])
        .network_quota(Quota::per_minute(0))
        .endpoint_quota(Quota::per_period(1, Duration::ZERO))
        .max_body(0)
        .build()
        .unwrap_err();
    let codes: Vec<_> = mistakes.all().iter().map(Mistake::code).collect();
    assert_eq!(
        codes,
        [
            "WHK-I003", "WHK-I001", // allow
            "WHK-I003", // deny
            "WHK-I002", // trusted proxies
            "WHK-R001", // network
            "WHK-R002", // endpoint
            "WHK-B001", // body
            "WHK-C012", "WHK-C013", "WHK-C015", // secrets
            "WHK-C020", // scheme
        ],
        "{mistakes}"
    );
    let text = mistakes.to_string();
    assert_eq!(text.lines().count(), codes.len(), "{text}");
    for output in [text, format!("{mistakes:?}")] {
        assert!(!output.contains(canary), "{output}");
    }
}

#[test]
fn a_builder_without_a_mistake_is_built() {
    assert!(good().build().is_ok());
    assert!(!format!("{:?}", good()).contains(SECRET.trim_start_matches("whsec_")));
}
