use super::{
    case::{Case, Expected, Family},
    delivery::{Delivery, Framing, Place},
    source::Source,
};
use crate::End;

/// More than any endpoint for webhooks takes: the largest that a known provider sends is 25 MiB.
pub(super) const TOO_MUCH: usize = 32 * 1024 * 1024;

/// More frames without content than any sender has a reason for.
const EMPTY_FRAMES: usize = 100_000;

pub(super) fn cases(source: &Source, max_body: Option<usize>) -> Vec<Case> {
    let early = |name, declared| {
        let to = TOO_MUCH;
        let padded = source.fresh().framed(Framing::Padded { to, declared });
        Case::new(name, Family::Size, Expected::RefusedEarly, vec![padded])
    };
    let refused = |name, framing| Case::refused(name, Family::Size, source.fresh().framed(framing));
    let declared = (TOO_MUCH + source.fresh().body.len()) as u64;
    vec![
        early("too-large-declared", Some(declared)),
        early("too-large-chunked", None),
        early("too-large-with-small-length", Some(16)),
        refused("many-empty-frames", Framing::EmptyFrames(EMPTY_FRAMES)),
        refused("body-ends-early", Framing::Short(End::Whole)),
        refused("body-breaks-off", Framing::Short(End::Broken)),
        refused("body-stalls", Framing::Short(End::Never)),
        Case::new(
            "valid-without-length",
            Family::Size,
            Expected::Accepted,
            vec![source.fresh().framed(Framing::Undeclared)],
        ),
        Case::new(
            "limit-exactly",
            Family::Size,
            Expected::Accepted,
            max_body
                .and_then(|bytes| sized(source, bytes))
                .map(|it| vec![it]),
        ),
        Case::refused(
            "limit-and-one",
            Family::Size,
            max_body.and_then(|bytes| sized(source, bytes.checked_add(1)?)),
        ),
        Case::refused(
            "limit-and-one-chunked",
            Family::Size,
            max_body
                .and_then(|bytes| sized(source, bytes.checked_add(1)?))
                .map(|delivery| delivery.framed(Framing::Undeclared)),
        ),
    ]
}

/// A valid delivery whose body has this size.
fn sized(source: &Source, bytes: usize) -> Option<Delivery> {
    let mut body = source.fresh_body();
    if body.len() > bytes || !body.starts_with(b"{") {
        return None;
    }
    body.resize(bytes, b' ');
    let delivery = source.try_of(&body)?;
    (!matches!(delivery.signature, Some((Place::Body, _)))).then_some(delivery)
}
