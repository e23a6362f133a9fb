//! 20, 33: refusals are all alike, and no input is a panic.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use proptest::{collection::vec, prelude::*};
use webhook_layers::{Problem, Reason, Rejection, core::Check};
use webhook_tests::stand::{End, NOW, ScriptedBody, Sender, Setup, Stand, poll_once};

use crate::{CLIENT, generous, judged, request, value};

// ---- 33 ----

/// Everything of a response that goes over the wire, but for the number of its own record.
fn wire(response: Response<Full<Bytes>>) -> (StatusCode, Vec<(String, Bytes)>, String) {
    let (head, body) = response.into_parts();
    let mut headers: Vec<_> = (head.headers.iter())
        .map(|(name, value)| (name.to_string(), Bytes::copy_from_slice(value.as_bytes())))
        .collect();
    headers.sort();
    let body = poll_once(body.collect()).unwrap().unwrap().to_bytes();
    let mut body = String::from_utf8(body.to_vec()).unwrap();
    if let Some(start) = body.find("urn:uuid:") {
        body.replace_range(start..start + "urn:uuid:".len() + 36, "urn:uuid:…");
    }
    (head.status, headers, body)
}

/// What makes a good delivery a bad one: the reason, the stack, the change.
type Denial = (
    &'static str,
    fn(Setup) -> Setup,
    fn(&mut Request<ScriptedBody>),
);

fn set(request: &mut Request<ScriptedBody>, name: &'static str, text: &str) {
    request.headers_mut().insert(name, value(text));
}

const AS_IT_IS: fn(Setup) -> Setup = |setup| setup;

fn denials() -> Vec<Denial> {
    vec![
        // 401: how close a forgery came shows nowhere.
        ("signature_missing", AS_IT_IS, |it| {
            drop(it.headers_mut().remove("webhook-signature"));
        }),
        ("signature_missing", AS_IT_IS, |it| {
            set(it, "webhook-signature", "");
        }),
        ("signature_malformed", AS_IT_IS, |it| {
            set(it, "webhook-signature", "v1,%%%");
        }),
        ("signature_malformed", AS_IT_IS, |it| {
            set(it, "webhook-signature", "v1,AAAA");
        }),
        ("signature_mismatch", AS_IT_IS, |it| {
            *it = Sender::forgery(CLIENT, "{}");
        }),
        ("signature_mismatch", AS_IT_IS, |it| {
            *it.body_mut() = ScriptedBody::new("{ }");
        }),
        ("signature_mismatch", AS_IT_IS, |it| {
            *it.body_mut() = ScriptedBody::new("[]");
        }),
        ("signature_duplicate_header", AS_IT_IS, |it| {
            let again = it.headers()["webhook-signature"].clone();
            it.headers_mut().append("webhook-signature", again);
        }),
        ("too_many_signatures", AS_IT_IS, |it| {
            let again = it.headers()["webhook-signature"]
                .to_str()
                .unwrap()
                .to_owned();
            set(it, "webhook-signature", &vec![again; 17].join(" "));
        }),
        ("timestamp_missing", AS_IT_IS, |it| {
            drop(it.headers_mut().remove("webhook-timestamp"));
        }),
        ("timestamp_malformed", AS_IT_IS, |it| {
            set(it, "webhook-timestamp", "yesterday");
        }),
        ("timestamp_too_old", AS_IT_IS, |it| {
            set(it, "webhook-timestamp", "1699999699");
        }),
        ("timestamp_in_future", AS_IT_IS, |it| {
            set(it, "webhook-timestamp", "1700000301");
        }),
        ("id_missing", AS_IT_IS, |it| {
            drop(it.headers_mut().remove("webhook-id"));
        }),
        ("id_malformed", AS_IT_IS, |it| set(it, "webhook-id", "a b")),
        // 403: nor does which list somebody is on.
        ("ip_denied", |setup| setup.deny(["203.0.113.0/24"]), |_| {}),
        ("ip_denied", |setup| setup.allow(["192.0.2.1"]), |_| {}),
        ("ip_unresolved", AS_IT_IS, |it| it.extensions_mut().clear()),
        ("https_required", |setup| setup.require_https(), |_| {}),
        // 413: nor whether the length was declared.
        ("body_too_large", |setup| setup.max_body(1), |_| {}),
        (
            "body_too_large",
            |setup| setup.max_body(1),
            |it| {
                *it.body_mut() = ScriptedBody::chunked("{}", 1);
            },
        ),
        // 400
        ("body_incomplete", AS_IT_IS, |it| {
            *it.body_mut() = ScriptedBody::new("{").ending(End::Broken);
        }),
        ("body_incomplete", AS_IT_IS, |it| {
            *it.body_mut() = ScriptedBody::chunked("{}", 1).declaring(3);
        }),
        // 415, 405
        ("encoding_unsupported", AS_IT_IS, |it| {
            set(it, "content-encoding", "gzip");
        }),
        ("encoding_unsupported", AS_IT_IS, |it| {
            set(it, "content-encoding", "br");
        }),
        ("method_not_allowed", AS_IT_IS, |it| {
            *it.method_mut() = Method::PUT;
        }),
        ("method_not_allowed", AS_IT_IS, |it| {
            *it.method_mut() = Method::GET;
        }),
    ]
}

/// How a caller may want to be answered.
const FORMS: [(&str, &str); 4] = [
    ("accept", "application/json"),
    ("accept", "text/plain"),
    ("accept", "*/*"),
    ("content-type", "application/grpc"),
];

#[test]
fn promise_33_refusals_with_the_same_code_are_the_same_to_the_byte() {
    for (name, form) in FORMS {
        let mut known = BTreeMap::new();
        for (reason, setup, change) in denials() {
            let stand = Stand::with(setup);
            let mut delivery = Sender::new().delivery(CLIENT, "{}");
            change(&mut delivery);
            set(&mut delivery, name, form);
            let answer = poll_once(stand.send(delivery)).unwrap();
            let rejection = answer.extensions().get::<Rejection>().unwrap();
            assert_eq!(rejection.reason().as_str(), reason);
            let code = rejection.code().as_str();
            let answer = wire(answer);
            for text in ["signature", "timestamp", "tolerance", CLIENT, "secret"] {
                assert!(!answer.2.contains(text), "{reason}: {}", answer.2);
            }
            let first = known.entry(code).or_insert_with(|| answer.clone());
            assert_eq!(*first, answer, "{reason} as {form}");
        }
        assert_eq!(known.len(), 6, "{:?}", known.keys());
    }
}

/// The wording alone, for every reason of the vocabulary and every check that may give it.
#[test]
fn promise_33_no_reason_has_words_of_its_own() {
    let mut known = BTreeMap::new();
    for reason in Reason::ALL {
        let Some(code) = reason.code() else {
            continue;
        };
        for check in [Check::Signature, Check::Body, Check::Ip] {
            for (name, form) in FORMS {
                let request = Request::builder().header(name, form).body(()).unwrap();
                let (parts, ()) = request.into_parts();
                let answer = Rejection::new(reason, check).answer(&Problem::default(), &parts);
                let answer = wire(answer);
                let first = known
                    .entry((code.as_str(), form))
                    .or_insert_with(|| answer.clone());
                assert_eq!(*first, answer, "{reason} by {check}");
            }
        }
    }
    assert!(known.len() >= 4 * 13, "{} answers", known.len());
}

// ---- 20 ----

/// Headers that something in the stack reads, and one that nothing does.
const READ: [&str; 16] = [
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "svix-timestamp",
    "svix-signature",
    "x-forwarded-for",
    "x-forwarded-proto",
    "forwarded",
    "x-real-ip",
    "content-type",
    "content-encoding",
    "accept",
    "user-agent",
    "traceparent",
    "x-other",
];

/// Parsers by themselves have fuzz targets in `fuzz/`; this is the way that a request takes.
#[test]
fn promise_20_no_request_makes_the_stack_panic() {
    let stand = Stand::with(|setup| {
        let setup = generous(setup).trusted_proxies(["203.0.113.0/24"]);
        setup.deny(["198.51.100.0/24"]).require_https().max_body(64)
    });
    let texts = prop_oneof![
        vec(
            prop_oneof![Just(b'\t'), 0x20_u8..0x7f, 0x80_u8..=0xff],
            0..60
        ),
        "[0-9a-f.:,;=\" v+/-]{0,40}".prop_map(String::into_bytes),
        "(v1,|v1a,|application/grpc|for=|https|gzip|-?[0-9]{1,22}| |,)*"
            .prop_map(String::into_bytes),
    ];
    // Most get as far as they can.
    let method = prop_oneof![
        4 => Just(Method::POST),
        1 => proptest::sample::select(vec![Method::GET, Method::HEAD, Method::OPTIONS, Method::CONNECT]),
    ];
    proptest!(ProptestConfig::with_cases(500), |(
        is_signed: bool,
        headers in vec((0..READ.len(), texts, any::<bool>()), 0..10),
        method in method,
        path in "/[!-~&&[^#<>\\[\\]\\\\^`{|}\"]]{0,30}",
        body in vec(any::<u8>(), 0..80),
        size in 1_usize..40,
        end in proptest::sample::select(vec![End::Whole, End::Broken]),
    )| {
        let signed = if is_signed { Sender::new().headers(&body, NOW) } else { HeaderMap::new() };
        let body = ScriptedBody::chunked(body, size).ending(end);
        let mut hostile = request(signed, body);
        set(&mut hostile, "x-forwarded-for", "192.0.2.9");
        set(&mut hostile, "x-forwarded-proto", "https");
        for (name, text, replaces) in headers {
            let name = HeaderName::from_static(READ[name]);
            if replaces {
                hostile.headers_mut().insert(name, value(text));
            } else {
                hostile.headers_mut().append(name, value(text));
            }
        }
        *hostile.method_mut() = method;
        if let Ok(uri) = path.parse() {
            *hostile.uri_mut() = uri;
        }
        let before = stand.ledger.count();
        let (_, reason) = judged(&stand, hostile);
        prop_assert_ne!(reason, "handler_panic");
        prop_assert_eq!(stand.ledger.count(), before + 1);
    });
}
