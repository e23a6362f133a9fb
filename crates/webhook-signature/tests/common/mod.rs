//! What several tests share: requests, and the vectors as they stand in a file.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::{Path, PathBuf};

use http::{HeaderName, HeaderValue, Request, request::Parts};
use serde_json::Value;
use webhook_core::{Secret, Timestamp};
use webhook_signature::{Preset, SecretEncoding, Tolerance, Verifier, presets};

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
        let scheme = preset.scheme();
        let expected = match self.text("secret_encoding").unwrap() {
            "utf8" => SecretEncoding::Raw,
            "whsec_base64" => SecretEncoding::Whsec,
            other => panic!("{}: {other}", self.id()),
        };
        assert_eq!(scheme.secret_encoding(), expected, "{}", self.id());
        let tolerance = scheme.tolerance();
        let (now, scheme) = match (
            self.0["timestamp"].as_i64(),
            self.0.get("tolerance_seconds"),
        ) {
            (None, _) => (0, scheme.with_tolerance(Tolerance::insecure_unbounded())),
            (Some(now), Some(Value::Null)) => {
                (now, scheme.with_tolerance(Tolerance::insecure_unbounded()))
            }
            (Some(now), Some(seconds)) => {
                let seconds = seconds.as_u64().map(std::time::Duration::from_secs);
                assert_eq!(
                    tolerance.and_then(Tolerance::past),
                    seconds,
                    "{}",
                    self.id()
                );
                (now, scheme)
            }
            (Some(now), None) => (now, scheme),
        };
        let verifier = Verifier::new(scheme, secret(self.text("secret").unwrap())).unwrap();
        let (parts, body, now) = (self.parts(), self.body(), Timestamp::from_unix_seconds(now));

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
    let preset = name.and_then(presets::by_name);
    #[cfg(feature = "public-key")]
    let preset = preset.filter(|preset| {
        let scheme = preset.scheme();
        !scheme.is_token() && !scheme.primitive().is_public_key()
    });
    preset
}
