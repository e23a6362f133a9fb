//! Secrets and schemes.

use std::{convert::Infallible, thread};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_layers::{
    AccessList, BufferedBody, Facts, HmacLayer, HmacSettings, IpLayer, MemoryBudget, Scheme,
    Secret, Settings, WebhookLayers, core::Endpoint, presets, signature::Primitive,
};
use webhook_tests::stand::{NOW, ScriptedBody, Sender, Stand, poll_once};

use super::{SENDER, TEXT_SECRET, text};

#[test]
fn empty_or_absent_secret_means_no_check() {
    for text in ["", " ", "\n", "\t \r\n"] {
        assert!(Secret::new(text).is_err(), "{text:?}");
        assert!(Secret::insecure_short(text).is_err(), "{text:?}");
    }
    assert!(Secret::from_env("NO_SUCH_WEBHOOK_SECRET").is_err());
    for preset in presets::all() {
        assert!(
            WebhookLayers::builder(preset).build().is_err(),
            "{}",
            preset.name()
        );
        // A text that is there, and a key that is not.
        if let Ok(secret) = Secret::insecure_short("whsec_") {
            let is_standard = ["standard-webhooks", "svix"].contains(&preset.name());
            assert!(
                HmacLayer::new(preset, secret).is_err() || !is_standard,
                "{}",
                preset.name()
            );
        }
    }
}

#[test]
fn variable_left_literal_is_a_public_secret() {
    for text in ["${GITHUB_WEBHOOK_SECRET}", "${WEBHOOK_SECRET:-changeme}"] {
        let error = Secret::new(text).unwrap_err();
        assert!(error.to_string().contains("${…}"), "{error}");
        let mistakes = WebhookLayers::builder(&presets::GITHUB)
            .secret("ci", Secret::new(text))
            .build();
        assert_eq!(mistakes.unwrap_err().all()[0].code(), "WHK-C015");
    }
}

#[tokio::test]
async fn trouble_with_the_store_reported_as_an_invalid_signature() {
    // Settings come from the endpoint, and there is none.
    let handler = service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let hmac = HmacLayer::with_settings(Settings::per_endpoint()).layer(handler);
    let response = hmac
        .oneshot(Sender::new().delivery(SENDER, "{}"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text(response).await.contains(r#""code":"misconfigured""#));

    let open = service_fn(async |_: Request<ScriptedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let lists = Settings::<AccessList>::per_endpoint();
    let ip = IpLayer::new().with_access(lists).layer(open);
    let response = ip
        .oneshot(Sender::new().delivery(SENDER, "{}"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);

    // There is no memory left for one more body.
    let stand = Stand::with(|setup| setup.memory_budget(MemoryBudget::new(1)));
    let delivery = Sender::new().delivery(SENDER, "{}");
    assert_eq!(stand.judge(delivery).await, (503, "memory_exhausted"));
    assert_eq!(stand.calls(), 0);
}

#[tokio::test]
async fn signature_mismatch_is_a_server_error() {
    let stand = Stand::new();
    let response = stand.send(Sender::forgery(SENDER, "{}")).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    assert!(response.headers().contains_key("www-authenticate"));
    assert_eq!(
        stand.ledger.conclusions(),
        [("denied", "signature_mismatch")]
    );
}

/// The header `name: label=HEX` with the digest that `primitive` really makes of `{}`.
fn labelled(primitive: Primitive, name: &'static str, label: &str) -> HeaderMap {
    let scheme = Scheme::builder("any", primitive)
        .header(name)
        .prefix(format!("{label}="));
    Sender::with(scheme.build().unwrap(), TEXT_SECRET).headers(b"{}", NOW)
}

async fn status_of(scheme: impl Into<Scheme>, headers: HeaderMap) -> StatusCode {
    let layer = HmacLayer::new(scheme, Secret::new(TEXT_SECRET).unwrap()).unwrap();
    let guarded = layer.layer(service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let mut request = Sender::nobody(SENDER, "{}");
    request.headers_mut().extend(headers);
    guarded.oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn algorithm_chosen_by_the_header() {
    let header = "x-hub-signature-256";
    let right = labelled(Primitive::HmacSha256, header, "sha256");
    assert_eq!(status_of(&presets::GITHUB, right).await, StatusCode::OK);
    // Each of these is a true HMAC under the right secret, with another algorithm.
    for (primitive, label) in [
        (Primitive::HmacSha1, "sha1"),
        (Primitive::HmacSha512, "sha512"),
        (Primitive::HmacSha384, "sha384"),
        (Primitive::HmacSha1, "sha256"),
        (Primitive::HmacSha512, "sha256"),
        (Primitive::HmacSha256, "sha1"),
        (Primitive::HmacSha256, "SHA256"),
        (Primitive::HmacSha256, "none"),
    ] {
        let headers = labelled(primitive, header, label);
        let status = status_of(&presets::GITHUB, headers).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{primitive:?} as {label}");
    }
    let older = labelled(Primitive::HmacSha1, "x-hub-signature", "sha1");
    assert_eq!(
        status_of(&presets::GITHUB, older).await,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn label_lies() {
    // ServiceStack writes sha1= and means SHA-256.
    let lie = labelled(Primitive::HmacSha256, "x-hub-signature", "sha1");
    assert_eq!(
        status_of(&presets::SERVICESTACK, lie.clone()).await,
        StatusCode::OK
    );
    assert_eq!(
        status_of(&presets::GITHUB_SHA1, lie).await,
        StatusCode::UNAUTHORIZED
    );
    let truth = labelled(Primitive::HmacSha1, "x-hub-signature", "sha1");
    assert_eq!(
        status_of(&presets::SERVICESTACK, truth.clone()).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        status_of(&presets::GITHUB_SHA1, truth).await,
        StatusCode::OK
    );
}

#[test]
fn mutable_secret_shared_across_requests() {
    let tenants = ["secret of the first tenant", "secret of the second tenant"];
    let settings =
        |secret: &str| HmacSettings::new(&presets::GITHUB, Secret::new(secret).unwrap()).unwrap();
    let endpoints = [0, 1].map(|n| Endpoint::new(format!("tenant-{n}")).with(settings(tenants[n])));
    let senders = tenants.map(|secret| Sender::with(&presets::GITHUB, secret));
    let layer = HmacLayer::with_settings(Settings::per_endpoint());
    let guarded = layer.layer(service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    thread::scope(|scope| {
        for thread in 0..8 {
            let (guarded, endpoints, senders) = (&guarded, &endpoints, &senders);
            scope.spawn(move || {
                for n in 0..100 {
                    let (endpoint, sender) = ((thread + n) % 2, n / 2 % 2);
                    let mut request = senders[sender].delivery(SENDER, "{}");
                    Facts::of_mut(request.extensions_mut())
                        .set_endpoint(endpoints[endpoint].clone());
                    let response = poll_once(guarded.clone().oneshot(request))
                        .unwrap()
                        .unwrap();
                    let expected = if endpoint == sender { 200 } else { 401 };
                    assert_eq!(response.status(), expected);
                }
            });
        }
    });
}
