/// A number in digits, on the stack: a refusal allocates only what it sends.
pub(super) struct Decimal {
    digits: [u8; 20],
    first: usize,
}

impl Decimal {
    pub(super) fn new(number: u64) -> Self {
        let (mut digits, mut first, mut rest) = ([b'0'; 20], 19, number);
        for (place, digit) in digits.iter_mut().enumerate().rev() {
            // The remainder is a digit.
            #[allow(clippy::cast_possible_truncation)]
            let value = (rest % 10) as u8;
            *digit = b'0' + value;
            (first, rest) = (place, rest / 10);
            if rest == 0 {
                break;
            }
        }
        Self { digits, first }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.digits.get(self.first..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn every_length_is_as_it_is_printed() {
        let powers = (0..20).map(|exponent| 10_u64.pow(exponent));
        for number in powers
            .flat_map(|power| [power - 1, power])
            .chain([u64::MAX])
        {
            assert_eq!(
                Decimal::new(number).as_bytes(),
                number.to_string().as_bytes()
            );
        }
    }
}
