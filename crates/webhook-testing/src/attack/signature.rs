use http::{HeaderName, HeaderValue};
use webhook_signature::{Encoding, Primitive};

use super::{
    case::{Case, Family},
    delivery::{Delivery, Place},
    source::Source,
};

pub(super) fn cases(source: &Source) -> Vec<Case> {
    let refused = |name, delivery| Case::refused(name, Family::Signature, delivery);
    let fresh = || source.fresh();
    let strange = |delivery: Option<Delivery>| delivery.filter(|it| !source.takes(it));
    let changed = |change: fn(&str) -> String| fresh().with_signature(change);
    let mut cases = vec![
        refused("signature-missing", without(fresh())),
        refused(
            "signature-empty",
            fresh().with_header_text(|_| String::new()),
        ),
        refused("signature-label-only", changed(|_| String::new())),
        refused("signature-first-character", changed(|text| head(text, 1))),
        refused(
            "signature-first-half",
            changed(|text| head(text, text.len() / 2)),
        ),
        refused(
            "signature-cut-by-one",
            changed(|text| head(text, text.len() - 1)),
        ),
        refused("signature-extended", changed(|text| format!("{text}0"))),
        refused(
            "signature-twice-in-one",
            changed(|text| format!("{text}{text}")),
        ),
        refused("signature-zeros", changed(|text| "0".repeat(text.len()))),
        refused(
            "signature-not-ascii-digits",
            changed(|text| format!("0x{text}")),
        ),
        refused("signature-percent-encoded", percent_encoded(source)),
        refused("signature-flipped-first", changed(|text| flipped(text, 0))).forgery(),
        refused(
            "signature-flipped-middle",
            changed(|text| flipped(text, text.len() / 2)),
        )
        .forgery(),
        refused("signature-flipped-last", flipped_last(source)).forgery(),
        refused("signature-other-case", other_case(source)),
        refused("signature-of-wrong-secret", Some(source.forged())).forgery(),
        refused("signature-of-empty-secret", source.unkeyed()).forgery(),
        refused("signature-of-other-delivery", of_other(source)).forgery(),
        refused("signature-unlabelled", strange(unlabelled(source))),
        refused("signature-label-none", label(source, "none")),
        refused("signature-label-lies", label(source, "sha1")),
        refused(
            "signature-in-other-header",
            elsewhere(fresh(), "x-signature"),
        ),
        refused(
            "signature-in-authorization",
            elsewhere(fresh(), "authorization"),
        ),
        refused("signature-in-query", in_query(fresh())),
        refused(
            "signature-header-huge",
            fresh().with_header_text(|_| "a".repeat(64 * 1024)),
        ),
        refused("signature-header-not-text", not_text(fresh())),
    ];
    cases.extend([
        refused(
            "algorithm-sha1",
            other_algorithm(source, Primitive::HmacSha1, "sha1"),
        ),
        refused(
            "algorithm-sha512",
            other_algorithm(source, Primitive::HmacSha512, "sha512"),
        ),
        refused(
            "signature-forged-then-valid",
            strange(beside_forged(fresh(), true)),
        ),
        refused(
            "signature-valid-then-forged",
            strange(beside_forged(fresh(), false)),
        ),
    ]);
    cases
}

/// Without the signature, wherever it stands.
pub(super) fn without(mut delivery: Delivery) -> Option<Delivery> {
    if let Some((Place::Header(name), _)) = delivery.signature.clone() {
        delivery.headers.remove(name);
        return Some(delivery);
    }
    delivery.with_signature(|_| String::new())
}

fn head(text: &str, bytes: usize) -> String {
    text.bytes().take(bytes).map(char::from).collect()
}

fn flipped(text: &str, at: usize) -> String {
    let other = |byte: u8| if byte == b'0' { '1' } else { '0' };
    text.bytes()
        .enumerate()
        .map(|(place, byte)| {
            if place == at {
                other(byte)
            } else {
                char::from(byte)
            }
        })
        .collect()
}

fn flipped_last(source: &Source) -> Option<Delivery> {
    let change = |text: &str| flipped(text, text.trim_end_matches('=').len() - 1);
    source.fresh().with_signature(change)
}

fn percent_encoded(source: &Source) -> Option<Delivery> {
    let delivery = source.fresh();
    let is_plain = matches!(
        delivery.signature,
        Some((Place::Header(_) | Place::Body, _))
    );
    let encode = |text: &str| {
        let first = text.bytes().next().unwrap_or_default();
        format!("%{first:02x}{}", text.get(1..).unwrap_or_default())
    };
    // In a form or a query that is only another way to write the same.
    let is_form = source.fresh_body().first() != Some(&b'{');
    (is_plain && !is_form).then(|| delivery.with_signature(encode))?
}

fn other_case(source: &Source) -> Option<Delivery> {
    match source.scheme.encoding() {
        Encoding::Hex => source.fresh().with_signature(str::to_ascii_uppercase),
        Encoding::HexUpper | Encoding::Base64 | Encoding::Base64Url => {
            source.fresh().with_signature(str::to_ascii_lowercase)
        }
        _ => None,
    }
}

/// The signature of one delivery on another.
fn of_other(source: &Source) -> Option<Delivery> {
    if !source.scheme.covers_body() {
        return None;
    }
    let other = source.fresh().signature_text()?;
    source.fresh().with_signature(|_| other)
}

/// What stands before the signature, up to its `=`: a label such as `sha256`.
fn prefix(delivery: &Delivery) -> Option<String> {
    let (_, range) = delivery.signature.as_ref()?;
    let (_, text) = delivery.signature_header()?;
    let before = text.get(..range.start)?;
    (before.ends_with('=') && !before.contains([',', ' ', ';'])).then(|| before.to_owned())
}

fn unlabelled(source: &Source) -> Option<Delivery> {
    let delivery = source.fresh();
    prefix(&delivery)?;
    let signature = delivery.signature_text()?;
    delivery.with_header_text(|_| signature)
}

fn label(source: &Source, label: &str) -> Option<Delivery> {
    let delivery = source.fresh();
    prefix(&delivery)?;
    let signature = delivery.signature_text()?;
    delivery.with_header_text(|_| format!("{label}={signature}"))
}

/// A signature of the right secret under another algorithm, with that algorithm's label.
fn other_algorithm(source: &Source, primitive: Primitive, label: &str) -> Option<Delivery> {
    let delivery = source.fresh();
    let own = source.scheme.primitive();
    let time = super::time::text_of(source, &delivery).unwrap_or_default();
    // Only where the signature can be made again is another one known to be what it says.
    let is_known = source.raw(&delivery, own, &time)? == delivery.signature_text()?;
    let signature = source.raw(&delivery, primitive, &time)?;
    if primitive == own || !is_known {
        return None;
    }
    if prefix(&delivery).is_some() {
        return delivery.with_header_text(|_| format!("{label}={signature}"));
    }
    delivery.with_signature(|_| signature)
}

fn elsewhere(delivery: Delivery, name: &'static str) -> Option<Delivery> {
    let (own, text) = delivery.signature_header()?;
    (own != name).then(|| without(delivery).map(|delivery| delivery.with(name, &text)))?
}

fn in_query(delivery: Delivery) -> Option<Delivery> {
    delivery.signature_header()?;
    let signature = delivery.signature_text()?;
    let mut moved = without(delivery)?;
    let separator = if moved.target.contains('?') { '&' } else { '?' };
    moved.target = format!(
        "{}{separator}signature={}",
        moved.target,
        signature.replace('+', "%2B").replace('=', "%3D")
    );
    Some(moved)
}

fn not_text(mut delivery: Delivery) -> Option<Delivery> {
    let (name, _) = delivery.signature_header()?;
    let value = HeaderValue::from_bytes(&[0xff; 64]).ok()?;
    delivery.headers.insert(name, value);
    Some(delivery)
}

/// With a second line of the signature's header, a forged one.
fn beside_forged(delivery: Delivery, is_first: bool) -> Option<Delivery> {
    let (name, valid): (HeaderName, _) = delivery.signature_header()?;
    let forged = delivery.with_signature(|text| flipped(text, text.len() / 2))?;
    let (_, forged) = forged.signature_header()?;
    let lines = if is_first {
        [forged, valid]
    } else {
        [valid, forged]
    };
    let mut both = delivery;
    both.headers.remove(&name);
    for line in lines {
        both.headers.append(name.clone(), line.parse().ok()?);
    }
    Some(both)
}
