//! Where the signature may really stand, and what it may really be.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, request::Parts};

use super::Cause;
use crate::{
    Encoding, Primitive, Scheme,
    scheme::{Elements, Grammar},
};

const PRIMITIVES: [Primitive; 4] = [
    Primitive::HmacSha1,
    Primitive::HmacSha256,
    Primitive::HmacSha384,
    Primitive::HmacSha512,
];

const ENCODINGS: [Encoding; 4] = [
    Encoding::Hex,
    Encoding::HexAnyCase,
    Encoding::Base64,
    Encoding::Base64Url,
];

/// The most headers of a request, and the most words of one, that are looked at.
const MAX_LOOKED_AT: usize = 64;

/// Every other reading of the headers: with another algorithm or encoding, with another label, from
/// another header, and with any word of any header as the bare signature.
pub(super) fn all<'a>(
    scheme: &'a Scheme,
    parts: &'a Parts,
) -> impl Iterator<Item = (Cause, Scheme, Parts)> + 'a {
    let own = scheme.signature_header();
    let mut names: Vec<&HeaderName> = parts.headers.keys().take(MAX_LOOKED_AT).collect();
    names.sort_by_key(|name| Some(*name) != own);
    let moved = names.into_iter().flat_map(move |name| {
        let values = parts.headers.get_all(name).iter().take(MAX_LOOKED_AT);
        values
            .flat_map(words)
            .flat_map(move |word| bare(scheme, parts, name, word))
    });
    in_place(scheme, parts)
        .into_iter()
        .chain(labelled(scheme, parts))
        .chain(whole(scheme, parts))
        .chain(moved)
}

/// The scheme's own header, with each other label of its list as that of the signature.
fn labelled(scheme: &Scheme, parts: &Parts) -> Vec<(Cause, Scheme, Parts)> {
    let (Grammar::Elements(list), Some(own)) = (&scheme.grammar, scheme.signature_header()) else {
        return Vec::new();
    };
    let values = parts.headers.get_all(own).iter().take(MAX_LOOKED_AT);
    let elements = values.flat_map(|value| value.as_bytes().split(|&byte| byte == list.separator));
    let labels = elements.take(MAX_LOOKED_AT).filter_map(|element| {
        let end = element.iter().position(|&byte| byte == list.assign)?;
        std::str::from_utf8(element.get(..end)?).ok()
    });
    labels
        .filter(|label| list.timestamp.as_deref() != Some(*label))
        .map(|label| {
            let mut other = scheme.clone();
            let label = Cow::Owned(label.to_owned());
            other.grammar = Grammar::Elements(Elements {
                label,
                ..list.clone()
            });
            (Cause::Label, other, parts.clone())
        })
        .collect()
}

/// The whole value of each other header, as that of the scheme's own.
fn whole(scheme: &Scheme, parts: &Parts) -> Vec<(Cause, Scheme, Parts)> {
    let Some(own) = scheme.signature_header() else {
        return Vec::new();
    };
    let others = parts.headers.iter().take(MAX_LOOKED_AT);
    others
        .filter(|(name, _)| *name != own)
        .map(|(name, value)| {
            let mut moved = parts.clone();
            moved.headers.insert(own, value.clone());
            let cause = Cause::OtherHeader(name.as_str().to_owned());
            (cause, scheme.clone(), moved)
        })
        .collect()
}

/// The scheme's own header and grammar, with another algorithm or encoding.
fn in_place(scheme: &Scheme, parts: &Parts) -> Vec<(Cause, Scheme, Parts)> {
    let mut all = Vec::new();
    for primitive in PRIMITIVES {
        for encoding in ENCODINGS {
            let mut other = scheme.clone();
            other.primitive = primitive;
            other.encoding = encoding;
            let cause = if primitive == scheme.primitive() {
                Cause::Encoding(encoding)
            } else {
                Cause::Algorithm(primitive)
            };
            all.push((cause, other, parts.clone()));
        }
    }
    all
}

/// The words of a value, with and without what stands before their first `=`.
fn words(value: &HeaderValue) -> Vec<&[u8]> {
    let split = value
        .as_bytes()
        .split(|byte| matches!(byte, b' ' | b',' | b';' | b'\t'));
    split
        .filter(|word| !word.is_empty())
        .take(MAX_LOOKED_AT)
        .flat_map(|word| {
            let at = word.iter().position(|&byte| byte == b'=');
            let behind = at
                .and_then(|at| word.get(at + 1..))
                .filter(|rest| !rest.is_empty());
            [Some(word), behind].into_iter().flatten()
        })
        .collect()
}

/// The word as the bare signature, for each algorithm and encoding that it can be of.
fn bare(
    scheme: &Scheme,
    parts: &Parts,
    name: &HeaderName,
    word: &[u8],
) -> Vec<(Cause, Scheme, Parts)> {
    let Ok(value) = HeaderValue::from_bytes(word) else {
        return Vec::new();
    };
    // A timestamp in the same header can only be read by the scheme's own grammar.
    if scheme.covers_timestamp() && scheme.timestamp_header().is_none() {
        return Vec::new();
    }
    let mut all = Vec::new();
    for primitive in PRIMITIVES {
        for encoding in ENCODINGS {
            if !encoding.decode(word, &mut vec![0; primitive.signature_bytes()]) {
                continue;
            }
            let mut other = scheme.clone();
            other.grammar = Grammar::Value {
                prefix: Cow::Borrowed(""),
            };
            other.alternative = None;
            other.primitive = primitive;
            other.encoding = encoding;
            let mut moved = parts.clone();
            let Some(own) = scheme.signature_header() else {
                continue;
            };
            moved.headers.insert(own, value.clone());
            all.push((cause(scheme, name, primitive), other, moved));
        }
    }
    all
}

/// The most telling difference between what was expected and what would have verified.
fn cause(scheme: &Scheme, name: &HeaderName, primitive: Primitive) -> Cause {
    if Some(name) != scheme.signature_header() {
        Cause::OtherHeader(name.as_str().to_owned())
    } else if primitive == scheme.primitive() {
        Cause::Label
    } else {
        Cause::Algorithm(primitive)
    }
}
