//! Broken senders and receivers, each with one right diagnosis.

use std::io::Write as _;

use http::{HeaderName, HeaderValue, Request, request::Parts};
use proptest::prelude::*;
use webhook_core::{Secret, Timestamp};

use super::{Cause, Explainer, MAX_BODY};
use crate::{
    Encoding, KeyRing, Preset, Primitive, Scheme, SecretEncoding, SignRequest, Verifier, presets,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const SECRET: &str = "current-secret-0123456789abcdef";
const BODY: &[u8] = br#"{"action":"opened","number":1,"title":"Zo\u00eb"}"#;

fn keys(text: &str) -> KeyRing {
    KeyRing::from(Secret::insecure_short(text).unwrap())
}

fn sent(scheme: impl Into<Scheme>, keys: KeyRing, body: &[u8]) -> Parts {
    sent_at(scheme, keys, body, NOW)
}

fn sent_at(scheme: impl Into<Scheme>, keys: KeyRing, body: &[u8], at: Timestamp) -> Parts {
    let verifier = Verifier::new(scheme.into(), keys).unwrap();
    let mut request = Request::post("/").body(()).unwrap();
    let sign = SignRequest::new(body, at).with_id("msg_1");
    for (name, value) in verifier.sign(&sign).unwrap() {
        request.headers_mut().insert(name, value);
    }
    request.into_parts().0
}

fn explained(preset: &Preset, parts: &Parts, body: &[u8]) -> Vec<Cause> {
    Explainer::new(preset, keys(SECRET)).explain(parts, body, NOW)
}

/// What is said of a body that was signed as one thing and received as another.
fn of_body(signed: &[u8], received: &[u8]) -> Vec<Cause> {
    let parts = sent(&presets::GITHUB, keys(SECRET), signed);
    explained(&presets::GITHUB, &parts, received)
}

#[test]
fn a_delivery_that_verifies_has_no_cause() {
    assert_eq!(of_body(BODY, BODY), []);
}

#[test]
fn bodies_that_changed_on_the_way() {
    let with_newline = [BODY, b"\n"].concat();
    assert_eq!(of_body(BODY, &with_newline), [Cause::NewlineAdded]);
    assert_eq!(of_body(&with_newline, BODY), [Cause::NewlineRemoved]);
    assert_eq!(of_body(b"{\r\n}", b"{\n}"), [Cause::CrlfBecameLf]);
    assert_eq!(
        of_body(b"[\n1\n,2]", b"[\r\n1\r\n,2]"),
        [Cause::LfBecameCrlf]
    );
    let with_bom = [b"\xef\xbb\xbf", BODY].concat();
    assert_eq!(of_body(BODY, &with_bom), [Cause::BomAdded]);
    assert_eq!(of_body(&with_bom, BODY), [Cause::BomRemoved]);
    let pretty = b"{\n  \"action\": \"opened\",\n  \"number\": 1,\n  \"title\": \"Zo\xc3\xab\"\n}";
    assert_eq!(of_body(BODY, pretty), [Cause::JsonRewritten]);
    let form = b"payload=%7B%22a%22%3A+1%7D";
    assert_eq!(of_body(form, br#"{"a": 1}"#), [Cause::FormDecoded]);
    assert_eq!(
        of_body(br#"{"a": 1}"#, form),
        [Cause::FormField("payload".into())]
    );
}

#[test]
fn a_body_that_was_compressed_after_it_was_signed() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(BODY).unwrap();
    assert_eq!(of_body(BODY, &gzip.finish().unwrap()), [Cause::Compressed]);
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(BODY).unwrap();
    assert_eq!(of_body(BODY, &zlib.finish().unwrap()), [Cause::Compressed]);
}

#[test]
fn a_body_that_is_larger_than_any_is_not_looked_at() {
    let body = vec![b'x'; MAX_BODY];
    let received = [&body[..], b"\n"].concat();
    assert_eq!(of_body(&body, &received), []);
}

#[test]
fn secrets_that_become_the_key_otherwise() {
    let hex = "63757272656e742d7365637265742d30";
    let scheme = presets::GITHUB
        .scheme()
        .with_secret_encoding(SecretEncoding::Hex);
    let parts = sent(scheme, keys(hex), BODY);
    let causes = Explainer::new(&presets::GITHUB, keys(hex)).explain(&parts, BODY, NOW);
    assert_eq!(causes, [Cause::SecretEncoding(SecretEncoding::Hex)]);

    let parts = sent(&presets::GITHUB, keys(SECRET), BODY);
    let padded = Explainer::new(&presets::GITHUB, keys(&format!(" {SECRET}\t")));
    assert_eq!(padded.explain(&parts, BODY, NOW), [Cause::SecretPadded]);

    let echoed = const_hex::encode(format!("{SECRET}\n"));
    let scheme = presets::GITHUB
        .scheme()
        .with_secret_encoding(SecretEncoding::Hex);
    let parts = sent(scheme, keys(&echoed), BODY);
    assert_eq!(
        explained(&presets::GITHUB, &parts, BODY),
        [Cause::SecretNewline]
    );

    let whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let scheme = presets::SVIX
        .scheme()
        .with_secret_encoding(SecretEncoding::Raw);
    let parts = sent(scheme, keys(whsec), BODY);
    let causes = Explainer::new(&presets::SVIX, keys(whsec)).explain(&parts, BODY, NOW);
    assert_eq!(causes, [Cause::SecretEncoding(SecretEncoding::Raw)]);
}

#[test]
fn a_secret_that_is_not_in_use_any_more() {
    let parts = sent(
        &presets::GITHUB,
        keys("retired-secret-0123456789abcdef"),
        BODY,
    );
    let explainer = Explainer::new(&presets::GITHUB, keys(SECRET));
    assert_eq!(explainer.explain(&parts, BODY, NOW), []);
    let retired = Secret::new("retired-secret-0123456789abcdef").unwrap();
    let retired = keys("another-secret-0123456789abcdef").with("2026-q3", retired);
    let explainer = explainer.with_retired(retired.unwrap());
    let expected = [Cause::RetiredSecret("2026-q3".into())];
    assert_eq!(explainer.explain(&parts, BODY, NOW), expected);
}

/// A delivery whose signature's header is changed before it is received.
fn changed(change: impl FnOnce(&str) -> String) -> Parts {
    let mut parts = sent(&presets::GITHUB, keys(SECRET), BODY);
    let name = presets::GITHUB.scheme().signature_header().unwrap().clone();
    let value = change(parts.headers[&name].to_str().unwrap());
    parts
        .headers
        .insert(name, HeaderValue::try_from(value).unwrap());
    parts
}

#[test]
fn signatures_that_are_labelled_or_written_otherwise() {
    let swapped = changed(|value| value.replace("sha256=", "sha1="));
    assert_eq!(explained(&presets::GITHUB, &swapped, BODY), [Cause::Label]);
    let bare = changed(|value| value.replace("sha256=", ""));
    assert_eq!(explained(&presets::GITHUB, &bare, BODY), [Cause::Label]);
    let upper = changed(|value| value.to_uppercase().replace("SHA256=", "sha256="));
    let expected = [Cause::Encoding(Encoding::HexAnyCase)];
    assert_eq!(explained(&presets::GITHUB, &upper, BODY), expected);
}

#[test]
fn signatures_of_another_algorithm_or_in_another_header() {
    let acme = Scheme::builder("acme", Primitive::HmacSha512).header("x-acme-signature");
    let parts = sent(acme.build().unwrap(), keys(SECRET), BODY);
    let acme = Scheme::hmac_sha256("acme")
        .header("x-acme-signature")
        .build()
        .unwrap();
    let causes = Explainer::new(acme, keys(SECRET)).explain(&parts, BODY, NOW);
    assert_eq!(causes, [Cause::Algorithm(Primitive::HmacSha512)]);

    let mut parts = sent(&presets::GITHUB, keys(SECRET), BODY);
    let value = parts.headers.remove("x-hub-signature-256").unwrap();
    parts
        .headers
        .insert(HeaderName::from_static("x-proxied-signature"), value);
    let expected = [Cause::OtherHeader("x-proxied-signature".into())];
    assert_eq!(explained(&presets::GITHUB, &parts, BODY), expected);
}

#[test]
fn clocks_that_differ() {
    for seconds in [-4000, 4000] {
        let at = Timestamp::from_unix_seconds(NOW.unix_seconds() - seconds);
        let parts = sent_at(&presets::SLACK, keys(SECRET), BODY, at);
        let expected = [Cause::Clock {
            seconds_behind: seconds,
        }];
        assert_eq!(explained(&presets::SLACK, &parts, BODY), expected);
    }
}

#[test]
fn deliveries_of_another_provider() {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let received = |preset, at: &Preset| {
        let parts = sent(preset, keys(SECRET), BODY);
        explained(at, &parts, BODY)
    };
    let slack = received(&presets::SLACK, &presets::STRIPE);
    assert_eq!(slack, [Cause::OtherProvider(names(&["slack"]))]);
    // Said once, although the header is another one, too.
    let gitea = received(&presets::GITEA, &presets::GITHUB);
    assert_eq!(gitea, [Cause::OtherProvider(names(&["gitea"]))]);
    let meta = received(&presets::META, &presets::SLACK);
    let alike = names(&["github", "meta", "whatsapp"]);
    assert_eq!(meta, [Cause::OtherProvider(alike)]);
}

#[test]
fn a_forgery_has_no_cause_and_nothing_prints_a_secret() {
    let parts = sent(&presets::GITHUB, keys("a stranger's secret"), BODY);
    let explainer = Explainer::new(&presets::GITHUB, keys(SECRET));
    assert_eq!(explainer.explain(&parts, BODY, NOW), []);
    assert!(!format!("{explainer:?}").contains(SECRET));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_delivery_is_survived(
        header in proptest::collection::vec(any::<u8>(), 0..80),
        body in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut parts = sent(&presets::STRIPE, keys(SECRET), BODY);
        if let Ok(value) = HeaderValue::from_bytes(&header) {
            parts.headers.insert("stripe-signature", value);
            prop_assert_eq!(explained(&presets::STRIPE, &parts, &body), []);
        }
    }
}
