//! HTTP Message Signatures ([RFC 9421](https://www.rfc-editor.org/rfc/rfc9421)), as far as a webhook
//! needs them: one signature over `Content-Digest`, whose digest of the body is then compared.

use base64ct::{Base64, Encoding as _};
use http::{HeaderName, request::Parts};
use subtle::ConstantTimeEq as _;
use webhook_core::{Reason, Timestamp, Verification};

use super::{
    begin::Facts,
    key::EcdsaForm,
    keys::{Keys, Signature},
    text::Text,
};
use crate::scheme::{Covered, Scheme, only};

static CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
static SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");

/// The longest of the three headers that is read, in bytes.
const MAX_HEADER: usize = 8 * 1024;

pub(crate) struct Claimed {
    digest: [u8; 32],
    text: String,
    signature: Vec<u8>,
    key_id: Option<String>,
    facts: Facts,
}

/// What `Signature-Input` says.
#[derive(Debug, PartialEq)]
struct Input<'a> {
    label: &'a str,
    /// The components and parameters as they stand.
    params: &'a str,
    created: &'a str,
    expires: Option<&'a str>,
    algorithm: Option<&'a str>,
    key_id: Option<&'a str>,
}

impl Claimed {
    pub(crate) fn new(
        scheme: &Scheme,
        covered: Covered,
        parts: &Parts,
        now: Timestamp,
    ) -> Result<Self, Reason> {
        let line = |name| {
            let value = only(&parts.headers, name)?.ok_or(Reason::SignatureMissing)?;
            value
                .to_str()
                .ok()
                .filter(|text| text.len() <= MAX_HEADER)
                .ok_or(Reason::SignatureMalformed)
        };
        let header = scheme.signature_header().ok_or(Reason::Misconfigured)?;
        let signature = line(header)?;
        let input = line(&SIGNATURE_INPUT)?;
        let digest_line = line(&CONTENT_DIGEST)?;

        let input = Input::read(input).ok_or(Reason::SignatureMalformed)?;
        let mut facts = Facts::of_headers(scheme, covered, &parts.headers);
        if let Some(rule) = &scheme.timestamp {
            let read = |text: &str| rule.read(text.as_bytes()).ok_or(Reason::TimestampMalformed);
            let created = read(input.created)?;
            rule.judge(created, now)?;
            if input
                .expires
                .map(read)
                .transpose()?
                .is_some_and(|expires| expires < now)
            {
                return Err(Reason::TimestampTooOld);
            }
            facts.timestamp = Some(created);
        }
        let expected = scheme.primitive.http_message_name();
        if input
            .algorithm
            .is_some_and(|algorithm| Some(algorithm) != expected)
        {
            return Err(Reason::SignatureMalformed);
        }
        let signature = member(signature, input.label).and_then(bytes);
        let digest = member(digest_line, "sha-256").and_then(bytes);
        let digest = digest.and_then(|digest| digest.try_into().ok());
        Ok(Self {
            digest: digest.ok_or(Reason::SignatureMalformed)?,
            text: format!(
                "\"content-digest\": {digest_line}\n\"@signature-params\": {}",
                input.params
            ),
            signature: signature.ok_or(Reason::SignatureMalformed)?,
            key_id: input.key_id.map(str::to_owned),
            facts,
        })
    }

    pub(crate) fn verify(
        self,
        scheme: &Scheme,
        keys: &Keys,
        body_digest: [u8; 32],
        now: Timestamp,
    ) -> Result<Verification, Reason> {
        let signature = Signature {
            primitive: scheme.primitive,
            form: EcdsaForm::Fixed,
            key_id: self.key_id.as_deref(),
            bytes: &self.signature,
        };
        let key = keys.find(&Text::new([self.text.as_bytes()]), &signature, now);
        let key = key.ok_or(Reason::SignatureMismatch)?;
        if bool::from(self.digest.ct_eq(&body_digest)) {
            Ok(self.facts.describe(scheme, key))
        } else {
            Err(Reason::SignatureMismatch)
        }
    }
}

impl<'a> Input<'a> {
    /// Reads a dictionary of one member, `label=("content-digest");created=…;keyid="…"`.
    fn read(value: &'a str) -> Option<Self> {
        let (label, params) = value.split_once('=')?;
        let mut rest = params.strip_prefix("(\"content-digest\")")?;
        let is_key = |key: &str| {
            !key.is_empty()
                && key.bytes().all(|byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte)
                })
        };
        let mut input = Self {
            label,
            params,
            created: "",
            expires: None,
            algorithm: None,
            key_id: None,
        };
        let mut seen = Vec::new();
        while let Some(parameter) = rest.strip_prefix(';') {
            let (key, behind) = parameter.split_once('=')?;
            let value;
            (value, rest) = bare_item(behind)?;
            if !is_key(key) || seen.contains(&key) || seen.len() == 16 {
                return None;
            }
            seen.push(key);
            match (key, value) {
                ("created", Item::Digits(text)) => input.created = text,
                ("expires", Item::Digits(text)) => input.expires = Some(text),
                ("alg", Item::Text(text)) => input.algorithm = Some(text),
                ("keyid", Item::Text(text)) => input.key_id = Some(text),
                ("created" | "expires" | "alg" | "keyid", _) => return None,
                _ => {}
            }
        }
        // A second member would begin with a comma.
        (rest.is_empty() && is_key(label) && seen.contains(&"created")).then_some(input)
    }
}

enum Item<'a> {
    Digits(&'a str),
    /// A text without escapes.
    Text(&'a str),
}

fn bare_item(text: &str) -> Option<(Item<'_>, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (inside, rest) = quoted.split_once('"')?;
        let plain = inside
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\');
        return plain.then_some((Item::Text(inside), rest));
    }
    let end = text
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    (!digits.is_empty()).then_some((Item::Digits(digits), rest))
}

/// The one member of this name in a dictionary of byte sequences.
fn member<'a>(dictionary: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    for element in dictionary.split(',') {
        let (key, value) = element.trim_matches([' ', '\t']).split_once('=')?;
        if key == name && found.replace(value).is_some() {
            return None;
        }
    }
    found
}

/// `:base64:`
fn bytes(value: &str) -> Option<Vec<u8>> {
    let text = value.strip_prefix(':')?.strip_suffix(':')?;
    Base64::decode_vec(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Input, bytes, member};

    #[test]
    fn inputs_are_read_strictly() {
        let value = "sig_1=(\"content-digest\");created=1700000000;alg=\"ed25519\";keyid=\"mckey\"";
        let input = Input::read(value).unwrap();
        assert_eq!((input.label, input.created), ("sig_1", "1700000000"));
        assert_eq!(
            (input.algorithm, input.key_id),
            (Some("ed25519"), Some("mckey"))
        );
        assert_eq!(format!("sig_1={}", input.params), value);
        for value in [
            "",
            "sig=",
            "sig=();created=1",
            "sig=(\"content-digest\")",
            "sig=(\"@method\");created=1",
            "sig=(\"content-digest\" \"@method\");created=1",
            "sig=(\"content-digest\");created=1;created=2",
            "sig=(\"content-digest\");created=\"1\"",
            "sig=(\"content-digest\");created=1, b=(\"content-digest\");created=1",
            "sig=(\"content-digest\");created=1;keyid=\"a\\\"b\"",
            "sig=(\"content-digest\");created=1;keyid=a",
            "sig=(\"content-digest\"); created=1",
            "sig=(\"content-digest\");created=-1",
            "Sig=(\"content-digest\");created=1",
        ] {
            assert_eq!(Input::read(value), None, "{value}");
        }
    }

    #[test]
    fn members_are_found_once() {
        assert_eq!(
            member("sha-512=:AA==:, sha-256=:AQ==:", "sha-256").and_then(bytes),
            Some(vec![1])
        );
        assert_eq!(member("sha-256=:AA==:,sha-256=:AQ==:", "sha-256"), None);
        assert_eq!(member("md5=:AA==:", "sha-256"), None);
        for value in ["AA==", ":AA=", ":AA:", ":AB==:", "::AA==:", ":"] {
            assert_eq!(bytes(value), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-z0-9=();\",:. ]{0,60}", any in ".{0,40}") {
            for text in [text, any, ] {
                let _ = Input::read(&text);
                let _ = member(&text, "sha-256").map(bytes);
            }
        }
    }
}
