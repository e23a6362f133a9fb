//! What several tests share: requests, and the vectors as they stand in a file.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]
#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod delivery;

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use http::{HeaderName, HeaderValue, Request, request::Parts};
use serde_json::Value;
use webhook_core::{Secret, Timestamp};
use webhook_signature::{KeyRing, Preset, Scheme, SecretEncoding, Tolerance, Verifier, presets};

/// A secret of any length.
pub(crate) fn secret(text: impl Into<Vec<u8>>) -> Secret {
    Secret::insecure_short(text).unwrap()
}

/// The head of a request with these headers, a name as often as it is given.
pub(crate) fn parts<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Parts {
    let (mut parts, ()) = Request::post("/webhook").body(()).unwrap().into_parts();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        parts
            .headers
            .append(name, HeaderValue::from_bytes(value).unwrap());
    }
    parts
}

/// The head of a request with the headers that a verifier signed.
pub(crate) fn signed_parts(headers: Vec<(HeaderName, HeaderValue)>) -> Parts {
    let mut parts = parts([]);
    parts.headers.extend(headers);
    parts
}

/// A folder beside the workspace that is there in development and not in the published crate.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared").join(path))
        .find(|path| path.exists());
    if found.is_none() {
        println!("skipped: there is no shared/{path} beside the workspace");
    }
    found
}

pub(crate) fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// One vector: a delivery, and whether it is valid.
pub(crate) struct Vector<'v>(pub(crate) &'v Value);

impl Vector<'_> {
    pub(crate) fn id(&self) -> &str {
        self.text("id").unwrap()
    }

    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.0[field].as_str()
    }

    /// What we must answer.
    pub(crate) fn is_valid(&self) -> bool {
        match self.text("recomputed").or(self.text("expected")) {
            Some("valid") => true,
            Some("invalid") => false,
            other => panic!("{}: {other:?}", self.id()),
        }
    }

    /// Whether we do answer that under this preset, in one piece and in many.
    pub(crate) fn check(&self, preset: &Preset) {
        let (scheme, now) = self.timed(preset);
        let (base, target) = self.url();
        let scheme = if scheme.covers_url() {
            scheme.with_base_url(base).unwrap()
        } else {
            scheme
        };
        let verifier = Verifier::new(scheme, self.keys(preset)).unwrap();
        let mut parts = self.parts();
        parts.method = self.text("method").unwrap_or("POST").parse().unwrap();
        parts.uri = target.parse().unwrap();
        let (body, now) = (self.body(), Timestamp::from_unix_seconds(now));

        let whole = verifier.verify(&parts, &body, now);
        assert_eq!(
            whole.is_ok(),
            self.is_valid(),
            "{} under {}: {whole:?}",
            self.id(),
            preset.name()
        );

        let in_pieces = verifier.begin(&parts, now).and_then(|mut pending| {
            body.chunks(7).for_each(|piece| pending.update(piece));
            pending.finish(body.chunks(11))
        });
        assert_eq!(in_pieces, whole, "{}", self.id());
    }

    /// The scheme with the vector's idea of freshness, and its clock.
    fn timed(&self, preset: &Preset) -> (Scheme, i64) {
        let scheme = preset.scheme();
        let unbounded = Tolerance::insecure_unbounded();
        let Some(now) = self.0["timestamp"].as_i64() else {
            return (scheme.with_tolerance(unbounded), 0);
        };
        match self.0.get("tolerance_seconds") {
            Some(Value::Null) => (scheme.with_tolerance(unbounded), now),
            // An age of exactly 30 s is too old already.
            Some(seconds) if preset.name() != "contentful" => {
                let seconds = seconds.as_u64().map(Duration::from_secs);
                let past = scheme.tolerance().and_then(Tolerance::past);
                assert_eq!(past, seconds, "{}", self.id());
                (scheme, now)
            }
            _ => (scheme, now),
        }
    }

    /// The secrets as the vector gives them, under the name that the provider has for them.
    fn keys(&self, preset: &Preset) -> KeyRing {
        let expected = match self.text("secret_encoding").unwrap() {
            "utf8" | "utf8_primary|utf8_secondary" | "public|private" => SecretEncoding::Raw,
            "hex" => SecretEncoding::Hex,
            "base64" => SecretEncoding::Base64,
            "whsec_base64" => SecretEncoding::Whsec,
            other => panic!("{}: {other}", self.id()),
        };
        let scheme = preset.scheme();
        assert_eq!(scheme.secret_encoding(), expected, "{}", self.id());
        let text = self.text("secret").unwrap();
        match (self.text("key_id"), text.split_once('|')) {
            (Some(id), _) => KeyRing::new(id.to_owned(), secret(text)).unwrap(),
            (None, Some((primary, secondary))) if preset.name() == "box" => {
                let ring = KeyRing::new("primary", secret(primary)).unwrap();
                ring.with("secondary", secret(secondary)).unwrap()
            }
            _ => secret(text).into(),
        }
    }

    /// Scheme and host of the URL, and what a request's first line then says. What no request can
    /// carry as it is, a client escapes.
    fn url(&self) -> (String, String) {
        let url = self.text("url").unwrap_or("https://example.com/webhook");
        let host = url.find("//").unwrap() + 2;
        let end = url[host..].find('/').map_or(url.len(), |at| host + at);
        let mut target = String::new();
        for char in url[end..].chars() {
            if char.is_ascii_graphic() {
                target.push(char);
            } else {
                let mut bytes = [0; 4];
                for byte in char.encode_utf8(&mut bytes).bytes() {
                    write!(target, "%{byte:02X}").unwrap();
                }
            }
        }
        if target.is_empty() {
            target.push('/');
        }
        (url[..end].to_owned(), target)
    }

    fn parts(&self) -> Parts {
        let values = |value: &Value| match value {
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        };
        let headers = self.0["headers"].as_object().unwrap();
        let lines: Vec<_> = headers
            .iter()
            .flat_map(|(name, value)| values(value).into_iter().map(move |value| (name, value)))
            .collect();
        parts(
            lines
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap().as_bytes())),
        )
    }

    fn body(&self) -> Vec<u8> {
        if let Some(text) = self.text("body") {
            return text.into();
        }
        if let Some(text) = self.text("body_base64") {
            return <base64ct::Base64 as base64ct::Encoding>::decode_vec(text).unwrap();
        }
        let rule = &self.0["body_rule"];
        let text = |field: &str| rule[field].as_str().unwrap_or_default();
        let count = usize::try_from(rule["count"].as_u64().unwrap()).unwrap();
        assert!(rule["repeat_base64"].is_null(), "{}", self.id());
        [
            text("prefix"),
            &text("repeat").repeat(count),
            text("suffix"),
        ]
        .concat()
        .into()
    }
}

/// The preset of this name, where there is one. Those of public keys and tokens have their own tests.
pub(crate) fn preset(name: Option<&str>) -> Option<&'static Preset> {
    name.and_then(presets::by_name)
        .filter(|preset| has_secret(preset))
}

/// Whether a secret verifies, and no public key or token does.
#[cfg(feature = "public-key")]
pub(crate) fn has_secret(preset: &Preset) -> bool {
    let scheme = preset.scheme();
    preset.is_verifiable() && !scheme.is_token() && !scheme.primitive().is_public_key()
}

/// Whether a secret verifies.
#[cfg(not(feature = "public-key"))]
pub(crate) fn has_secret(preset: &Preset) -> bool {
    preset.is_verifiable()
}

/// Whether shared secrets make and verify the signatures, those of tokens too.
#[cfg(feature = "public-key")]
pub(crate) fn takes_secrets(preset: &Preset) -> bool {
    !preset.scheme().primitive().is_public_key()
}

/// Whether shared secrets make and verify the signatures.
#[cfg(not(feature = "public-key"))]
pub(crate) fn takes_secrets(_: &Preset) -> bool {
    true
}
