//! Signatures that stand in a header: all that the head of a request decides.

use http::{HeaderMap, HeaderValue, request::Parts};
use webhook_core::{Name, Reason, ShortText, Timestamp, Verification};

use super::{
    digest::BodyAs,
    key::EcdsaForm,
    keys::{Keys, Signature},
    rules::{HeaderRules, Rules},
    text::Text,
};
use crate::{
    candidates::Candidates,
    scheme::{Covered, Grammar, HeaderTrouble, Scheme, SignedText, Source, only, rfc3339},
    verify::{visible, words},
};

/// The value of a header is the signature.
static BARE: Grammar = Grammar::Value {
    prefix: std::borrow::Cow::Borrowed(""),
};

static PLAIN: HeaderRules = HeaderRules {
    rfc3339: false,
    body: BodyAs::Raw,
    key_url: None,
    algorithm: None,
    lacks_webhook_id: false,
};

/// What the head claims.
pub(crate) struct Claimed {
    candidates: Candidates,
    key_id: Option<String>,
    text: SignedText,
    pub(crate) body: BodyAs,
    facts: Facts,
}

/// What a delivery says of itself.
pub(crate) struct Facts {
    pub(crate) body: bool,
    pub(crate) timestamp: Option<Timestamp>,
    pub(crate) id: Option<(ShortText, bool)>,
    pub(crate) event: Option<(ShortText, bool)>,
}

impl Facts {
    pub(crate) fn describe(self, scheme: &Scheme, key: Name) -> Verification {
        let mut verification = Verification::new(scheme.name.clone()).with_secret_id(key);
        if self.body {
            verification = verification.with_signed_body();
        }
        if let Some(timestamp) = self.timestamp {
            verification = verification.with_timestamp(timestamp);
        }
        if let Some((id, signed)) = self.id {
            verification = verification.with_delivery_id(id, signed);
        }
        if let Some((event, signed)) = self.event {
            verification = verification.with_event_type(event, signed);
        }
        verification
    }

    /// What unsigned headers add: an id and an event type, unless something better is there.
    pub(crate) fn of_headers(scheme: &Scheme, covered: Covered, headers: &HeaderMap) -> Self {
        let line = |name: Option<&http::HeaderName>| only(headers, name?).ok().flatten();
        let id = line(scheme.id_header()).and_then(visible);
        let event = line(scheme.event_header()).and_then(words);
        Self {
            body: covered.body,
            timestamp: None,
            id: id.map(|id| (ShortText::new(id), covered.id)),
            event: event.map(|event| (event, covered.event)),
        }
    }
}

impl Claimed {
    /// Judges the head: first what is missing, then what is malformed, then what is stale.
    pub(crate) fn new(
        scheme: &Scheme,
        covered: Covered,
        parts: &Parts,
        now: Timestamp,
    ) -> Result<Self, Reason> {
        let (grammar, rules) = match scheme.rules() {
            Some(Rules::Header(rules)) => (&BARE, rules),
            Some(_) => return Err(Reason::Misconfigured),
            None => (&scheme.grammar, &PLAIN),
        };
        let headers = &parts.headers;
        let line =
            |name: Option<&http::HeaderName>| name.map_or(Ok(None), |name| only(headers, name));
        let id = line(scheme.id_header())?;
        if covered.needs_id && id.is_none() {
            return Err(Reason::IdMissing);
        }
        let time = line(scheme.timestamp_header())?;
        if scheme.timestamp_header().is_some() && time.is_none() {
            return Err(Reason::TimestampMissing);
        }
        let value = line(scheme.signature_header())?.ok_or(Reason::SignatureMissing)?;
        let id = checked_id(scheme, covered, id)?;

        let mut candidates = Candidates::of_any_length();
        let mut reading = grammar.read(value.as_bytes(), scheme.encoding, &mut candidates)?;
        let length = scheme.primitive.signature_bytes();
        if length != 0 && !candidates.iter().any(|bytes| bytes.len() == length) {
            reading.signatures = reading.signatures.and(Err(Reason::SignatureMalformed));
        }
        let mut facts = Facts::of_headers(scheme, covered, headers);
        let mut time_text = &b""[..];
        if let Some(rule) = &scheme.timestamp {
            let text = time.map(HeaderValue::as_bytes).or(reading.timestamp);
            time_text = text.ok_or(Reason::TimestampMissing)?;
            let time = if rules.rfc3339 {
                rfc3339::read(time_text)
            } else {
                rule.read(time_text)
            };
            let time = time.ok_or(Reason::TimestampMalformed)?;
            reading.signatures?;
            rule.judge(time, now)?;
            facts.timestamp = Some(time);
        } else {
            reading.signatures?;
        }
        let key_id = key_id(rules, headers)?;
        let text = signed_text(scheme, parts, time_text, id)?;
        Ok(Self {
            candidates,
            key_id,
            text,
            body: rules.body,
            facts,
        })
    }

    /// Compares, with the body as the signed text has it.
    pub(crate) fn verify(
        self,
        scheme: &Scheme,
        keys: &Keys,
        body: &[&[u8]],
        now: Timestamp,
    ) -> Result<Verification, Reason> {
        let before = std::iter::once(self.text.before_body());
        let after = std::iter::once(self.text.after_body());
        let text = Text::new(before.chain(body.iter().copied()).chain(after));
        let found = self.candidates.iter().find_map(|bytes| {
            let signature = Signature {
                primitive: scheme.primitive,
                form: EcdsaForm::Der,
                key_id: self.key_id.as_deref(),
                bytes,
            };
            keys.find(&text, &signature, now)
        });
        let key = found.ok_or(Reason::SignatureMismatch)?;
        Ok(self.facts.describe(scheme, key))
    }
}

fn checked_id<'a>(
    scheme: &Scheme,
    covered: Covered,
    id: Option<&'a HeaderValue>,
) -> Result<&'a str, Reason> {
    let id = id.and_then(visible);
    if !covered.needs_id {
        return Ok(id.unwrap_or_default());
    }
    let id = id.ok_or(Reason::IdMalformed)?;
    if scheme.text.after_id().is_some_and(|end| id.contains(end)) {
        return Err(Reason::IdMalformed);
    }
    Ok(id)
}

fn signed_text(
    scheme: &Scheme,
    parts: &Parts,
    timestamp: &[u8],
    id: &str,
) -> Result<SignedText, Reason> {
    let base_url = scheme.base_url_of(parts)?;
    let source = Source {
        timestamp,
        id: id.as_bytes(),
        method: &parts.method,
        target: target(parts),
        base_url: &base_url,
        headers: &parts.headers,
    };
    let mut text = SignedText::new();
    scheme
        .text
        .render(&source, &mut text)
        .map_err(|trouble| match trouble {
            HeaderTrouble::Missing => Reason::SignatureMalformed,
            HeaderTrouble::Repeated => Reason::SignatureDuplicateHeader,
        })?;
    Ok(text)
}

pub(crate) fn target(parts: &Parts) -> &str {
    parts
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str())
}

/// The id of the key, after the headers that name key and algorithm have been compared.
fn key_id(rules: &HeaderRules, headers: &HeaderMap) -> Result<Option<String>, Reason> {
    if let Some((name, expected)) = &rules.algorithm
        && only(headers, name)?.is_some_and(|value| value.as_bytes() != expected.as_bytes())
    {
        return Err(Reason::SignatureMalformed);
    }
    let Some((name, rule)) = &rules.key_url else {
        return Ok(None);
    };
    let url = only(headers, name)?.ok_or(Reason::SignatureMalformed)?;
    let url = url.to_str().map_err(|_| Reason::SignatureMalformed)?;
    if rule.allows(url) {
        Ok(Some(url.to_owned()))
    } else {
        Err(Reason::SignatureMalformed)
    }
}
