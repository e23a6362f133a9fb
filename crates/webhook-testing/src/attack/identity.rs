use http::{HeaderName, HeaderValue};

use super::{
    case::{Case, Expected, Family},
    delivery::{Delivery, Place},
    source::Source,
};

/// The header of the delivery's id that GitHub and others send beside the signature, unsigned.
const UNSIGNED_ID: HeaderName = HeaderName::from_static("x-delivery-id");

pub(super) fn ids(source: &Source) -> Vec<Case> {
    let refused = |name, delivery| Case::refused(name, Family::Id, delivery);
    let with = |change: fn(&mut Delivery, HeaderName)| signed_id(source, change);
    vec![
        refused(
            "id-changed",
            with(|delivery, name| {
                delivery
                    .headers
                    .insert(name, HeaderValue::from_static("another"));
            }),
        ),
        refused(
            "id-missing",
            with(|delivery, name| {
                delivery.headers.remove(name);
            }),
        ),
        refused(
            "id-empty",
            with(|delivery, name| {
                delivery.headers.insert(name, HeaderValue::from_static(""));
            }),
        ),
        refused(
            "id-twice",
            with(|delivery, name| {
                delivery
                    .headers
                    .append(name, HeaderValue::from_static("another"));
            }),
        ),
    ]
}

pub(super) fn replays(source: &Source, is_judged: bool) -> Vec<Case> {
    let (covers_body, covers_id) = (source.scheme.covers_body(), source.scheme.covers_id());
    // Who can replay what a shared token admitted has the token, and can send anything.
    let is_told_apart = is_judged && (covers_body || covers_id);
    let twice = |change: fn(&Source, Delivery) -> Option<Delivery>| {
        let delivery = source.fresh();
        let again = change(source, delivery.clone())?;
        Some(vec![delivery, again])
    };
    let not_again = |name, steps: Option<Vec<Delivery>>| {
        let steps = steps.filter(|_| is_told_apart);
        Case::new(name, Family::Replay, Expected::NotAgain, steps)
    };
    let forged_first = {
        let valid = source.fresh();
        valid
            .with_signature(|text| "0".repeat(text.len()))
            .map(|forged| vec![forged, valid])
    };
    vec![
        not_again("replay", twice(|_, delivery| Some(delivery))),
        not_again("replay-under-new-id", twice(new_id)),
        not_again(
            "replay-with-other-headers",
            twice(|_, delivery| {
                Some(
                    delivery
                        .with("user-agent", "another")
                        .with("x-request-id", "another"),
                )
            }),
        ),
        Case::new(
            "forged-before-valid",
            Family::Replay,
            Expected::Accepted,
            forged_first,
        ),
    ]
}

fn signed_id(source: &Source, change: fn(&mut Delivery, HeaderName)) -> Option<Delivery> {
    let name = source.scheme.id_header()?.clone();
    let mut delivery = source.fresh();
    // Beside a signature in the body the header is a copy: the id that is signed is the body's.
    let is_copy = matches!(delivery.signature, Some((Place::Body, _)));
    (source.scheme.covers_id() && !is_copy && delivery.headers.contains_key(&name)).then(|| {
        change(&mut delivery, name);
        delivery
    })
}

/// With another id, where that is not signed.
fn new_id(source: &Source, mut delivery: Delivery) -> Option<Delivery> {
    if source.scheme.covers_id() {
        return None;
    }
    let names = [source.scheme.id_header().cloned(), Some(UNSIGNED_ID)];
    for name in names.into_iter().flatten() {
        delivery
            .headers
            .insert(name, HeaderValue::from_static("another"));
    }
    Some(delivery)
}
