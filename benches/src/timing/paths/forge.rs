//! What is nearly right.

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use webhook_layers::signature::Encoding;

use crate::timing::{Class, Random};

/// These bytes, with another first one or another last one.
pub(super) fn bytes(right: &[u8], class: Class, random: &mut Random) -> Vec<u8> {
    let flip = random.up_to(u8::MAX);
    change(right, class, |byte, changes| byte ^ (flip * changes))
}

/// This text of lower-case letters and digits, with another first or last one.
pub(super) fn text(right: &str, class: Class, random: &mut Random) -> String {
    let wrong = b"bcdefghijklmnopqrstuvwxyz";
    // An `a` at either end, as texts here have it, becomes any other letter.
    let letter = wrong
        .get(usize::from(random.up_to(25)) - 1)
        .copied()
        .unwrap_or(b'z');
    let changed = change(right.as_bytes(), class, |byte, changes| {
        byte + (letter - b'a') * changes
    });
    changed.into_iter().map(char::from).collect()
}

/// Both ends are written, whichever is changed: `by` is told 1 for the end to change, 0 for the other.
fn change(right: &[u8], class: Class, by: impl Fn(u8, u8) -> u8) -> Vec<u8> {
    let mut bytes = right.to_vec();
    let changes = class.choose(1, 0);
    if let Some(first) = bytes.first_mut() {
        *first = by(*first, changes);
    }
    if let Some(last) = bytes.last_mut() {
        *last = by(*last, 1 - changes);
    }
    bytes
}

/// The text of these bytes.
pub(super) fn encode(bytes: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::HexUpper => hex::encode_upper(bytes),
        Encoding::Base64 => Base64::encode_string(bytes),
        Encoding::Base64Url => Base64UrlUnpadded::encode_string(bytes),
        _ => hex::encode(bytes),
    }
}

/// The bytes of a text.
pub(super) fn decode(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Base64 => Base64::decode_vec(text).ok(),
        Encoding::Base64Url => Base64UrlUnpadded::decode_vec(text).ok(),
        _ => hex::decode(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Random, bytes, text};

    #[test]
    fn one_end_is_wrong_and_nothing_else() {
        let mut random = Random::new(5);
        let right: Vec<u8> = (0..32).collect();
        for _ in 0..1000 {
            let wrong = bytes(&right, Class::First, &mut random);
            assert!(wrong[0] != right[0] && wrong[1..] == right[1..]);
            let wrong = bytes(&right, Class::Second, &mut random);
            assert!(wrong[31] != right[31] && wrong[..31] == right[..31]);

            let wrong = text("a token a", Class::First, &mut random);
            assert!(
                wrong.ends_with(" token a") && !wrong.starts_with('a'),
                "{wrong}"
            );
            let wrong = text("a token a", Class::Second, &mut random);
            assert!(
                wrong.starts_with("a token ") && !wrong.ends_with('a'),
                "{wrong}"
            );
            assert!(wrong.is_ascii(), "{wrong}");
        }
    }
}
