//! What the headers of a request say, and all that they alone decide.

use http::{HeaderMap, HeaderValue, request::Parts};
use webhook_core::{Reason, ShortText, Timestamp, Verification};

use super::Verifier;
use crate::{
    candidates::{Candidates, MAX_SIGNATURES},
    custom::{Custom, Head},
    scheme::{Found, HeaderTrouble, Line, Scheme, SignedText, Source, rfc3339},
};

/// The longest delivery id or event type that is taken, in bytes.
pub(crate) const MAX_ID: usize = 256;

/// What headers that passed leave to be done.
#[derive(Default)]
pub(crate) struct Judged {
    /// The signatures to compare.
    pub(crate) candidates: Candidates,
    /// The text they must cover, all but the body.
    pub(crate) text: SignedText,
    /// What the delivery is known to be once they are compared, all but the secret.
    pub(crate) known: Option<Verification>,
    /// The head, where a function needs it beside the body.
    pub(crate) head: Option<Box<Head>>,
}

/// The lines of one family of headers.
struct Lines<'a> {
    signature: Found<'a>,
    timestamp: Option<&'a HeaderValue>,
    id: Option<&'a HeaderValue>,
    event: Line<'a>,
}

impl Judged {
    /// Judges the headers: first what is missing, then what is malformed, then what is stale. What
    /// they leave to be done is written in place, because it is large.
    #[inline]
    pub(crate) fn judge(
        &mut self,
        verifier: &Verifier,
        parts: &Parts,
        now: Timestamp,
    ) -> Result<(), Reason> {
        let (scheme, covered) = (verifier.scheme(), verifier.covered());
        let lines = Lines::of(verifier, parts)?;
        require(scheme, &parts.headers)?;
        let known = self.known.insert(verifier.known());
        let mut id = &b""[..];
        if let Some((line, word)) = lines.id.and_then(|line| Some((line, word(line)?))) {
            id = line.as_bytes();
            known.set_delivery_id(word, covered.id);
        }
        if covered.needs_id {
            check_id(scheme, id)?;
        }
        self.candidates.expect(scheme.primitive.signature_bytes());
        let (time, timestamp) = lines.read(scheme, &mut self.candidates, now)?;
        if let Some(timestamp) = timestamp {
            known.set_timestamp(timestamp);
        }
        if let Some(event) = lines.event_type() {
            known.set_event_type(event, covered.event);
        }
        if !covered.alone {
            self.render(scheme, parts, time, id, now)?;
        }
        Ok(())
    }

    /// Puts together what is signed beside the body.
    fn render(
        &mut self,
        scheme: &Scheme,
        parts: &Parts,
        timestamp: &[u8],
        id: &[u8],
        now: Timestamp,
    ) -> Result<(), Reason> {
        let base_url = scheme.base_url_of(parts)?;
        let source = Source {
            timestamp,
            id,
            method: &parts.method,
            target: parts
                .uri
                .path_and_query()
                .map_or("", |target| target.as_str()),
            base_url: &base_url,
            headers: &parts.headers,
        };
        scheme
            .text
            .render(&source, &mut self.text)
            .map_err(|trouble| match trouble {
                HeaderTrouble::Missing => Reason::SignatureMalformed,
                HeaderTrouble::Repeated => Reason::SignatureDuplicateHeader,
            })?;
        self.head = scheme.custom.map(|_| {
            let id = std::str::from_utf8(id).unwrap_or_default();
            Box::new(Head::new(parts, base_url, timestamp, id, now))
        });
        Ok(())
    }
}

impl<'a> Lines<'a> {
    #[inline]
    fn of(verifier: &Verifier, parts: &'a Parts) -> Result<Self, Reason> {
        let scheme = verifier.scheme();
        let (location, seen) = verifier.sought().find(scheme, &parts.headers)?;
        let id = seen.id.only()?;
        if id.is_none() && verifier.covered().needs_id {
            return Err(Reason::IdMissing);
        }
        let timestamp = seen.timestamp.only()?;
        if timestamp.is_none() && location.timestamp.is_some() {
            return Err(Reason::TimestampMissing);
        }
        let signature = location
            .signature
            .find(seen.signature, parts)
            .map_err(|reason| scheme.told(reason))?;
        Ok(Self {
            signature,
            timestamp,
            id,
            event: seen.event,
        })
    }

    /// Reads the signatures and the signed timestamp, and judges the latter.
    #[inline]
    fn read(
        &self,
        scheme: &Scheme,
        candidates: &mut Candidates,
        now: Timestamp,
    ) -> Result<(&'a [u8], Option<Timestamp>), Reason> {
        let (listed, signatures) = match &self.signature {
            Found::One(value) => {
                let reading = scheme.grammar.read(value, scheme.encoding, candidates)?;
                (reading.timestamp, reading.signatures)
            }
            Found::Several(values) => {
                if values.len() > MAX_SIGNATURES {
                    return Err(Reason::TooManySignatures);
                }
                for value in values {
                    scheme.grammar.read(value, scheme.encoding, candidates)?;
                }
                let none = candidates.is_empty();
                let malformed = if none {
                    Err(Reason::SignatureMalformed)
                } else {
                    Ok(())
                };
                (None, malformed)
            }
            Found::Later => (None, Ok(())),
        };
        let signatures = signatures.map_err(|reason| scheme.told(reason));
        let in_body = scheme.custom.is_some_and(Custom::finds_timestamp);
        let Some(rule) = scheme.timestamp.filter(|_| !in_body) else {
            return signatures.map(|()| (&b""[..], None));
        };
        let text = self.timestamp.map(HeaderValue::as_bytes).or(listed);
        let text = text.ok_or(Reason::TimestampMissing)?;
        let timestamp = rule.read(text).ok_or(Reason::TimestampMalformed)?;
        signatures?;
        rule.judge(timestamp, now)?;
        Ok((text, Some(timestamp)))
    }

    /// The event's type. One that stands there twice is none: nobody can tell which line the handler
    /// reads.
    fn event_type(&self) -> Option<ShortText> {
        self.event.only().ok().flatten().and_then(words)
    }
}

impl Verifier {
    /// The time that the headers of a delivery name, whether or not a signature covers it and is
    /// right: for diagnoses. `None` where none is there or can be read, and where it stands in the
    /// body or in a token.
    #[must_use]
    pub fn claimed_timestamp(&self, parts: &Parts) -> Option<Timestamp> {
        let scheme = self.scheme();
        let rule = scheme.timestamp.as_ref()?;
        let lines = Lines::of(self, parts).ok()?;
        let text = match (lines.timestamp, lines.signature) {
            (Some(line), _) => line.as_bytes(),
            (None, Found::One(value)) => {
                let mut nothing = Candidates::new(scheme.primitive.signature_bytes());
                let reading = scheme.grammar.read(value, scheme.encoding, &mut nothing);
                reading.ok()?.timestamp?
            }
            (None, _) => return None,
        };
        rule.read(text).or_else(|| rfc3339::read(text))
    }
}

/// Checks the headers that must say something certain.
fn require(scheme: &Scheme, headers: &HeaderMap) -> Result<(), Reason> {
    for (name, expected) in scheme.required {
        let mut lines = headers.get_all(*name).iter();
        if lines.next().is_none_or(|line| line != expected) || lines.next().is_some() {
            return Err(Reason::SignatureMalformed);
        }
    }
    Ok(())
}

/// The text of a short value of visible ASCII.
#[cfg(feature = "public-key")]
pub(crate) fn visible(value: &HeaderValue) -> Option<&str> {
    let bytes = value.as_bytes();
    let is_visible = bytes.len() <= MAX_ID && bytes.iter().all(u8::is_ascii_graphic);
    is_visible.then(|| std::str::from_utf8(bytes).ok())?
}

/// The text of a short value of visible ASCII. An unsigned id that is none is left out, as it proves
/// nothing anyway.
fn word(value: &HeaderValue) -> Option<ShortText> {
    let bytes = Some(value.as_bytes()).filter(|bytes| bytes.len() <= MAX_ID)?;
    ShortText::graphic(bytes)
}

/// Checks a signed id, which is empty where it is malformed.
fn check_id(scheme: &Scheme, id: &[u8]) -> Result<(), Reason> {
    if id.is_empty() || scheme.text.after_id().is_some_and(|end| contains(id, end)) {
        return Err(Reason::IdMalformed);
    }
    Ok(())
}

fn contains(text: &[u8], part: &str) -> bool {
    match part.as_bytes() {
        // The usual dot, for which there is a faster search.
        [byte] => text.contains(byte),
        part => text.windows(part.len().max(1)).any(|place| place == part),
    }
}

/// The text of a short value of visible ASCII and spaces: GitLab sends the type `Push Hook`.
pub(crate) fn words(value: &HeaderValue) -> Option<ShortText> {
    let bytes = Some(value.as_bytes()).filter(|bytes| bytes.len() <= MAX_ID)?;
    ShortText::visible(bytes)
}
