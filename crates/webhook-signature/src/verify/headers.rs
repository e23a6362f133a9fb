//! What the headers of a request say, and all that they alone decide.

use http::{HeaderMap, HeaderValue, request::Parts};
use webhook_core::{Reason, ShortText, Timestamp, Verification};

use super::{Verifier, keys::Key};
use crate::{
    candidates::{Candidates, MAX_SIGNATURES},
    custom::{Custom, Head},
    scheme::{
        Covered, Found, HeaderTrouble, Line, Location, Scheme, SignedText, Source, lines, rfc3339,
    },
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
    /// Whatever the delivery then is known to be.
    pub(crate) facts: Facts,
    /// The head, where a function needs it beside the body.
    pub(crate) head: Option<Box<Head>>,
}

/// What a delivery says of itself.
#[derive(Default)]
pub(crate) struct Facts {
    pub(super) timestamp: Option<Timestamp>,
    pub(super) id: Option<ShortText>,
    pub(super) event: Option<ShortText>,
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
    pub(crate) fn judge(
        &mut self,
        verifier: &Verifier,
        parts: &Parts,
        now: Timestamp,
    ) -> Result<(), Reason> {
        let (scheme, covered) = (verifier.scheme(), verifier.covered());
        let lines = Lines::of(scheme, covered, parts)?;
        require(scheme, &parts.headers)?;
        let id = lines.checked_id(scheme, covered)?;
        self.candidates = Candidates::new(scheme.primitive.signature_bytes());
        let (timestamp_text, timestamp) = lines.read(scheme, &mut self.candidates, now)?;
        let base_url = scheme.base_url_of(parts)?;
        let source = Source {
            timestamp: timestamp_text,
            id: id.unwrap_or_default(),
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
        self.facts.timestamp = timestamp;
        self.facts.id = id.and_then(ShortText::visible);
        self.facts.event = lines.event_type();
        self.head = scheme.custom.map(|_| {
            let id = id.and_then(|id| std::str::from_utf8(id).ok());
            let id = id.unwrap_or_default();
            Box::new(Head::new(parts, base_url, timestamp_text, id, now))
        });
        Ok(())
    }
}

impl Facts {
    /// Says what a delivery is known to be, once it is verified.
    pub(crate) fn describe(&mut self, verifier: &Verifier, key: &Key) -> Verification {
        let covered = verifier.covered();
        let mut verification = Verification::new(verifier.scheme().name.clone())
            .with_secret_id(key.watched.id.clone());
        if covered.body {
            verification = verification.with_signed_body();
        }
        if let Some(timestamp) = self.timestamp {
            verification = verification.with_timestamp(timestamp);
        }
        if let Some(id) = self.id.take() {
            verification = verification.with_delivery_id(id, covered.id);
        }
        if let Some(event) = self.event.take() {
            verification = verification.with_event_type(event, covered.event);
        }
        verification
    }
}

impl<'a> Lines<'a> {
    fn of(scheme: &Scheme, covered: Covered, parts: &'a Parts) -> Result<Self, Reason> {
        let headers = &parts.headers;
        let location = family(scheme, headers)?;
        let [id, timestamp, signature, event] = lines(
            headers,
            [
                location.id.as_ref(),
                location.timestamp.as_ref(),
                location.signature.header(),
                scheme.event.as_ref(),
            ],
        );
        let id = id.only()?;
        if id.is_none() && covered.needs_id {
            return Err(Reason::IdMissing);
        }
        let timestamp = timestamp.only()?;
        if timestamp.is_none() && location.timestamp.is_some() {
            return Err(Reason::TimestampMissing);
        }
        let signature = location
            .signature
            .find(signature, parts)
            .map_err(|reason| scheme.told(reason))?;
        Ok(Self {
            signature,
            timestamp,
            id,
            event,
        })
    }

    /// Reads the signatures and the signed timestamp, and judges the latter.
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

    /// The delivery's id. A signed one must be well-formed; an unsigned one that is not is left out,
    /// as it proves nothing anyway.
    fn checked_id(&self, scheme: &Scheme, covered: Covered) -> Result<Option<&'a [u8]>, Reason> {
        let id = self
            .id
            .map(HeaderValue::as_bytes)
            .filter(|id| is_visible(id));
        if covered.needs_id {
            let id = id.ok_or(Reason::IdMalformed)?;
            if scheme.text.after_id().is_some_and(|end| contains(id, end)) {
                return Err(Reason::IdMalformed);
            }
        }
        Ok(id)
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
        let lines = Lines::of(scheme, self.covered(), parts).ok()?;
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

/// The family of headers that this delivery stands in: the first one of which a line is there.
///
/// A family is taken as a whole, and another one that is there too must say the same. If each header
/// were looked up on its own, a request could carry a second id or timestamp that no signature
/// covers, and whatever reads headers behind us could take that one for verified.
fn family<'s>(scheme: &'s Scheme, headers: &HeaderMap) -> Result<&'s Location, Reason> {
    let first = &scheme.location;
    if scheme.alternatives.is_empty() {
        return Ok(first);
    }
    let families = || std::iter::once(first).chain(&*scheme.alternatives);
    let Some(chosen) = families().find(|family| family.is_used(headers)) else {
        return Ok(first);
    };
    if families().all(|family| family == chosen || family.agrees_with(chosen, headers)) {
        Ok(chosen)
    } else {
        Err(Reason::SignatureDuplicateHeader)
    }
}

/// The text of a short value of visible ASCII.
#[cfg(feature = "public-key")]
pub(crate) fn visible(value: &HeaderValue) -> Option<&str> {
    let bytes = value.as_bytes();
    is_visible(bytes).then(|| std::str::from_utf8(bytes).ok())?
}

/// Whether this is a short text of visible ASCII.
fn is_visible(bytes: &[u8]) -> bool {
    // Without an early exit, so that the compiler looks at many bytes at once.
    bytes.len() <= MAX_ID
        && bytes
            .iter()
            .fold(true, |all, byte| all & byte.is_ascii_graphic())
}

fn contains(text: &[u8], part: &str) -> bool {
    let mut places = text.windows(part.len().max(1));
    places.any(|place| place == part.as_bytes())
}

/// The text of a short value of visible ASCII and spaces: GitLab sends the type `Push Hook`.
pub(crate) fn words(value: &HeaderValue) -> Option<ShortText> {
    let bytes = Some(value.as_bytes()).filter(|bytes| bytes.len() <= MAX_ID)?;
    ShortText::visible(bytes)
}
