/// The byte that two hexadecimal digits, in either case, stand for.
pub(crate) fn byte(digits: &[u8]) -> Option<u8> {
    let &[high, low] = digits else {
        return None;
    };
    let digit = |digit| u8::try_from(char::from(digit).to_digit(16)?).ok();
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::byte;

    #[test]
    fn two_digits_are_a_byte_and_nothing_else_is() {
        for value in 0..=u8::MAX {
            assert_eq!(byte(format!("{value:02x}").as_bytes()), Some(value));
            assert_eq!(byte(format!("{value:02X}").as_bytes()), Some(value));
        }
        for text in ["", "0", "000", "0g", "g0", "+1", "-1", " 1", "1 ", "0x"] {
            assert_eq!(byte(text.as_bytes()), None, "{text:?}");
        }
    }
}
