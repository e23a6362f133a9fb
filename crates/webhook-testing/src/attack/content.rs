use super::{
    case::{Case, Family},
    delivery::{Delivery, Place},
    source::Source,
};

type Change = fn(&[u8]) -> Vec<u8>;

const CHANGES: [(&str, Change); 12] = [
    ("body-flipped-first", |body| flipped(body, 0)),
    ("body-flipped-middle", |body| {
        let middle = body.len() / 2;
        flipped(body, middle)
    }),
    ("body-flipped-last", |body| {
        let last = body.len().saturating_sub(1);
        flipped(body, last)
    }),
    ("body-cut-by-one", |body| {
        let kept = body.len().saturating_sub(1);
        body.iter().copied().take(kept).collect()
    }),
    ("body-extended", |body| joined(&[], body, b"0")),
    ("body-with-newline", |body| joined(&[], body, b"\n")),
    ("body-with-crlf", |body| joined(&[], body, b"\r\n")),
    ("body-with-nul", |body| joined(&[], body, b"\0")),
    ("body-with-byte-order-mark", |body| {
        joined(b"\xef\xbb\xbf", body, &[])
    }),
    ("body-with-leading-space", |body| joined(b" ", body, &[])),
    ("body-twice", |body| joined(body, body, &[])),
    ("body-empty", |_| Vec::new()),
];

pub(super) fn cases(source: &Source) -> Vec<Case> {
    let covered = |delivery: Delivery| {
        let is_apart = !matches!(delivery.signature, Some((Place::Body, _)));
        (source.scheme.covers_body() && is_apart).then_some(delivery)
    };
    let plain = CHANGES.into_iter().map(|(name, change)| {
        let changed = covered(source.of(&signed_text(source, name))).map(|delivery| {
            let body = change(&delivery.body);
            delivery.with_body(body)
        });
        Case::refused(name, Family::Content, changed).forgery()
    });
    let mut cases: Vec<_> = plain.collect();
    for (name, change) in [
        ("body-serialised-again", reserialised as Change),
        ("body-with-repeated-member", repeated),
        ("body-swapped-line-ends", crlf),
    ] {
        let delivery = covered(source.of(&signed_text(source, name))).filter(is_object);
        let changed = delivery.map(|delivery| {
            let body = change(&delivery.body);
            delivery.with_body(body)
        });
        // Some providers sign line ends as if they were all the same.
        let changed = changed.filter(|delivery| !source.takes(delivery));
        cases.push(Case::refused(name, Family::Content, changed).forgery());
    }
    cases
}

fn is_object(delivery: &Delivery) -> bool {
    delivery.body.starts_with(b"{")
}

/// The body as it is signed.
fn signed_text(source: &Source, name: &str) -> Vec<u8> {
    let body = source.compact_body();
    match name {
        "body-swapped-line-ends" => joined(&[], &body, b"\n"),
        _ => body,
    }
}

fn joined(before: &[u8], body: &[u8], after: &[u8]) -> Vec<u8> {
    [before, body, after].concat()
}

fn flipped(body: &[u8], at: usize) -> Vec<u8> {
    let mut body = body.to_vec();
    if let Some(byte) = body.get_mut(at) {
        *byte ^= 1;
    }
    body
}

/// White space that means nothing in JSON.
fn reserialised(body: &[u8]) -> Vec<u8> {
    let inside = body.get(1..).unwrap_or_default();
    joined(b"{ ", inside, b" ")
}

/// A member before one of the same name: most parsers keep the last.
fn repeated(body: &[u8]) -> Vec<u8> {
    let inside = body.get(1..).unwrap_or_default();
    let name: Vec<u8> = inside
        .iter()
        .copied()
        .take_while(|byte| *byte != b':')
        .collect();
    [b"{", name.as_slice(), b":\"attack\",", inside].concat()
}

fn crlf(body: &[u8]) -> Vec<u8> {
    let lines: Vec<_> = body.split(|byte| *byte == b'\n').collect();
    lines.join(b"\r\n".as_slice())
}
