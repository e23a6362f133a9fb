//! 1, 2, 4, 5: what the handler reads is what was signed, exactly, under a configured secret.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64ct::{Base64, Encoding as _};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Version};
use http_body_util::BodyExt as _;
use proptest::{collection::vec, prelude::*, sample::Index};
use webhook_layers::{
    KeyRing, Preset, Scheme, Secret, SignRequest, Verifier, WebhookLayers, presets,
    signature::Primitive,
};
use webhook_tests::stand::{Ledger, NOW, ScriptedBody, Sender, Stand, poll_once};

use crate::{generous, judged, request, value};

// ---- 1 ----

/// One change to a delivery that was signed.
#[derive(Clone, Copy, Debug)]
enum Change {
    BodyByte,
    BodyLonger,
    BodyShorter,
    Id,
    Time,
    TagByte,
    TagLonger,
    TagShorter,
    Label,
    Secret,
}

const CHANGES: [Change; 10] = [
    Change::BodyByte,
    Change::BodyLonger,
    Change::BodyShorter,
    Change::Id,
    Change::Time,
    Change::TagByte,
    Change::TagLonger,
    Change::TagShorter,
    Change::Label,
    Change::Secret,
];

/// Applies a change to body and headers; `flip` is not 0.
fn apply(change: Change, at: Index, flip: u8, body: &mut Vec<u8>, headers: &mut HeaderMap) {
    let tag = headers["webhook-signature"].to_str().unwrap();
    let mut tag = Base64::decode_vec(tag.strip_prefix("v1,").unwrap()).unwrap();
    let mut label = "v1";
    match change {
        Change::BodyByte => *at.get_mut(body) ^= flip,
        Change::BodyLonger => body.insert(at.index(body.len() + 1), flip),
        Change::BodyShorter => drop(body.remove(at.index(body.len()))),
        Change::Id => {
            let mut id = headers["webhook-id"].as_bytes().to_vec();
            let place = at.get_mut(&mut id);
            *place = if *place == b'x' { b'y' } else { b'x' };
            headers.insert("webhook-id", value(id));
        }
        Change::Time => {
            // Still fresh.
            let seconds = NOW.unix_seconds() + i64::from(flip);
            headers.insert("webhook-timestamp", seconds.into());
        }
        Change::TagByte => *at.get_mut(&mut tag) ^= flip,
        Change::TagLonger => tag.push(flip),
        Change::TagShorter => tag.truncate(at.index(tag.len())),
        Change::Label => label = ["v2", "V1", "v1a", "v", ""][at.index(5)],
        Change::Secret => {
            let other = "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhlc2UgdGVz";
            let other = Sender::with(presets::STANDARD_WEBHOOKS.scheme(), other);
            return headers.extend(other.headers(body, NOW));
        }
    }
    let tag = format!("{label},{}", Base64::encode_string(&tag));
    headers.insert("webhook-signature", value(tag));
}

#[test]
fn promise_01_nothing_reaches_the_handler_without_exact_verification() {
    let stand = Stand::with(generous);
    let calls = AtomicUsize::new(0);
    let changes = proptest::sample::select(CHANGES.to_vec());
    proptest!(|(
        mut body in vec(any::<u8>(), 1..300),
        change in changes,
        at in any::<Index>(),
        flip in 1_u8..=255,
    )| {
        let mut headers = Sender::new().headers(&body, NOW);
        let genuine = request(headers.clone(), ScriptedBody::new(body.clone()));
        prop_assert_eq!(judged(&stand, genuine), (200, "ok"));
        let due = calls.fetch_add(1, Ordering::Relaxed) + 1;
        prop_assert_eq!(stand.calls(), due);

        apply(change, at, flip, &mut body, &mut headers);
        let (status, _) = judged(&stand, request(headers, ScriptedBody::new(body)));
        prop_assert_eq!(status, 401);
        prop_assert_eq!(stand.calls(), due, "the handler ran");
        prop_assert!(!stand.ledger.last().is_verified);
    });
}

// ---- 2 ----

/// A secret that every encoding takes.
const HEX: &str = "0123456789abcdef0123456789abcdef";

/// The preset's scheme, with all that the receiver must say.
fn configured(preset: &Preset) -> Scheme {
    let scheme = preset.scheme();
    let scheme = scheme.with_base_url("https://hooks.example.com").unwrap();
    if scheme.signature_place().contains("your choice") {
        return scheme.with_signature_header(HeaderName::from_static("x-secret"));
    }
    scheme
}

/// A receiver of this preset, where it verifies by a shared secret.
fn receiver(preset: &Preset) -> Option<(Stand, Verifier)> {
    let scheme = configured(preset);
    let keys = KeyRing::new("test", Secret::new(HEX).unwrap()).unwrap();
    let verifier = Verifier::new(scheme.clone(), keys).ok()?;
    let ledger = Ledger::default();
    let stand = Stand::of(ledger.clone(), |clock| {
        let builder = WebhookLayers::builder(scheme).secret("test", Secret::new(HEX));
        builder.clock(clock).audit(ledger)
    });
    Some((stand, verifier))
}

/// The headers that this provider signs a delivery with, where the signature stands in a header.
fn signed(verifier: &Verifier, body: &[u8]) -> Option<HeaderMap> {
    let sign = SignRequest::new(body, NOW).with_target("/webhooks");
    let sign = if verifier.scheme().covers_id() {
        sign.with_id("msg_2Lh9KRb0pzN4LePd3XiA4v12Axj")
    } else {
        sign
    };
    let headers = verifier.sign(&sign).ok()?.into_iter().collect();
    verifier.scheme().signature_header().map(|_| headers)
}

#[test]
fn promise_02_a_missing_empty_or_repeated_credential_is_a_denial() {
    let (mut presets, mut headers_tried) = (0, 0);
    for preset in presets::all() {
        let Some((stand, verifier)) = receiver(preset) else {
            continue;
        };
        presets += 1;
        let name = preset.name();
        let refused = |headers: HeaderMap, what: &str| {
            let (status, _) = judged(&stand, request(headers, ScriptedBody::new("{}")));
            assert!(matches!(status, 400 | 401), "{name}: {what}: {status}");
        };
        refused(HeaderMap::new(), "nothing");
        let Some(headers) = signed(&verifier, b"{}") else {
            continue;
        };
        // What its provider sends is something else than `{}`; the crate's own tests have it.
        if judged(&stand, request(headers.clone(), ScriptedBody::new("{}"))).0 != 200 {
            continue;
        }
        let calls = stand.calls();
        for (header, value) in &headers {
            headers_tried += 1;
            let mut changed = headers.clone();
            changed.remove(header);
            refused(changed.clone(), "one is missing");
            changed.insert(header, HeaderValue::from_static(""));
            refused(changed, "one is empty");
            // Its documentation says that the header may stand several times.
            if name != "mollie-next-gen" {
                let mut changed = headers.clone();
                changed.append(header, value.clone());
                refused(changed, "one stands twice");
            }
        }
        assert_eq!(stand.calls(), calls, "{name}: the handler ran");
    }
    // So that nothing of the registry falls out of the walk unnoticed.
    assert!(presets >= 100, "{presets} presets");
    assert!(headers_tried >= 120, "{headers_tried} headers");
}

// ---- 4 ----

#[test]
fn promise_04_the_algorithm_comes_from_configuration_alone() {
    let scheme = |primitive| {
        let builder = Scheme::builder("attune", primitive);
        let builder = builder.header("x-signature").prefix("sha256=");
        builder.build().unwrap()
    };
    let primitives = [
        Primitive::HmacSha1,
        Primitive::HmacSha256,
        Primitive::HmacSha384,
        Primitive::HmacSha512,
    ];
    let secret = "a secret of more than enough bytes";
    let ledger = Ledger::default();
    let stand = Stand::of(ledger.clone(), |clock| {
        let builder = WebhookLayers::builder(scheme(Primitive::HmacSha256));
        let setup = builder.secret("test", Secret::new(secret)).clock(clock);
        generous(setup.audit(ledger))
    });
    let labels = prop_oneof![
        proptest::sample::select(vec![
            "sha256=", "sha1=", "sha384=", "sha512=", "SHA256=", "sha256", "md5=", "none=", "",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z0-9]{0,8}[=,:]?",
    ];
    proptest!(|(
        label in labels,
        primitive in proptest::sample::select(primitives.to_vec()),
        body in "[ -~]{0,40}",
    )| {
        let headers = Sender::with(scheme(primitive), secret).headers(body.as_bytes(), NOW);
        let signature = headers["x-signature"].to_str().unwrap();
        let digits = signature.strip_prefix("sha256=").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-signature", value(format!("{label}{digits}")));
        let calls = stand.calls();
        let (status, _) = judged(&stand, request(headers, ScriptedBody::new(body)));
        let is_configured = label == "sha256=" && primitive == Primitive::HmacSha256;
        prop_assert_eq!(status, if is_configured { 200 } else { 401 });
        prop_assert_eq!(stand.calls() - calls, usize::from(is_configured));
    });
}

// ---- 5 ----

#[test]
fn promise_05_the_handler_sees_the_bytes_that_were_signed_once() {
    let stand = Stand::with(generous);
    proptest!(|(
        body in vec(any::<u8>(), 0..3000),
        size in 1_usize..1200,
        is_http2: bool,
    )| {
        let content = Bytes::from(body);
        let headers = Sender::new().headers(&content, NOW);
        let calls = stand.calls();

        // In pieces: the same bytes, whatever the pieces were.
        let mut pieces = request(headers.clone(), ScriptedBody::chunked(content.clone(), size));
        if is_http2 {
            *pieces.version_mut() = Version::HTTP_2;
        }
        let answer = poll_once(stand.send(pieces)).expect("an answer at once");
        prop_assert_eq!(answer.status(), 200);
        let echo = poll_once(answer.into_body().collect()).unwrap().unwrap().to_bytes();
        prop_assert_eq!(&echo, &content);

        // In one piece: the same memory.
        let whole = request(headers, ScriptedBody::new(content.clone()));
        let answer = poll_once(stand.send(whole)).expect("an answer at once");
        let echo = poll_once(answer.into_body().collect()).unwrap().unwrap().to_bytes();
        prop_assert_eq!(&echo, &content);
        prop_assert!(content.is_empty() || echo.as_ptr() == content.as_ptr(), "a copy");
        prop_assert_eq!(stand.calls() - calls, 2);
        let recorded = stand.ledger.last().body_bytes;
        prop_assert_eq!(recorded, Some(content.len() as u64));
    });
}
