//! What the headers of a request say, and all that they alone decide.

use http::{HeaderMap, HeaderValue, request::Parts};
use webhook_core::{Reason, ShortText, Timestamp, Verification};

use crate::{
    candidates::Candidates,
    scheme::{HeaderTrouble, Location, Part, Scheme, SignedText, Source, only},
};

/// The longest delivery id or event type that is taken, in bytes.
pub(crate) const MAX_ID: usize = 256;

/// What is left to do once the headers are judged.
pub(crate) struct Judged {
    pub(crate) candidates: Candidates,
    pub(crate) text: SignedText,
    /// What the delivery is, if one of the signatures turns out right.
    pub(crate) verification: Verification,
}

/// The lines of one family of headers.
struct Lines<'a> {
    signature: &'a HeaderValue,
    timestamp: Option<&'a HeaderValue>,
    id: Option<&'a HeaderValue>,
}

/// Judges the headers: first what is missing, then what is malformed, then what is stale.
pub(crate) fn judge(scheme: &Scheme, parts: &Parts, now: Timestamp) -> Result<Judged, Reason> {
    let lines = Lines::of(scheme, &parts.headers)?;
    let id = lines.checked_id(scheme)?;
    let length = scheme.primitive.signature_bytes();
    let reading = scheme
        .grammar
        .read(lines.signature.as_bytes(), scheme.encoding, length)?;
    let timestamp_text = lines
        .timestamp
        .map(HeaderValue::as_bytes)
        .or(reading.timestamp);
    let (text, timestamp) = match &scheme.timestamp {
        None => (&b""[..], None),
        Some(rule) => {
            let text = timestamp_text.ok_or(Reason::TimestampMissing)?;
            (
                text,
                Some(rule.read(text).ok_or(Reason::TimestampMalformed)?),
            )
        }
    };
    let candidates = reading.signatures?;
    if let (Some(rule), Some(timestamp)) = (&scheme.timestamp, timestamp) {
        rule.judge(timestamp, now)?;
    }
    let signed = scheme.text.render(&Source {
        timestamp: text,
        id: id.unwrap_or_default().as_bytes(),
        method: &parts.method,
        target: parts
            .uri
            .path_and_query()
            .map_or("", |target| target.as_str()),
        base_url: &scheme.base_url,
        headers: &parts.headers,
    });
    let text = signed.map_err(|trouble| match trouble {
        HeaderTrouble::Missing => Reason::SignatureMalformed,
        HeaderTrouble::Repeated => Reason::SignatureDuplicateHeader,
    })?;
    let verification = describe(scheme, parts, id, timestamp);
    Ok(Judged {
        candidates,
        text,
        verification,
    })
}

impl<'a> Lines<'a> {
    fn of(scheme: &Scheme, headers: &'a HeaderMap) -> Result<Self, Reason> {
        let location = family(scheme, headers)?;
        let id = match &location.id {
            Some(name) => only(headers, name)?,
            None => None,
        };
        if id.is_none() && scheme.text.contains(&Part::Id) {
            return Err(Reason::IdMissing);
        }
        let timestamp = match &location.timestamp {
            Some(name) => Some(only(headers, name)?.ok_or(Reason::TimestampMissing)?),
            None => None,
        };
        let signature = only(headers, &location.signature)?.ok_or(Reason::SignatureMissing)?;
        Ok(Self {
            signature,
            timestamp,
            id,
        })
    }

    /// The delivery's id. A signed one must be well-formed; an unsigned one that is not is left out,
    /// as it proves nothing anyway.
    fn checked_id(&self, scheme: &Scheme) -> Result<Option<&'a str>, Reason> {
        let id = self.id.and_then(visible);
        if scheme.text.contains(&Part::Id) {
            let id = id.ok_or(Reason::IdMalformed)?;
            if scheme.text.after_id().is_some_and(|end| id.contains(end)) {
                return Err(Reason::IdMalformed);
            }
        }
        Ok(id)
    }
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
fn visible(value: &HeaderValue) -> Option<&str> {
    let bytes = value.as_bytes();
    if bytes.len() > MAX_ID || !bytes.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

fn describe(
    scheme: &Scheme,
    parts: &Parts,
    id: Option<&str>,
    timestamp: Option<Timestamp>,
) -> Verification {
    let mut verification = Verification::new(scheme.name.clone());
    if scheme.covers_body() {
        verification = verification.with_signed_body();
    }
    if let Some(id) = id {
        verification = verification.with_delivery_id(ShortText::new(id), scheme.covers_id());
    }
    if let Some(timestamp) = timestamp {
        verification = verification.with_timestamp(timestamp);
    }
    // An event that stands there twice is none: nobody can tell which line the handler reads.
    let event = scheme
        .event
        .as_ref()
        .and_then(|name| only(&parts.headers, name).ok().flatten());
    match event.and_then(visible) {
        Some(event) => verification.with_event_type(ShortText::new(event), scheme.covers_event()),
        None => verification,
    }
}
