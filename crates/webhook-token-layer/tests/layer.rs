//! The layer around a service: who gets in, what inner layers learn, what the caller is told.
#![allow(
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod events;
mod harness;

use events::Events;
use harness::{AnyBody, call, handler, reason, request, seen, send, token};
use http::{HeaderName, Request, Response, StatusCode, request::Parts};
use http_body_util::{BodyExt, Full};
use tower::{Layer, service_fn};
use webhook_core::{
    Check, DeliveryRecord, Endpoint, Facts, Reason, Rejection, Settings, Verdict, Verification,
};
use webhook_token_layer::{TokenLayer, TokenSettings, TokenSource};

const TOKEN: &str = "tok-0123456789abcdef";

fn header() -> TokenSource {
    TokenSource::header("X-Gitlab-Token").unwrap()
}

fn gitlab() -> TokenSettings {
    TokenSettings::new(header(), token("2026-q4", TOKEN))
        .with_provider("gitlab")
        .with_id_header(HeaderName::from_static("x-gitlab-event-uuid"))
        .with_event_header(HeaderName::from_static("x-gitlab-event"))
}

#[tokio::test]
async fn who_has_the_token_gets_in_and_proves_nothing_about_the_body() {
    let delivery = request(
        "/in",
        &[
            ("x-gitlab-token", TOKEN),
            ("x-gitlab-event-uuid", "13792a34"),
            ("x-gitlab-event", "Push Hook"),
        ],
    );
    let (response, record) = send(&gitlab().into(), delivery).await;
    let told = seen(&response).unwrap().verification.clone().unwrap();
    assert_eq!(told.provider().as_str(), "gitlab");
    assert_eq!(told.secret_id().unwrap().as_str(), "2026-q4");
    assert_eq!(told.delivery_id(), Some("13792a34"));
    assert_eq!(told.event_type(), Some("Push Hook"));
    assert!(
        !told.is_body_signed() && !told.is_delivery_id_signed() && !told.is_event_type_signed()
    );
    assert_eq!(record.verdict(Check::Token), Some(Verdict::Pass));
    assert_eq!(record.verification(), Some(&told));
    assert_eq!(record.provider().unwrap().as_str(), "gitlab");
}

#[tokio::test]
async fn a_header_holds_the_token_and_nothing_else_exactly_once() {
    let name = "x-gitlab-token";
    let cases: [(&[(&str, &str)], Reason); 10] = [
        (&[(name, TOKEN)], Reason::Ok),
        (&[(name, " tok-0123456789abcdef\t")], Reason::Ok),
        (&[], Reason::AuthMissing),
        (&[(name, "")], Reason::AuthMissing),
        (&[(name, "  ")], Reason::AuthMissing),
        (
            &[("authorization", "Bearer tok-0123456789abcdef")],
            Reason::AuthMissing,
        ),
        (
            &[(name, "Bearer tok-0123456789abcdef")],
            Reason::AuthInvalid,
        ),
        (&[(name, "TOK-0123456789ABCDEF")], Reason::AuthInvalid),
        (
            &[(name, "tok-0123456789abcdef,tok-0123456789abcdef")],
            Reason::AuthInvalid,
        ),
        (&[(name, TOKEN), (name, TOKEN)], Reason::AuthMalformed),
    ];
    for (headers, expected) in cases {
        let (response, record) = send(&gitlab().into(), request("/in", headers)).await;
        assert_eq!(reason(&response), expected, "{headers:?}");
        let refusal = (expected != Reason::Ok).then_some((expected, Check::Token));
        assert_eq!(record.refusal(), refusal, "{headers:?}");
    }
}

#[tokio::test]
async fn authorization_is_read_strictly() {
    let basic = TokenSource::basic("hook").unwrap();
    let bearer = || TokenSource::Bearer;
    for (source, value, expected) in [
        (bearer(), "BEARER tok-0123456789abcdef", Reason::Ok),
        (bearer(), "tok-0123456789abcdef", Reason::AuthMalformed),
        (
            bearer(),
            "Bearer\ttok-0123456789abcdef",
            Reason::AuthMalformed,
        ),
        (
            bearer(),
            "Bearer,tok-0123456789abcdef",
            Reason::AuthMalformed,
        ),
        (
            bearer(),
            "Token tok-0123456789abcdef",
            Reason::AuthMalformed,
        ),
        (
            bearer(),
            "Basic aG9vazp0b2stMDEyMzQ1Njc4OWFiY2RlZg==",
            Reason::AuthMalformed,
        ),
        (
            bearer(),
            "Bearer tok-0123456789abcdef, x",
            Reason::AuthInvalid,
        ),
        (bearer(), "", Reason::AuthMissing),
        (
            basic.clone(),
            "bAsIc aG9vazp0b2stMDEyMzQ1Njc4OWFiY2RlZg==",
            Reason::Ok,
        ),
        // Another user, no user, no password, no padding, no base64.
        (
            basic.clone(),
            "Basic aG9vYTp0b2stMDEyMzQ1Njc4OWFiY2RlZg==",
            Reason::AuthInvalid,
        ),
        (
            basic.clone(),
            "Basic OnRvay0wMTIzNDU2Nzg5YWJjZGVm",
            Reason::AuthInvalid,
        ),
        (basic.clone(), "Basic aG9vazo=", Reason::AuthInvalid),
        (
            basic.clone(),
            "Basic aG9vazp0b2stMDEyMzQ1Njc4OWFiY2RlZg",
            Reason::AuthMalformed,
        ),
        (
            basic.clone(),
            "Basic hook:tok-0123456789abcdef",
            Reason::AuthMalformed,
        ),
        (basic, "Bearer tok-0123456789abcdef", Reason::AuthMalformed),
    ] {
        let layer = TokenLayer::new(source, token("current", TOKEN));
        let (response, _) = send(&layer, request("/in", &[("authorization", value)])).await;
        assert_eq!(reason(&response), expected, "{value}");
    }
    let twice = [("authorization", "Bearer tok-0123456789abcdef"); 2];
    let layer = TokenLayer::new(bearer(), token("current", TOKEN));
    let (response, _) = send(&layer, request("/in", &twice)).await;
    assert_eq!(reason(&response), Reason::AuthMalformed);
}

#[tokio::test]
async fn a_raw_token_in_authorization_is_a_header_like_any_other() {
    let source = TokenSource::header("authorization").unwrap();
    let layer = TokenLayer::new(source, token("okta", TOKEN));
    let (response, _) = send(&layer, request("/in", &[("authorization", TOKEN)])).await;
    assert_eq!(reason(&response), Reason::Ok);
}

#[tokio::test]
async fn a_credential_of_any_length_is_refused_and_the_longest_token_taken() {
    let longest = "%".repeat(2048);
    let encoded = format!("/in?token={}", "%25".repeat(2048));
    let layer = TokenLayer::new(
        TokenSource::query("token").unwrap(),
        token("long", &longest),
    );
    let (response, _) = send(&layer, request(&encoded, &[])).await;
    assert_eq!(reason(&response), Reason::Ok);

    let endless = "x".repeat(60_000);
    for source in [
        header(),
        TokenSource::Bearer,
        TokenSource::basic("hook").unwrap(),
    ] {
        let layer = TokenLayer::new(source, token("current", TOKEN));
        for scheme in ["Bearer", "Basic"] {
            let value = format!("{scheme} {endless}");
            let headers = [
                ("authorization", value.as_str()),
                ("x-gitlab-token", &endless),
            ];
            let (response, _) = send(&layer, request("/in", &headers)).await;
            assert_ne!(reason(&response), Reason::Ok);
        }
    }
}

#[tokio::test]
async fn a_query_token_is_gone_before_anybody_else_sees_the_uri() {
    let settings = TokenSettings::new(TokenSource::query("token").unwrap(), token("q", TOKEN));
    let uri = format!("/in?id=7&token={TOKEN}&v=%31");
    let wrong = "/in?id=7&token=canary&v=%31";
    let policy = |_: &Rejection, parts: &Parts| {
        assert_eq!(parts.uri, "/in?id=7&v=%31");
        Response::new(Full::default())
    };
    let layer = TokenLayer::from(settings.clone());
    let service = layer
        .clone()
        .with_rejection(policy)
        .layer(service_fn(handler));
    let response = call(service.clone(), request(&uri, &[])).await;
    assert_eq!(seen(&response).unwrap().uri, "/in?id=7&v=%31");
    assert_eq!(
        reason(&call(service, request(wrong, &[])).await),
        Reason::AuthInvalid
    );

    let shadow = TokenLayer::from(settings.with_insecure_shadow(true));
    let (response, _) = send(&shadow, request(wrong, &[])).await;
    assert_eq!(seen(&response).unwrap().uri, "/in?id=7&v=%31");

    let (response, _) = send(&layer.with_strip_query(false), request(&uri, &[])).await;
    assert_eq!(seen(&response).unwrap().uri, uri);
}

#[tokio::test]
async fn the_query_counts_only_where_it_is_named() {
    let uri = format!("/in?x-gitlab-token={TOKEN}&token={TOKEN}");
    let (response, _) = send(&gitlab().into(), request(&uri, &[])).await;
    assert_eq!(reason(&response), Reason::AuthMissing);
    let headers = [("x-gitlab-token", TOKEN)];
    let (response, _) = send(&gitlab().into(), request(&uri, &headers)).await;
    assert_eq!(seen(&response).unwrap().uri, uri);
}

#[tokio::test]
async fn refusals_look_the_same_whatever_the_reason() {
    let mut answers = Vec::new();
    for headers in [
        vec![],
        vec![("x-gitlab-token", "wrong")],
        vec![("x-gitlab-token", "tok-0123456789abcdee")],
        vec![("x-gitlab-token", TOKEN), ("x-gitlab-token", "wrong")],
    ] {
        let mut request = request("/in", &headers);
        // The id of the record is in the answer.
        Facts::of_mut(request.extensions_mut()).set_record(DeliveryRecord::default());
        let (response, _) = send(&gitlab().into(), request).await;
        let (parts, body) = response.into_parts();
        assert_eq!(
            parts.headers["www-authenticate"],
            r#"Webhook realm="gitlab""#
        );
        let body = body.collect().await.unwrap().to_bytes();
        answers.push((parts.status, parts.headers, body));
    }
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:?}"
    );
}

#[tokio::test]
async fn refusals_are_worded_by_the_policy() {
    let policy =
        |rejection: &Rejection, _: &Parts| Response::new(Full::from(rejection.code().as_str()));
    let layer = TokenLayer::from(gitlab()).with_rejection(policy);
    let response = call(layer.layer(service_fn(handler)), request("/in", &[])).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(reason(&response), Reason::AuthMissing);
}

#[tokio::test]
async fn a_grpc_call_is_held_to_its_metadata() {
    let call = |token: &'static str| {
        let headers = [
            ("content-type", "application/grpc"),
            ("x-gitlab-token", token),
        ];
        request("/hook.Svc/Stream", &headers)
    };
    let (response, _) = send(&gitlab().into(), call(TOKEN)).await;
    assert_eq!(reason(&response), Reason::Ok);
    let (response, _) = send(&gitlab().into(), call("wrong")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["grpc-status"], "16");
    assert_eq!(reason(&response), Reason::AuthInvalid);
}

#[tokio::test]
async fn shadow_mode_records_and_lets_pass_unverified() {
    let layer = TokenLayer::from(gitlab().with_insecure_shadow(true));
    for (token, reason) in [("wrong", Reason::AuthInvalid), ("", Reason::AuthMissing)] {
        let (response, record) = send(&layer, request("/in", &[("x-gitlab-token", token)])).await;
        assert!(seen(&response).unwrap().verification.is_none());
        assert_eq!(record.verdict(Check::Token), Some(Verdict::ShadowFail));
        assert_eq!(record.shadow_refusal(), Some((reason, Check::Token)));
        assert_eq!((record.refusal(), record.verification()), (None, None));
    }
    let (response, record) = send(&layer, request("/in", &[("x-gitlab-token", TOKEN)])).await;
    assert!(seen(&response).unwrap().verification.is_some());
    assert_eq!(record.verdict(Check::Token), Some(Verdict::Pass));
}

#[tokio::test]
async fn an_endpoint_without_tokens_is_misconfigured_not_open() {
    let layer = TokenLayer::with_settings(Settings::per_endpoint());
    let ours = || request("/in", &[("x-gitlab-token", TOKEN)]);
    let (response, _) = send(&layer, ours()).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(reason(&response), Reason::Misconfigured);
    assert!(!response.headers().contains_key("www-authenticate"));

    let mut request = ours();
    let endpoint = Endpoint::new("tenant-7").with(gitlab());
    Facts::of_mut(request.extensions_mut()).set_endpoint(endpoint);
    assert_eq!(reason(&send(&layer, request).await.0), Reason::Ok);
}

#[tokio::test]
async fn what_a_signature_proved_is_not_replaced_by_what_a_token_does() {
    let mut request = request("/in", &[("x-gitlab-token", TOKEN)]);
    let signed = Verification::new("github").with_signed_body();
    Facts::of_mut(request.extensions_mut()).set_verification(signed.clone());
    let (response, record) = send(&gitlab().into(), request).await;
    assert_eq!(seen(&response).unwrap().verification, Some(signed));
    assert_eq!(record.verdict(Check::Token), Some(Verdict::Pass));
}

#[tokio::test]
async fn identifiers_are_kept_where_they_are_one_and_bounded() {
    let (long, cut) = ("x".repeat(300), "x".repeat(256));
    for (ids, kept) in [
        (vec!["id"], Some("id")),
        (vec![long.as_str()], Some(cut.as_str())),
        (vec![""], None),
        (vec!["a", "b"], None),
        (vec![], None),
    ] {
        let mut headers: Vec<_> = ids.iter().map(|id| ("x-gitlab-event-uuid", *id)).collect();
        let (_, record) = send(&gitlab().into(), request("/in", &headers)).await;
        let claimed = record.claimed_delivery_id().map(ToString::to_string);
        assert_eq!(claimed.as_deref(), kept);
        headers.push(("x-gitlab-token", TOKEN));
        let (_, record) = send(&gitlab().into(), request("/in", &headers)).await;
        assert_eq!(record.verification().unwrap().delivery_id(), kept);
    }
}

#[tokio::test]
async fn the_operator_is_told_once_for_a_layer_not_for_each_request() {
    let (events, _guard) = Events::collect();
    let query = || TokenSettings::new(TokenSource::query("token").unwrap(), token("q", TOKEN));
    let layer = TokenLayer::from(query());
    let told = events.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("WHK-T001") && told[0].contains("parameter=\"token\""),
        "{told:?}"
    );
    for _ in 0..3 {
        send(&layer.clone(), request("/in?token=x", &[])).await;
    }
    assert_eq!(events.take(), Vec::<String>::new());

    // Settings that are not known before the first request.
    let layer = TokenLayer::with_settings(Settings::per_endpoint());
    assert_eq!(events.take(), Vec::<String>::new());
    for _ in 0..3 {
        send(&layer, request("/in", &[])).await;
        let mut request: Request<AnyBody> = request("/in", &[]);
        Facts::of_mut(request.extensions_mut()).set_endpoint(Endpoint::new("t").with(query()));
        send(&layer, request).await;
    }
    let told = events.take();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].contains("per_endpoint_or") && told[1].contains("WHK-T001"),
        "{told:?}"
    );

    let _quiet = TokenLayer::from(gitlab());
    assert_eq!(events.take(), Vec::<String>::new());
}
