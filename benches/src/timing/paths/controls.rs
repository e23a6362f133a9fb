//! What people write by hand, and what it leaks.

use super::forge;
use crate::timing::{Path, Random};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A long text with `==`, bytes one by one up to the first that differs, and the former behind an HMAC: a leak
/// that small shows there too.
pub(super) fn all() -> Vec<Path> {
    let tag = tag(b"the body of a delivery");
    let right = format!("a{}a", "x".repeat(LONG - 2));
    let known = right.clone();
    let as_text = Path::control(
        "control: long token with ==",
        move |class, random: &mut Random| forge::text(&known, class, random),
        move |candidate| (candidate == right, candidate),
        |(is_right, _)| !is_right,
    );
    let text = hex::encode(tag);
    let right = text.clone();
    let by_byte = Path::control(
        "control: byte by byte",
        move |class, random: &mut Random| forge::encode(&forge::bytes(&tag, class, random), HEX),
        move |candidate| (is_equal(candidate.as_bytes(), right.as_bytes()), candidate),
        |(is_right, _)| !is_right,
    );
    let behind_hmac = Path::control(
        "control: HMAC, then byte by byte",
        move |class, random: &mut Random| forge::encode(&forge::bytes(&tag, class, random), HEX),
        move |candidate| {
            let right = hex::encode(self::tag(b"the body of a delivery"));
            (is_equal(candidate.as_bytes(), right.as_bytes()), candidate)
        },
        |(is_right, _)| !is_right,
    );
    vec![as_text, by_byte, behind_hmac]
}

/// How long a token has to be, in bytes, for `==` to leak on any machine. It looks at 32 bytes or more at
/// once, so of the 64 digits of a SHA-256 either end may be the slower one, by a nanosecond or none.
const LONG: usize = 4096;

const HEX: webhook_layers::signature::Encoding = webhook_layers::signature::Encoding::Hex;

fn tag(body: &[u8]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(crate::stack::SECRET.as_bytes()) else {
        return [0; 32];
    };
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[inline(never)]
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    for (a, b) in one.iter().zip(other) {
        // The compiler must not look at several at once.
        if std::hint::black_box(a) != std::hint::black_box(b) {
            return false;
        }
    }
    true
}
