//! The README's test, which a doctest only compiles up to its attribute: here it runs.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

use axum::{Router, http::StatusCode, routing::post};
use webhook_layers::{
    Clock, DedupSettings, Mistakes, Reason, Secret, Timestamp, Verified, WebhookLayers, presets,
};
use webhook_testing::{HandlerProbe, TestApp, attack, signed};

const SECRET: &str = "It's a Secret to Everybody";

async fn on_push(push: Verified<axum::body::Bytes>) -> StatusCode {
    assert!(!push.body.is_empty());
    StatusCode::NO_CONTENT
}

fn router(clock: Clock) -> Result<Router, Mistakes> {
    let hooks = WebhookLayers::builder(&presets::GITHUB)
        .secret("2026-q4", Secret::new(SECRET))
        .dedup(DedupSettings::new())
        .clock(clock)
        .build()?;
    let on_push = post(on_push).layer(HandlerProbe);
    Ok(Router::new().route("/webhooks", on_push).layer(hooks))
}

#[tokio::test]
async fn only_github_gets_in() {
    let (clock, _hands) = Clock::manual(Timestamp::from_unix_seconds(1_795_000_000));
    let app = TestApp::new(router(clock.clone()).unwrap())
        .peer("140.82.115.9:443")
        .clock(clock);

    let push = signed(&presets::GITHUB, SECRET)
        .event("push")
        .json(r#"{"ref":"main"}"#);
    app.send(push).await.assert_accepted().assert_handled(1);
    let forged = signed(&presets::GITHUB, "wrong").json(r#"{"ref":"main"}"#);
    app.send(forged)
        .await
        .assert_rejected(Reason::SignatureMismatch);

    app.assert_every_route_protected(["/webhooks"]).await;
    attack!(app, &presets::GITHUB, SECRET); // prints a table, and fails where anything got through
}

#[test]
fn the_readme_shows_this_very_test() {
    let readme = include_str!("../README.md");
    let shown = readme
        .split("```")
        .nth(1)
        .and_then(|code| code.strip_prefix("rust\n"));
    let this = include_str!("readme.rs");
    assert!(
        shown.is_some_and(|code| this.contains(code)),
        "README.md and tests/readme.rs differ"
    );
}
