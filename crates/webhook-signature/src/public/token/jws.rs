//! JSON Web Signatures in their compact form
//! ([RFC 7515, section 7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)), read strictly.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use webhook_core::Reason;

use crate::{
    public::{
        json::{Member, Object},
        rules::{Payload, TokenRules},
    },
    scheme::Primitive,
};

/// A token in its parts. What its header says is compared and chooses nothing but the key, and one
/// of the algorithms that the scheme allows.
pub(super) struct Jws<'a> {
    /// The first part as it stands.
    pub(super) encoded_header: &'a str,
    /// The middle part as it stands; empty where the payload is detached.
    pub(super) encoded_payload: &'a str,
    pub(super) header: Object,
    pub(super) signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Three parts in base64url without padding, of which each has one spelling, and a header that
    /// is one JSON object.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut parts = text.split('.');
        let (encoded_header, encoded_payload) = (parts.next()?, parts.next()?);
        let signature = Base64UrlUnpadded::decode_vec(parts.next()?).ok()?;
        if parts.next().is_some() || signature.is_empty() {
            return None;
        }
        let header = Base64UrlUnpadded::decode_vec(encoded_header).ok()?;
        Some(Self {
            encoded_header,
            encoded_payload,
            header: Object::parse(&header)?,
            signature,
        })
    }

    /// The algorithm, which must be one of the scheme's. `none` is none of them.
    pub(super) fn algorithm(&self, rules: &TokenRules) -> Result<Primitive, Reason> {
        let name = self.header.text("alg").ok_or(Reason::SignatureMalformed)?;
        let mut allowed = rules.algorithms.iter().copied();
        allowed
            .find(|algorithm| algorithm.jose() == Some(name))
            .ok_or(Reason::SignatureMalformed)
    }

    /// Whether the payload is signed as it is. Refuses extensions that must be understood, all but
    /// that one ([RFC 7797, section 6](https://www.rfc-editor.org/rfc/rfc7797#section-6)).
    pub(super) fn is_unencoded(&self, rules: &TokenRules) -> Result<bool, Reason> {
        let unencoded = match (self.header.get("crit"), self.header.get("b64")) {
            (None, None) => false,
            (Some(Member::Texts(critical)), Some(Member::Flag(encoded)))
                if **critical == ["b64"] =>
            {
                !encoded
            }
            _ => return Err(Reason::SignatureMalformed),
        };
        let as_expected = match rules.payload {
            Payload::Claims | Payload::TrueLayer => !unencoded,
            Payload::Detached { unencoded_required } => unencoded || !unencoded_required,
        };
        let is_detached = rules.payload != Payload::Claims;
        if as_expected && self.encoded_payload.is_empty() == is_detached {
            Ok(unencoded)
        } else {
            Err(Reason::SignatureMalformed)
        }
    }

    /// Refuses a place for keys that is not the provider's. It is never followed.
    pub(super) fn check_key_set(&self, rules: &TokenRules) -> Result<(), Reason> {
        match (&rules.key_set, self.header.get("jku")) {
            (_, None) | (None, _) => Ok(()),
            (Some(rule), Some(Member::Text(url))) if rule.allows(url) => Ok(()),
            _ => Err(Reason::SignatureMalformed),
        }
    }

    pub(super) fn key_id(&self) -> Option<&str> {
        self.header.text("kid")
    }

    pub(super) fn claims(&self) -> Option<Object> {
        let payload = Base64UrlUnpadded::decode_vec(self.encoded_payload).ok()?;
        Object::parse(&payload)
    }
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64UrlUnpadded, Encoding as _};
    use proptest::prelude::*;

    use super::Jws;

    fn token(header: &str) -> String {
        format!(
            "{}.e30.AA",
            Base64UrlUnpadded::encode_string(header.as_bytes())
        )
    }

    fn parses(text: &str) -> bool {
        Jws::parse(text.as_bytes()).is_some()
    }

    #[test]
    fn each_part_has_one_spelling() {
        let good = token(r#"{"alg":"HS256"}"#);
        assert!(parses(&good));
        let jws = Jws::parse(good.as_bytes()).unwrap();
        assert_eq!((jws.encoded_payload, &*jws.signature), ("e30", &[0][..]));
        for text in [
            String::new(),
            "..".to_owned(),
            format!("{good}."),
            format!("{good}="),
            format!("{good} "),
            format!(" {good}"),
            good.replace("AA", ""),
            good.replace("AA", "AB"), // an unused bit is set
            good.replace("AA", "+A"),
            token("{"),
            token("[]"),
            token(r#"{"alg":"HS256","alg":"none"}"#),
            token("\u{feff}{}"),
        ] {
            assert!(!parses(&text), "{text}");
        }
        assert!(!parses("e30.e30"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[A-Za-z0-9_-]{0,20}\\.[A-Za-z0-9_-]{0,20}\\.[A-Za-z0-9_-]{0,20}") {
            for text in [&bytes[..], text.as_bytes()] {
                if let Some(jws) = Jws::parse(text) {
                    let _ = (jws.claims(), jws.key_id().map(str::len));
                }
            }
        }
    }
}
