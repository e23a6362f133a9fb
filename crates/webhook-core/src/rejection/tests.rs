use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, request::Parts,
};
use http_body_util::{BodyExt as _, Full};

use super::{Problem, Rejection};
use crate::{Check, Clock, Code, DeliveryRecord, Facts, Name, Reason, RequestId, Verification};

fn parts(build: impl FnOnce(&mut Request<()>)) -> Parts {
    let mut request = Request::new(());
    build(&mut request);
    request.into_parts().0
}

fn answer(rejection: Rejection, request: &Parts) -> (StatusCode, HeaderMap, String) {
    let response: Response<Full<Bytes>> = rejection.answer(&Problem, request);
    let (head, body) = response.into_parts();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let bytes = runtime.block_on(body.collect()).unwrap().to_bytes();
    (
        head.status,
        head.headers,
        String::from_utf8(bytes.to_vec()).unwrap(),
    )
}

fn rejection(reason: Reason) -> Rejection {
    Rejection::new(reason, Check::Signature)
}

#[test]
fn every_code_has_a_document_that_parses_and_tells_no_reason() {
    for reason in Reason::ALL {
        let Some(code) = reason.code() else { continue };
        let (status, headers, body) = answer(rejection(reason), &parts(|_| {}));
        assert_eq!(status, code.status());
        assert_eq!(headers["content-type"], "application/problem+json");
        let document: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(document["code"], code.as_str());
        assert_eq!(document["title"], code.title());
        let page = document["type"].as_str().unwrap();
        assert!(page.starts_with("https://"), "{page}");
        let is_registered = page.ends_with("#quota-exceeded") && code == Code::RateLimited;
        assert!(
            is_registered || page.ends_with(&format!(".{code:?}")),
            "{page}"
        );
        assert_eq!(document["status"], code.status().as_u16());
        if reason.as_str() != code.as_str() {
            assert!(!body.contains(reason.as_str()), "{body}");
        }
    }
}

#[test]
fn refusals_with_one_code_are_alike() {
    let request = parts(|_| {});
    let answers = [
        Reason::SignatureMismatch,
        Reason::SignatureMissing,
        Reason::TimestampTooOld,
    ]
    .map(|reason| answer(rejection(reason), &request));
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[1], answers[2]);
    assert_eq!(answers[0].1["www-authenticate"], "Webhook");
}

#[test]
fn the_field_of_the_status_is_the_layers_own_where_it_says_one() {
    let challenge = HeaderValue::from_static(r#"Basic realm="acme""#);
    let refused = rejection(Reason::AuthMissing).with_challenge(challenge.clone());
    assert_eq!(refused.status_field(), Some(&challenge));
    let (_, headers, _) = answer(refused, &parts(|_| {}));
    assert_eq!(headers["www-authenticate"], challenge);

    let methods = HeaderValue::from_static("PUT");
    let refused = rejection(Reason::MethodNotAllowed).with_allow(methods.clone());
    let (_, headers, _) = answer(refused, &parts(|_| {}));
    assert_eq!(headers["allow"], methods);
}

#[test]
fn retry_after_is_rounded_up_and_never_0() {
    for (wait, told) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (61_500, "62")] {
        let rejection =
            rejection(Reason::RateLimited).with_retry_after(Duration::from_millis(wait));
        assert_eq!(rejection.retry_after(), Some(Duration::from_millis(wait)));
        let (status, headers, body) = answer(rejection, &parts(|_| {}));
        assert_eq!(
            (status.as_u16(), headers["retry-after"].to_str().unwrap()),
            (429, told)
        );
        assert!(body.contains(&format!(r#""retry_after":{told}"#)));
    }
}

#[test]
fn a_grpc_caller_gets_a_status_in_a_head_that_ends_the_stream() {
    let request = parts(|request| {
        request
            .headers_mut()
            .insert("content-type", "application/grpc+proto".parse().unwrap());
    });
    for reason in Reason::ALL {
        let Some(code) = reason.code() else { continue };
        let rejection = rejection(reason).with_retry_after(Duration::from_millis(1500));
        let response: Response<Full<Bytes>> = rejection.answer(&Problem, &request);
        assert_eq!(response.status(), StatusCode::OK);
        assert!(http_body::Body::is_end_stream(response.body()));
        let headers = response.headers();
        assert_eq!(headers["content-type"], "application/grpc");
        assert_eq!(headers["grpc-status"], code.grpc_status().to_string());
        let pushback = if code.status().as_u16() == 413 {
            "-1"
        } else {
            "2000"
        };
        assert_eq!(headers["grpc-retry-pushback-ms"], pushback);
    }
}

#[test]
fn text_is_for_those_who_ask_for_nothing_else_and_head_gets_no_body() {
    let accept = |value: &'static str| {
        parts(move |request| {
            request
                .headers_mut()
                .insert("accept", value.parse().unwrap());
        })
    };
    let (_, headers, body) = answer(rejection(Reason::IpDenied), &accept("text/plain"));
    assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(body, "forbidden: This client may not use this endpoint.\n");
    let (_, headers, _) = answer(
        rejection(Reason::IpDenied),
        &accept("application/json, text/plain"),
    );
    assert_eq!(headers["content-type"], "application/problem+json");

    let head = parts(|request| *request.method_mut() = Method::HEAD);
    let (status, headers, body) = answer(rejection(Reason::MethodNotAllowed), &head);
    assert_eq!((status.as_u16(), body.as_str()), (405, ""));
    assert_eq!(headers["allow"], "POST");
}

#[test]
fn a_slow_body_ends_an_http_1_connection() {
    let (_, headers, _) = answer(rejection(Reason::BodyTimeout), &parts(|_| {}));
    assert_eq!(headers["connection"], "close");
    let two = parts(|request| *request.version_mut() = Version::HTTP_2);
    let (_, headers, _) = answer(rejection(Reason::BodyTimeout), &two);
    assert!(!headers.contains_key("connection"));
}

#[test]
fn the_length_that_is_told_is_the_bodys_and_told_of_no_other() {
    let recorded = |build: fn(&mut Request<()>)| {
        parts(|request| {
            let facts = Facts::of_mut(request.extensions_mut());
            facts.keep_record(&Clock::system());
            facts.set_verification(Verification::new("github"));
            build(request);
        })
    };
    let accept = |request: &mut Request<()>| {
        let text = HeaderValue::from_static("text/plain");
        request.headers_mut().insert("accept", text);
    };
    for reason in Reason::ALL {
        for request in [
            parts(|_| {}),
            recorded(|_| {}),
            parts(accept),
            recorded(accept),
        ] {
            let wait = Duration::from_secs(3600);
            for refused in [
                rejection(reason),
                rejection(reason).with_retry_after(wait),
                rejection(reason).with_quota(Name::from_static("a\"b")),
            ] {
                let (_, headers, body) = answer(refused, &request);
                assert_eq!(headers["content-length"], body.len().to_string());
            }
        }
    }
    let untold = [
        ("HEAD", "application/json"),
        ("POST", "application/grpc"),
        ("HEAD", "application/grpc"),
    ];
    for (method, content_type) in untold {
        let request = parts(|request| {
            *request.method_mut() = method.parse().unwrap();
            let content_type = HeaderValue::from_static(content_type);
            request.headers_mut().insert("content-type", content_type);
        });
        let (_, headers, body) = answer(rejection(Reason::IpDenied), &request);
        assert!(body.is_empty() && !headers.contains_key("content-length"));
    }
}

#[test]
fn a_document_has_its_members_in_one_order() {
    let id = RequestId::generate(&Clock::system());
    let request = parts(|request| {
        let facts = Facts::of_mut(request.extensions_mut());
        facts.set_record(DeliveryRecord::new(id));
        facts.set_verification(Verification::new("github"));
    });
    let refused = rejection(Reason::RateLimited)
        .with_retry_after(Duration::from_secs(1234))
        .with_quota(Name::from_static("endpoint"));
    let (_, headers, body) = answer(refused, &request);
    let common = concat!(
        r#"{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","#,
        r#""title":"Too many requests","status":429,"#,
        r#""detail":"Too many requests; try again later.","code":"rate_limited""#,
    );
    let instance = format!(r#","instance":"urn:uuid:{id}""#);
    let rest = r#","retry_after":1234,"violated-policies":["endpoint"]}"#;
    assert_eq!(body, format!("{common}{instance}{rest}"));
    let names = headers.keys().map(http::HeaderName::as_str);
    let expected = [
        "content-type",
        "cache-control",
        "retry-after",
        "content-length",
    ];
    assert!(names.eq(expected));

    // The next one is none the wiser.
    let (_, _, body) = answer(rejection(Reason::RateLimited), &parts(|_| {}));
    assert_eq!(body, format!("{common}}}"));
}

#[test]
fn where_a_request_ends_the_response_takes_nothing_of_it() {
    let mut request = parts(|request| {
        Facts::of_mut(request.extensions_mut()).keep_record(&Clock::system());
        request.extensions_mut().insert("a stranger's");
    });
    let record = Facts::record_of(&request.extensions);
    let refused = rejection(Reason::IpDenied);
    let response: Response<Full<Bytes>> = refused.end(&Problem, &mut request);
    assert!(request.extensions.is_empty());
    assert_eq!(response.extensions().len(), 1);
    let left = response.extensions().get::<Rejection>();
    assert_eq!(left.map(Rejection::reason), Some(Reason::IpDenied));
    assert_eq!(record.refusal(), Some((Reason::IpDenied, Check::Signature)));
    let id = record.id().unwrap().to_string();
    assert!(format!("{:?}", response.body()).contains(&id));
}

#[test]
fn what_a_policy_leaves_in_a_response_stays_there() {
    let policy = |_: &Rejection, _: &Parts| {
        let mut response = Response::new(());
        response.extensions_mut().insert("the policy's");
        response
    };
    let mut request = parts(|_| {});
    let ends = rejection(Reason::IpDenied).end(&policy, &mut request);
    let answers = rejection(Reason::IpDenied).answer(&policy, &request);
    for response in [ends, answers] {
        assert_eq!(response.extensions().get(), Some(&"the policy's"));
        assert!(response.extensions().get::<Rejection>().is_some());
    }
}

#[test]
fn only_verified_callers_learn_which_quota() {
    let name = Name::from_static("a\"b\\c\nd");
    let quota = || rejection(Reason::RateLimited).with_quota(name.clone());
    let (_, _, body) = answer(quota(), &parts(|_| {}));
    assert!(!body.contains("violated-policies"));

    let verified = parts(|request| {
        Facts::of_mut(request.extensions_mut()).set_verification(Verification::new("github"));
    });
    let (_, _, body) = answer(quota(), &verified);
    let document: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(document["violated-policies"][0], name.as_str());
}

#[test]
fn the_record_is_told_and_its_id_is_the_instance() {
    let id = RequestId::generate(&Clock::system());
    let record = DeliveryRecord::new(id);
    let request = parts(|request| {
        Facts::of_mut(request.extensions_mut()).set_record(record.clone());
    });
    let refused = rejection(Reason::RateLimited).with_quota(Name::from_static("network"));
    let (_, _, body) = answer(refused, &request);
    assert!(body.contains(&format!(r#""instance":"urn:uuid:{id}""#)));
    assert_eq!(
        record.refusal(),
        Some((Reason::RateLimited, Check::Signature))
    );
    assert_eq!(record.quota().map(Name::as_str), Some("network"));
}
