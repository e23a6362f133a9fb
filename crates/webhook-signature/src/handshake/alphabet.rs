/// The longest challenge that is answered, in bytes once it is decoded.
pub(super) const MAX_CHALLENGE: usize = 512;

/// What a challenge may be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// Letters, digits and `+ / . _ -`. Neither a JSON object nor an array nor a string can be
    /// written in it, nor a form field, nor anything with a `:` or a line's end.
    Token,
    /// 20 to 32 lower-case hexadecimal digits: what Braintree's own libraries take.
    ShortHex,
    /// Visible ASCII and spaces, without `<` and `>`: only ever echoed, never signed.
    Text,
}

impl Alphabet {
    /// Whether this is a challenge: of the alphabet, not empty, and not too long.
    pub(super) fn takes(self, text: &[u8]) -> bool {
        let lengths = match self {
            Self::Token | Self::Text => 1..=MAX_CHALLENGE,
            Self::ShortHex => 20..=32,
        };
        lengths.contains(&text.len()) && text.iter().all(|&byte| self.has(byte))
    }

    /// Whether a challenge can hold this byte.
    pub(super) const fn has(self, byte: u8) -> bool {
        match self {
            Self::Token => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'.' | b'_' | b'-')
            }
            Self::ShortHex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::Text => matches!(byte, b' '..=b'~') && !matches!(byte, b'<' | b'>'),
        }
    }
}
