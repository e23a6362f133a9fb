//! What holds for every preset: what it signs verifies, and no changed delivery does.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

mod common;

use common::{
    delivery::{NOW, configured, now, receiver as verifier},
    parts, secret, signed_parts,
};
use http::{HeaderName, HeaderValue};
use proptest::{prelude::*, sample::Index};
use webhook_core::{Reason, Timestamp};
use webhook_signature::{Encoding, KeyRing, Kind, Preset, SignRequest, Stage, Verifier, presets};

/// A text that makes a key of 24 bytes or more under every preset.
fn key_text() -> impl Strategy<Value = String> {
    "[0-9a-f]{32}"
}

/// The presets that sign a body's bytes as they are, in a header.
fn signing() -> Vec<&'static Preset> {
    presets::all()
        .filter(|preset| matches!(preset.kind(), Kind::Hmac | Kind::Hash))
        .filter(|preset| preset.scheme().covers_body() && !AS_TEXT.contains(&preset.name()))
        .collect()
}

/// Those whose signatures stand elsewhere, or are those of a text that the body is changed into, or
/// that bind keys: `presets.rs` has deliveries of theirs.
const AS_TEXT: [&str; 15] = [
    "box",
    "contentful",
    "hygraph",
    "kontent-ai",
    "linear",
    "mandrill",
    "pandadoc",
    "plivo",
    "plivo-v1",
    "pusher",
    "trello",
    "twilio",
    "vonage-sms",
    "vonage-sms-sha512",
    // The header may be repeated, and its label left out.
    "mollie-next-gen",
];

fn any_preset() -> impl Strategy<Value = &'static Preset> {
    proptest::sample::select(signing())
}

/// The headers of a signed delivery; what no signature covers is left out.
fn signed(verifier: &Verifier, body: &[u8]) -> Vec<(HeaderName, HeaderValue)> {
    let request = SignRequest::new(body, now()).with_target("/webhook");
    let covers_id = verifier.scheme().covers_id();
    let request = if covers_id {
        request.with_id("msg_2Lh9KRb0pzN4LePd3XiA4v12Axj")
    } else {
        request
    };
    verifier.sign(&request).unwrap()
}

/// Whether a header with this byte in that place says the same: a digit of a signature in the other
/// case, where the provider takes either (`particulars.rs` has the sources).
fn says_the_same(
    preset: &Preset,
    (name, value): &(HeaderName, HeaderValue),
    at: usize,
    byte: u8,
) -> bool {
    let scheme = preset.scheme();
    let (value, is_digit) = (value.as_bytes(), u8::is_ascii_hexdigit);
    let digits = value.iter().rev().take_while(|byte| is_digit(byte)).count();
    scheme.encoding() == Encoding::HexAnyCase
        && scheme.signature_header() == Some(name)
        && at >= value.len() - digits
        && value[at].eq_ignore_ascii_case(&byte)
}

/// The body in pieces of these lengths, the rest at the end.
fn pieces<'b>(mut body: &'b [u8], lengths: &[usize]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    for length in lengths {
        let (piece, rest) = body.split_at((*length).min(body.len()));
        pieces.push(piece);
        body = rest;
    }
    pieces.push(body);
    pieces
}

proptest! {
    #[test]
    fn what_is_signed_verifies_however_it_arrives(
        preset in any_preset(),
        key in key_text(),
        body in proptest::collection::vec(any::<u8>(), 0..600),
        fed in proptest::collection::vec(0_usize..200, 0..6),
        kept in proptest::collection::vec(0_usize..200, 0..6),
    ) {
        let verifier = verifier(preset, &key);
        let parts = signed_parts(signed(&verifier, &body));
        let whole = verifier.verify(&parts, &body, now());
        prop_assert!(whole.is_ok(), "{}: {whole:?}", preset.name());

        let mut pending = verifier.begin(&parts, now()).unwrap();
        for piece in pieces(&body, &fed) {
            pending.update(piece);
        }
        prop_assert_eq!(pending.finish(pieces(&body, &kept)), whole);
    }

    #[test]
    fn another_body_is_refused(
        preset in any_preset(),
        key in key_text(),
        body in proptest::collection::vec(any::<u8>(), 1..300),
        at in any::<Index>(),
        flip in 1_u8..,
    ) {
        let verifier = verifier(preset, &key);
        let parts = signed_parts(signed(&verifier, &body));
        let at = at.index(body.len());
        let mut changed = body.clone();
        changed[at] ^= flip;
        let mut shorter = body.clone();
        shorter.remove(at);
        let mut longer = body.clone();
        longer.insert(at, flip);
        for other in [changed, shorter, longer] {
            if other != body {
                let refusal = verifier.verify(&parts, &other, now()).unwrap_err();
                prop_assert_eq!(refusal.reason(), Reason::SignatureMismatch);
                prop_assert_eq!(refusal.stage(), Stage::Body);
            }
        }
    }

    #[test]
    fn another_key_is_refused(preset in any_preset(), key in key_text(), other in key_text()) {
        prop_assume!(key != other);
        let parts = signed_parts(signed(&verifier(preset, &key), b"{}"));
        let refusal = verifier(preset, &other).verify(&parts, b"{}", now()).unwrap_err();
        prop_assert_eq!(refusal.reason(), Reason::SignatureMismatch);
    }

    #[test]
    fn a_header_with_another_byte_is_refused(
        preset in any_preset(),
        key in key_text(),
        header in any::<Index>(),
        at in any::<Index>(),
        byte in b' '..=b'~',
    ) {
        let verifier = verifier(preset, &key);
        let mut headers = signed(&verifier, b"{}");
        let header = header.index(headers.len());
        let mut value = headers[header].1.as_bytes().to_vec();
        let at = at.index(value.len());
        prop_assume!(value[at] != byte);
        let is_same = says_the_same(preset, &headers[header], at, byte);
        value[at] = byte;
        headers[header].1 = HeaderValue::from_bytes(&value).unwrap();
        let verdict = verifier.verify(&signed_parts(headers), b"{}", now());
        prop_assert_eq!(verdict.is_ok(), is_same, "{}: {}", preset.name(), String::from_utf8_lossy(&value));
    }

    #[test]
    fn a_missing_or_repeated_header_is_refused_by_the_headers(
        preset in any_preset(),
        key in key_text(),
        header in any::<Index>(),
        repeated: bool,
    ) {
        let verifier = verifier(preset, &key);
        let mut headers = signed(&verifier, b"{}");
        let header = headers.remove(header.index(headers.len()));
        if repeated {
            headers.extend([header.clone(), header]);
        }
        let refusal = verifier.verify(&signed_parts(headers), b"{}", now()).unwrap_err();
        prop_assert_eq!(refusal.stage(), Stage::Headers);
        let missing = matches!(
            refusal.reason(),
            Reason::SignatureMissing | Reason::TimestampMissing | Reason::IdMissing
        );
        prop_assert_eq!(refusal.reason() == Reason::SignatureDuplicateHeader, repeated);
        prop_assert_eq!(missing, !repeated);
    }

    #[test]
    fn a_signed_time_must_be_near(preset in any_preset(), key in key_text(), seconds: i64) {
        let verifier = verifier(preset, &key);
        let parts = signed_parts(signed(&verifier, b"{}"));
        let verdict = verifier.verify(&parts, b"{}", Timestamp::from_unix_seconds(seconds));
        let age = i128::from(seconds) - i128::from(NOW);
        let fresh = verifier.scheme().tolerance().is_none_or(|tolerance| {
            let within = |distance: i128, bound: Option<std::time::Duration>| {
                bound.is_none_or(|bound| distance <= i128::from(bound.as_secs()))
            };
            within(age, tolerance.past()) && within(-age, tolerance.future())
        });
        prop_assert_eq!(verdict.is_ok(), fresh);
    }

    #[test]
    fn no_request_panics(
        preset in proptest::sample::select(presets::all().filter(|preset| common::has_secret(preset)).collect::<Vec<_>>()),
        values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 3),
        body in proptest::collection::vec(any::<u8>(), 0..40),
        seconds: i64,
    ) {
        let scheme = configured(preset);
        let values: Vec<_> = values.iter().filter(|value| HeaderValue::from_bytes(value).is_ok()).collect();
        let names = [scheme.signature_header(), scheme.timestamp_header(), scheme.id_header()];
        let lines = names.iter().flatten().zip(values).map(|(name, value)| (name.as_str(), value.as_slice()));
        let verdict = verifier(preset, "0123456789abcdef0123456789abcdef").verify(
            &parts(lines),
            &body,
            Timestamp::from_unix_seconds(seconds),
        );
        prop_assert!(verdict.is_err());
    }

    #[test]
    fn every_key_of_a_ring_verifies_and_is_named(
        preset in any_preset(),
        keys in proptest::collection::hash_set(key_text(), 2..=16),
        signer in any::<Index>(),
        body in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let keys: Vec<_> = keys.into_iter().collect();
        let mut ring = KeyRing::new("key-0", secret(&*keys[0])).unwrap();
        for (n, key) in keys.iter().enumerate().skip(1) {
            ring = ring.with(format!("key-{n}"), secret(&**key)).unwrap();
        }
        let receiver = Verifier::new(configured(preset), ring).unwrap();
        let signer = signer.index(keys.len());
        let parts = signed_parts(signed(&verifier(preset, &keys[signer]), &body));
        let mut pending = receiver.begin(&parts, now()).unwrap();
        pending.update(&body);
        let verification = pending.finish([body.as_slice()]).unwrap();
        prop_assert_eq!(verification.secret_id().unwrap().as_str(), format!("key-{signer}"));
    }
}
