//! Providers that sign with a private key, for which the kit has key pairs, and every other preset
//! beside them: each is signed, accepted by its own verifier, and attacked.
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
use webhook_core::Name;
use webhook_layers::{
    BufferedBody, Clock, DedupSettings, Preset, Reason, Scheme, Secret, Timestamp, WebhookLayers,
    presets,
};
use webhook_signature::{KeySource as _, Primitive, PublicKey, PublicKeys, Verifier};
use webhook_testing::{
    HandlerProbe, IntoRequest, Outcome, TestApp, TestBody, TestKey, TestKeyError, TestSecret,
    attack, signed,
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

async fn handle(request: Request<BufferedBody>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(request.into_body().into_bytes())))
}

/// The preset's scheme, with all that the receiver must say.
fn configured(preset: &Preset) -> Scheme {
    let scheme = preset.scheme().with_webhook_id("WH-test");
    let scheme = scheme.with_base_url("https://hooks.example.com").unwrap();
    if scheme.signature_place().contains("your choice") {
        return scheme.with_signature_header(HeaderName::from_static("x-secret"));
    }
    scheme
}

/// What the app has, and what the kit signs with.
fn key_of(scheme: &Scheme) -> (Secret, TestSecret) {
    match TestKey::of(scheme.clone()) {
        Ok(key) => (Secret::new(key.public_key()).unwrap(), (&key).into()),
        Err(error) => {
            assert_eq!(error, TestKeyError::SharedSecret, "{}", scheme.name());
            (Secret::new(SECRET).unwrap(), SECRET.into())
        }
    }
}

fn app_of(scheme: &Scheme, secret: Secret) -> TestApp {
    let (clock, _hands) = Clock::manual(NOW);
    let hooks = WebhookLayers::builder(scheme.clone())
        .secret("default", secret)
        .max_body(64 * 1024)
        .body_deadline(Duration::from_secs(10))
        .deny(["198.51.100.0/24"])
        .dedup(DedupSettings::new())
        .clock(clock.clone())
        .build()
        .unwrap();
    TestApp::new(hooks.layer(HandlerProbe.layer(service_fn(handle)))).clock(clock)
}

#[tokio::test]
async fn every_preset_is_signed_and_accepted_by_its_own_verifier() {
    let mut of_keys = 0;
    for preset in presets::all().filter(|preset| preset.is_verifiable()) {
        let scheme = configured(preset);
        let (secret, key) = key_of(&scheme);
        let app = app_of(&scheme, secret);
        let answer = app.send(signed(scheme.clone(), key)).await;
        answer.assert_accepted().assert_handled(1);
        of_keys += usize::from(scheme.primitive().is_public_key());
    }
    // The other five of the 25 presets of the feature have tokens of a shared secret.
    assert_eq!(of_keys, 20);
}

#[tokio::test]
async fn nothing_gets_through_for_any_preset_with_a_public_key() {
    let (mut faults, mut least) = (Vec::new(), usize::MAX);
    let tokens = ["livekit", "messagebird", "monday", "netlify", "vonage"];
    for preset in presets::all() {
        let scheme = configured(preset);
        if !scheme.primitive().is_public_key() && !tokens.contains(&preset.name()) {
            continue;
        }
        let (secret, key) = key_of(&scheme);
        let app = app_of(&scheme, secret);
        let report = attack(&app, scheme, key)
            .max_body(64 * 1024)
            .denied_peer("198.51.100.7:443")
            .grpc()
            .await;
        let bad = report.rows().iter();
        let bad = bad.filter(|row| matches!(row.outcome, Outcome::Unsafe | Outcome::Unjudged));
        faults.extend(bad.map(|row| format!("{}: {row}", preset.name())));
        assert!(
            !report.found("signature-of-wrong-secret"),
            "{}",
            preset.name()
        );
        least = least.min(report.count(Outcome::Safe));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(least >= 45, "{least}");
}

#[tokio::test]
async fn the_attack_finds_a_receiver_that_verifies_nothing() {
    let open = service_fn(async |_: Request<TestBody>| {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
    });
    let key = TestKey::of(&presets::DISCORD).unwrap();
    let report = attack(&TestApp::new(open), &presets::DISCORD, &key).await;
    for name in [
        "signature-of-wrong-secret",
        "body-extended",
        "signature-missing",
    ] {
        assert!(report.found(name), "{name}\n{report}");
    }
}

#[tokio::test]
async fn a_stale_delivery_and_another_body_are_refused() {
    let key = TestKey::of(&presets::SENDGRID).unwrap();
    let app = app_of(
        &presets::SENDGRID.scheme(),
        Secret::new(key.public_key()).unwrap(),
    );
    let stale = signed(&presets::SENDGRID, &key).at(Timestamp::from_unix_seconds(1_600_000_000));
    app.send(stale)
        .await
        .assert_rejected(Reason::TimestampTooOld);
    let (parts, _) = signed(&presets::SENDGRID, &key)
        .into_request(&app)
        .into_parts();
    app.send(Request::from_parts(parts, TestBody::new("{}")))
        .await
        .assert_rejected(Reason::SignatureMismatch);
}

#[test]
fn public_keys_stand_as_their_providers_show_them() {
    let text = |preset: &Preset| TestKey::of(preset).unwrap().public_key().to_owned();
    assert_eq!(text(&presets::DISCORD).len(), 64);
    assert!(text(&presets::STANDARD_WEBHOOKS_ASYMMETRIC).starts_with("whpk_"));
    assert!(text(&presets::SENDGRID).starts_with("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"));
    assert!(text(&presets::WISE).starts_with("-----BEGIN PUBLIC KEY-----"));
    assert!(text(&presets::PLAID).starts_with(r#"{"kty":"EC","crv":"P-256","kid":"test-key""#));
    assert!(text(&presets::TRUELAYER).contains(r#""crv":"P-521""#));
}

#[tokio::test]
async fn a_source_finds_the_key_that_the_kits_deliveries_name() {
    for (preset, id) in [
        (&presets::PLAID, TestKey::ID),
        (&presets::TRUELAYER, TestKey::ID),
        (&presets::MAILCHANNELS, TestKey::ID),
        (&presets::AWS_SNS, TestKey::SNS_URL),
        (&presets::PAYPAL, TestKey::PAYPAL_URL),
    ] {
        let key = TestKey::of(preset).unwrap();
        let public = PublicKey::parse(key.public_key()).unwrap();
        let source = PublicKeys::default().with(id, public);
        assert!(source.key(id).is_some());
        let scheme = configured(preset);
        let verifier = Verifier::with_key_source(scheme.clone(), source).unwrap();
        let app = TestApp::new(service_fn(async |_: Request<TestBody>| {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
        }));
        let (clock, _hands) = Clock::manual(NOW);
        let request = IntoRequest::into_request(signed(scheme, &key), &app.clock(clock));
        let (parts, body) = request.into_parts();
        let body = http_body_util::BodyExt::collect(body).await.unwrap();
        let verification = verifier.verify(&parts, &body.to_bytes(), NOW).unwrap();
        assert_eq!(verification.secret_id().map(Name::as_str), Some(id));
    }
}

#[test]
fn a_scheme_without_a_test_key_says_why() {
    assert_eq!(
        TestKey::of(&presets::GITHUB).unwrap_err(),
        TestKeyError::SharedSecret
    );
    assert!(!format!("{:?}", TestKey::of(&presets::WISE)).contains("exponent"));
}

#[tokio::test]
async fn a_scheme_of_ones_own_is_signed_too() {
    for primitive in [Primitive::RsaPssSha256, Primitive::EcdsaP521Sha512] {
        let scheme = Scheme::builder("acme", primitive)
            .header("x-acme-signature")
            .timestamp_header("x-acme-time")
            .signed_text("{timestamp}.{body}")
            .build()
            .unwrap();
        let key = TestKey::of(scheme.clone()).unwrap();
        let app = app_of(&scheme, Secret::new(key.public_key()).unwrap());
        app.send(signed(scheme, &key)).await.assert_accepted();
    }
}

#[test]
#[should_panic(expected = "its key is a public one")]
fn a_public_key_alone_signs_nothing() {
    let key = TestKey::of(&presets::DISCORD).unwrap();
    let request = signed(&presets::DISCORD, key.public_key());
    drop(request);
}
