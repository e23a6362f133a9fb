//! Fourteen broken senders and receivers, for presets of each family of HMAC: every one gets the one
//! right diagnosis, and no other.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

use std::io::Write as _;

use http::{HeaderValue, Request, request::Parts};
use webhook_core::{Secret, Timestamp};
use webhook_signature::{
    KeyRing, Preset, Scheme, SecretEncoding, SignRequest, Verifier,
    explain::{Cause, Explainer},
    presets,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const BODY: &[u8] = b"{\"action\":\"opened\",\r\n\"number\":1}";
const RETIRED: &str = "whsec_cmV0aXJlZC1zZWNyZXQtMDEyMzQ1Njc4OQ==";

/// One of each family: hexadecimal behind a label, bare base64, a list with the timestamp, a
/// timestamp in a header of its own, and `whsec_`.
static FAMILIES: [&Preset; 5] = [
    &presets::GITHUB,
    &presets::SHOPIFY,
    &presets::STRIPE,
    &presets::SLACK,
    &presets::SVIX,
];

/// A secret that each of the encodings can decode, and the way in which a sender mistakes it.
fn secret(preset: &Preset) -> (&'static str, SecretEncoding) {
    match preset.scheme().secret_encoding() {
        SecretEncoding::Whsec => (
            "whsec_Y3VycmVudC1zZWNyZXQtMDEyMzQ1Njc4OQ==",
            SecretEncoding::Raw,
        ),
        _ if preset.name() == "shopify" => (
            "Y3VycmVudC1zZWNyZXQtMDEyMzQ1Njc4OQ==",
            SecretEncoding::Base64,
        ),
        _ => ("63757272656e742d7365637265742d30", SecretEncoding::Hex),
    }
}

fn keys(text: &str) -> KeyRing {
    KeyRing::from(Secret::new(text).unwrap())
}

/// A delivery as its sender made it.
#[derive(Clone)]
struct Sent {
    preset: &'static Preset,
    parts: Parts,
    body: Vec<u8>,
}

impl Sent {
    fn new(preset: &'static Preset, body: &[u8]) -> Self {
        Self::signed(preset, preset.scheme(), secret(preset).0, body, NOW)
    }

    fn signed(
        preset: &'static Preset,
        scheme: Scheme,
        secret: &str,
        body: &[u8],
        at: Timestamp,
    ) -> Self {
        let verifier = Verifier::new(scheme, keys(secret)).unwrap();
        let mut request = Request::post("/").body(()).unwrap();
        let sign = SignRequest::new(body, at).with_id("msg_1");
        for (name, value) in verifier.sign(&sign).unwrap() {
            request.headers_mut().insert(name, value);
        }
        let (parts, ()) = request.into_parts();
        let body = body.to_vec();
        Self {
            preset,
            parts,
            body,
        }
    }

    fn received_as(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The delivery with the signature's header written otherwise.
    fn labelled(mut self, change: impl FnOnce(&str) -> String) -> Self {
        let scheme = self.preset.scheme();
        let name = scheme.signature_header().unwrap();
        let value = change(self.parts.headers[name].to_str().unwrap());
        let value = HeaderValue::try_from(value).unwrap();
        self.parts.headers.insert(name, value);
        self
    }

    /// The delivery with the signature in another header.
    fn moved(mut self) -> Self {
        let scheme = self.preset.scheme();
        let name = scheme.signature_header().unwrap();
        let value = self.parts.headers.remove(name).unwrap();
        self.parts.headers.insert("x-proxied-signature", value);
        self
    }

    fn explained(&self) -> Vec<Cause> {
        let explainer = Explainer::new(self.preset, keys(secret(self.preset).0));
        let retired = KeyRing::new("2026-q3", Secret::new(RETIRED).unwrap()).unwrap();
        let explainer = explainer.with_retired(retired);
        explainer.explain(&self.parts, &self.body, NOW)
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(body).unwrap();
    gzip.finish().unwrap()
}

/// The mistakes that a body shows.
fn of_bodies(preset: &'static Preset) -> Vec<(Sent, Cause)> {
    let bom = [b"\xef\xbb\xbf", BODY].concat();
    let newline = [BODY, b"\n"].concat();
    let lf = b"{\"action\":\"opened\",\n\"number\":1}";
    let pretty = b"{\n  \"action\": \"opened\",\n  \"number\": 1\n}";
    let compact = b"{\"action\":\"opened\",\"number\":1}";
    let form = b"payload=%7B%22a%22%3A+1%7D";
    let sent = |signed: &[u8], received: &[u8]| Sent::new(preset, signed).received_as(received);
    vec![
        (sent(BODY, &newline), Cause::NewlineAdded),
        (sent(&newline, BODY), Cause::NewlineRemoved),
        (sent(BODY, lf), Cause::CrlfBecameLf),
        (sent(lf, BODY), Cause::LfBecameCrlf),
        (sent(BODY, &bom), Cause::BomAdded),
        (sent(&bom, BODY), Cause::BomRemoved),
        (sent(compact, pretty), Cause::JsonRewritten),
        (sent(form, b"{\"a\": 1}"), Cause::FormDecoded),
        (sent(BODY, &gzip(BODY)), Cause::Compressed),
    ]
}

/// The mistakes that the body does not show.
fn of_senders(preset: &'static Preset) -> Vec<(Sent, Cause)> {
    let (text, encoding) = secret(preset);
    let scheme = preset.scheme();
    let other = scheme.clone().with_secret_encoding(encoding);
    let mislabelled = Sent::new(preset, BODY).labelled(|value| match preset.name() {
        "github" => value.replace("sha256=", "sha1="),
        "stripe" => value.replace("v1=", "v0="),
        "slack" => value.replace("v0=", "v1="),
        "svix" => value.replace("v1,", "v2,"),
        _ => format!("sha256={value}"),
    });
    let mut senders = vec![
        (
            Sent::signed(preset, other, text, BODY, NOW),
            Cause::SecretEncoding(encoding),
        ),
        (
            Sent::signed(preset, scheme.clone(), RETIRED, BODY, NOW),
            Cause::RetiredSecret("2026-q3".into()),
        ),
        (mislabelled, Cause::Label),
        (
            Sent::new(preset, BODY).moved(),
            Cause::OtherHeader("x-proxied-signature".into()),
        ),
    ];
    if scheme.covers_timestamp() {
        let late = Timestamp::from_unix_seconds(NOW.unix_seconds() - 4000);
        senders.push((
            Sent::signed(preset, scheme, text, BODY, late),
            Cause::Clock {
                seconds_behind: 4000,
            },
        ));
    }
    senders
}

#[test]
fn every_broken_sender_gets_the_one_right_diagnosis() {
    let mut wrong = Vec::new();
    for preset in FAMILIES {
        assert_eq!(Sent::new(preset, BODY).explained(), [], "{preset:?}");
        let senders = [of_bodies(preset), of_senders(preset)].concat();
        assert!(senders.len() >= 13);
        for (sent, cause) in senders {
            let explained = sent.explained();
            if explained != [cause.clone()] {
                let name = preset.name();
                wrong.push(format!("{name}: {cause:?}, not {explained:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
