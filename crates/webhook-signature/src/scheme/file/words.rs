//! The words of a file, and the nearest one to a word that is none.

use toml::Spanned;

use super::error::Mistake;
use crate::{Encoding, Primitive, SecretEncoding, TimestampUnit};

pub(super) const PRIMITIVES: &[Primitive] = &[
    Primitive::HmacSha1,
    Primitive::HmacSha256,
    Primitive::HmacSha384,
    Primitive::HmacSha512,
    Primitive::Sha1OfSecretAndText,
    Primitive::Sha256OfSecretAndText,
    Primitive::Sha1OfTextAndSecret,
    Primitive::Sha256OfTextAndSecret,
    Primitive::Token,
    #[cfg(feature = "public-key")]
    Primitive::Ed25519,
    #[cfg(feature = "public-key")]
    Primitive::EcdsaP256Sha256,
    #[cfg(feature = "public-key")]
    Primitive::EcdsaP521Sha512,
    #[cfg(feature = "public-key")]
    Primitive::RsaPkcs1Sha1,
    #[cfg(feature = "public-key")]
    Primitive::RsaPkcs1Sha256,
    #[cfg(feature = "public-key")]
    Primitive::RsaPssSha256,
];

pub(super) const ENCODINGS: [Encoding; 7] = [
    Encoding::Hex,
    Encoding::HexUpper,
    Encoding::HexAnyCase,
    Encoding::Base64,
    Encoding::Base64Url,
    Encoding::Text,
    Encoding::Base64Text,
];

pub(super) const SECRET_ENCODINGS: &[SecretEncoding] = &[
    SecretEncoding::Raw,
    SecretEncoding::Hex,
    SecretEncoding::Base64,
    SecretEncoding::Whsec,
    #[cfg(feature = "public-key")]
    SecretEncoding::PublicKey,
];

pub(super) const UNITS: [TimestampUnit; 4] = [
    TimestampUnit::Seconds,
    TimestampUnit::Milliseconds,
    TimestampUnit::SecondsOrMilliseconds,
    TimestampUnit::Rfc3339,
];

/// A unit's name in a file.
pub(super) const fn unit_name(unit: TimestampUnit) -> &'static str {
    match unit {
        TimestampUnit::Seconds => "seconds",
        TimestampUnit::Milliseconds => "milliseconds",
        TimestampUnit::SecondsOrMilliseconds => "seconds-or-milliseconds",
        TimestampUnit::Rfc3339 => "rfc3339",
    }
}

/// The value that a text names.
pub(super) fn choice<T: Copy>(
    key: &str,
    text: &Spanned<String>,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, Mistake> {
    let mut values = all.iter().copied();
    values
        .find(|value| name(*value) == text.get_ref())
        .ok_or_else(|| {
            let names: Vec<_> = all
                .iter()
                .map(|value| format!("`{}`", name(*value)))
                .collect();
            let nearest = nearest(text.get_ref(), all.iter().map(|value| name(*value)));
            let hint = nearest.map_or_else(String::new, |name| format!("did you mean `{name}`? "));
            Mistake::new(
                Some(text.span()),
                format!("no such `{key}`; {hint}write one of {}", names.join(", ")),
            )
        })
}

/// The word that is the fewest changed letters away, if they are fewer than half of it.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    /// Longer words are nobody's slip of the pen.
    const MAX_WORD: usize = 64;
    let word = word.get(..MAX_WORD).unwrap_or(word).to_ascii_lowercase();
    known
        .into_iter()
        .map(|known| (distance(&word, known), known))
        .filter(|(distance, known)| distance * 2 < known.len().max(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// How many letters have to be changed, added or taken away, or exchanged with their neighbours, to
/// make one word of the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<_>, Vec<_>) = (from.chars().collect(), to.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.iter().enumerate() {
        let mut next = vec![at + 1];
        for (place, other) in to.iter().enumerate() {
            let old = |row: &[usize], back: usize| {
                let place = (place + 1).checked_sub(back);
                place.and_then(|place| row.get(place)).copied()
            };
            let same = usize::from(letter != other);
            let is_swap = at > 0
                && place > 0
                && from.get(at - 1) == Some(other)
                && to.get(place - 1) == Some(letter);
            let ways = [
                old(&row, 1).map(|ways| ways + same),
                old(&row, 0).map(|ways| ways + 1),
                next.last().map(|ways| ways + 1),
                old(&before, 2).filter(|_| is_swap).map(|ways| ways + 1),
            ];
            next.push(ways.into_iter().flatten().min().unwrap_or(usize::MAX));
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn slips_of_the_pen_are_counted() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("hedaer", "header", 1),
            ("heder", "header", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
        let known = ["algorithm", "timestamp_unit", "hex"];
        assert_eq!(nearest("Algorithm", known), Some("algorithm"));
        assert_eq!(nearest("timestmap_unit", known), Some("timestamp_unit"));
        assert_eq!(nearest("hax", known), Some("hex"));
        assert_eq!(nearest("zzzzzzz", known), None);
        assert_eq!(nearest(&"ä".repeat(100), known), None);
    }
}
