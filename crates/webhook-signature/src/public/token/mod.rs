//! JSON Web Tokens and Signatures: which of them is fresh, whose it is, and that it means this body.

mod claims;
mod detached;
mod jws;

use http::request::Parts;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use webhook_core::{Name, Reason, Timestamp, Verification};

pub(crate) use self::detached::Detached;
use self::{claims::Expected, jws::Jws};
use super::{
    begin::{Facts, target},
    document::Head,
    key::EcdsaForm,
    keys::{Keys, Signature},
    rules::{Payload, TokenRules},
    text::Text,
};
use crate::scheme::{Covered, Scheme, only};

/// The longest header with a token that is read, in bytes.
const MAX_TOKEN: usize = 8 * 1024;

/// What the head of a request came to.
pub(crate) enum Begun {
    Bound(Bound),
    Detached(Detached),
}

/// A token that is verified, and what it says of the body.
pub(crate) struct Bound {
    key: Name,
    expected: Expected,
    facts: Facts,
}

/// Reads the token in a header, and verifies it where it holds its own payload.
pub(crate) fn begin(
    scheme: &Scheme,
    covered: Covered,
    keys: &Keys,
    rules: &TokenRules,
    prefix: &str,
    parts: &Parts,
    now: Timestamp,
) -> Result<Begun, Reason> {
    let header = scheme.signature_header().ok_or(Reason::Misconfigured)?;
    let value = only(&parts.headers, header)?.ok_or(Reason::SignatureMissing)?;
    let token = value
        .as_bytes()
        .strip_prefix(prefix.as_bytes())
        .filter(|token| token.len() <= MAX_TOKEN)
        .ok_or(Reason::SignatureMalformed)?;
    let jws = Jws::parse(token).ok_or(Reason::SignatureMalformed)?;
    let facts = Facts::of_headers(scheme, covered, &parts.headers);
    if rules.payload != Payload::Claims {
        let detached = Detached::new(scheme, rules, &jws, facts, parts, now)?;
        return Ok(Begun::Detached(detached));
    }
    let bound = Bound::new(scheme, keys, rules, &jws, facts, now)?;
    if let Some(name) = rules.url {
        check_url(scheme, parts, &jws, name)?;
    }
    Ok(Begun::Bound(bound))
}

/// Verifies a body that is a token.
pub(crate) fn verify_body(
    scheme: &Scheme,
    keys: &Keys,
    rules: &TokenRules,
    head: Head,
    body: &[u8],
    now: Timestamp,
) -> Result<Verification, Reason> {
    if body.is_empty() {
        return Err(Reason::SignatureMissing);
    }
    let jws = Jws::parse(body).ok_or(Reason::SignatureMalformed)?;
    let mut bound = Bound::new(scheme, keys, rules, &jws, head.0, now)?;
    bound.facts.body = true;
    Ok(bound.facts.describe(scheme, bound.key))
}

impl Bound {
    /// First the signature, then what it makes true.
    fn new(
        scheme: &Scheme,
        keys: &Keys,
        rules: &TokenRules,
        jws: &Jws<'_>,
        mut facts: Facts,
        now: Timestamp,
    ) -> Result<Self, Reason> {
        let signature = Signature {
            primitive: jws.algorithm(rules)?,
            form: EcdsaForm::Fixed,
            key_id: jws.key_id(),
            bytes: &jws.signature,
        };
        jws.is_unencoded(rules)?;
        jws.check_key_set(rules)?;
        let pieces = [jws.encoded_header, ".", jws.encoded_payload];
        let text = Text::new(pieces.map(str::as_bytes));
        let key = keys
            .find(&text, &signature, now)
            .ok_or(Reason::SignatureMismatch)?;
        let claims = jws.claims().ok_or(Reason::SignatureMalformed)?;
        claims::judge(scheme, rules, &claims, &mut facts, now)?;
        Ok(Self {
            key,
            expected: claims::body(rules, &claims)?,
            facts,
        })
    }

    pub(crate) fn verify(
        mut self,
        scheme: &Scheme,
        digest: [u8; 32],
        is_empty: bool,
    ) -> Result<Verification, Reason> {
        let holds = match self.expected {
            Expected::Digest(expected) => expected.ct_eq(&digest).into(),
            Expected::NoBody => is_empty,
            Expected::Anything => true,
        };
        if !holds {
            return Err(Reason::SignatureMismatch);
        }
        self.facts.body = !matches!(self.expected, Expected::Anything);
        Ok(self.facts.describe(scheme, self.key))
    }
}

fn check_url(scheme: &Scheme, parts: &Parts, jws: &Jws<'_>, name: &str) -> Result<(), Reason> {
    let claims = jws.claims().ok_or(Reason::SignatureMalformed)?;
    let expected = url_hash(&scheme.base_url_of(parts)?, target(parts));
    let said = claims.text(name).unwrap_or_default();
    if bool::from(said.as_bytes().ct_eq(expected.as_bytes())) {
        Ok(())
    } else {
        Err(Reason::SignatureMismatch)
    }
}

/// The digest of the URL that the provider calls, in hexadecimal.
pub(crate) fn url_hash(base_url: &str, target: &str) -> String {
    let url = Sha256::new()
        .chain_update(base_url.as_bytes())
        .chain_update(target.as_bytes());
    const_hex::encode(url.finalize())
}
