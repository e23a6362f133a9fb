//! Base64 of signatures.
//!
//! Whoever sends a signature knows it, so that nothing is given away by the time that reading it
//! takes. Secrets and tokens are read by [`base64ct`], in constant time and in four times as many
//! instructions; both take the same texts.

/// Which digits there are, and whether something stands behind them.
pub(super) struct Alphabet {
    /// What each byte is worth as a digit; more than 63 where it is none.
    values: [u8; 256],
    is_padded: bool,
}

/// [RFC 4648, section 4](https://www.rfc-editor.org/rfc/rfc4648#section-4).
pub(super) static STANDARD: Alphabet = Alphabet {
    values: values(*b"+/"),
    is_padded: true,
};

/// [RFC 4648, section 5](https://www.rfc-editor.org/rfc/rfc4648#section-5), without padding.
pub(super) static URL: Alphabet = Alphabet {
    values: values(*b"-_"),
    is_padded: false,
};

impl Alphabet {
    /// Decodes `text` into the whole of `out`; `false` where it is not the one text of so many bytes.
    #[inline]
    pub(super) fn decode(&self, text: &[u8], out: &mut [u8]) -> bool {
        let digits = (out.len() * 4).div_ceil(3);
        let Some((digits, padding)) = text.split_at_checked(digits) else {
            return false;
        };
        let missing = if self.is_padded {
            digits.len().wrapping_neg() % 4
        } else {
            0
        };
        if padding.len() != missing || padding.iter().any(|&byte| byte != b'=') {
            return false;
        }
        let (quads, last_digits) = digits.as_chunks();
        let (triples, last_bytes) = out.as_chunks_mut();
        let mut any = 0;
        for (triple, quad) in triples.iter_mut().zip(quads) {
            *triple = self.triple(*quad, &mut any);
        }
        // Zeros in place of the digits that are left out come out as bytes of zeros, unless a digit
        // has bits that it does not need.
        let mut quad = [b'A'; 4];
        let digits = quad.iter_mut().zip(last_digits);
        digits.for_each(|(place, digit)| *place = *digit);
        let mut bytes = self.triple(quad, &mut any).into_iter();
        let places = last_bytes.iter_mut().zip(&mut bytes);
        places.for_each(|(place, byte)| *place = byte);
        any < 64 && bytes.all(|unneeded| unneeded == 0)
    }

    /// The three bytes of four digits.
    #[inline]
    fn triple(&self, [a, b, c, d]: [u8; 4], any: &mut u32) -> [u8; 3] {
        let value = |digit: u8| {
            self.values
                .get(usize::from(digit))
                .copied()
                .unwrap_or(u8::MAX)
        };
        let (a, b, c, d) = (value(a), value(b), value(c), value(d));
        let (a, b, c, d) = (u32::from(a), u32::from(b), u32::from(c), u32::from(d));
        *any |= a | b | c | d;
        let [_, first, second, third] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
        [first, second, third]
    }
}

/// The values of an alphabet whose last two digits are these.
#[allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "the compiler counts the bytes"
)]
const fn values([before_last, last]: [u8; 2]) -> [u8; 256] {
    let mut values = [u8::MAX; 256];
    let mut byte = 0;
    while byte < values.len() {
        values[byte] = match byte as u8 {
            digit @ b'A'..=b'Z' => digit - b'A',
            digit @ b'a'..=b'z' => digit - b'a' + 26,
            digit @ b'0'..=b'9' => digit - b'0' + 52,
            digit if digit == before_last => 62,
            digit if digit == last => 63,
            _ => u8::MAX,
        };
        byte += 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64, Base64UrlUnpadded, Encoding};
    use proptest::prelude::*;

    use super::{Alphabet, STANDARD, URL};

    /// What the other reader makes of it.
    fn expected<E: Encoding>(text: &[u8], length: usize) -> Option<Vec<u8>> {
        let mut out = vec![0; length];
        let decoded = E::decode(text, &mut out).ok()?.len();
        (decoded == length).then_some(out)
    }

    fn decoded(alphabet: &Alphabet, text: &[u8], length: usize) -> Option<Vec<u8>> {
        let mut out = vec![0; length];
        alphabet.decode(text, &mut out).then_some(out)
    }

    fn same(text: &[u8], length: usize) -> Result<(), TestCaseError> {
        prop_assert_eq!(
            decoded(&STANDARD, text, length),
            expected::<Base64>(text, length)
        );
        prop_assert_eq!(
            decoded(&URL, text, length),
            expected::<Base64UrlUnpadded>(text, length)
        );
        Ok(())
    }

    #[test]
    fn each_byte_is_the_digit_that_it_is_elsewhere() {
        for byte in 0..=u8::MAX {
            for at in 0..4 {
                let mut text = *b"AAAA";
                text[at] = byte;
                for length in 1..=3 {
                    same(&text, length).unwrap();
                    same(&text[..=length], length).unwrap();
                }
            }
        }
    }

    proptest! {
        #[test]
        fn both_readers_take_the_same_texts(
            bytes in proptest::collection::vec(any::<u8>(), 0..70),
            at in any::<prop::sample::Index>(),
            byte in prop_oneof![any::<u8>(), prop::sample::select(&b"=AQgw+/-_"[..])],
            end in "=?[A=]{0,2}",
            length in 0_usize..70,
        ) {
            for text in [Base64::encode_string(&bytes), Base64UrlUnpadded::encode_string(&bytes)] {
                same(text.as_bytes(), bytes.len())?;
                same(text.as_bytes(), length)?;
                same(format!("{text}{end}").as_bytes(), bytes.len())?;
                let mut other = text.into_bytes();
                if !other.is_empty() {
                    let place = at.index(other.len());
                    other[place] = byte;
                }
                same(&other, bytes.len())?;
            }
        }
    }
}
