use http::HeaderValue;

/// Numbers below this one are there as header values already.
const SMALL: usize = 1000;

/// All of them, with three digits each, one after the other.
static DIGITS: &str = {
    const BYTES: [u8; SMALL * 3] = {
        let mut digits = [b'0'; SMALL * 3];
        let mut rest: &mut [u8] = &mut digits;
        let mut number = [b'0'; 3];
        while let [hundreds, tens, ones, others @ ..] = rest {
            [*hundreds, *tens, *ones] = number;
            number = match number {
                [hundreds, b'9', b'9'] => [hundreds + 1, b'0', b'0'],
                [hundreds, tens, b'9'] => [hundreds, tens + 1, b'0'],
                [hundreds, tens, ones] => [hundreds, tens, ones + 1],
            };
            rest = others;
        }
        digits
    };
    match str::from_utf8(&BYTES) {
        Ok(digits) => digits,
        Err(_) => "",
    }
};

/// A number as the value of a header. One of up to three digits is a piece of a table, which saves
/// an allocation: 200 instructions.
pub(super) fn decimal(number: u64) -> HeaderValue {
    let digits = match number {
        0..10 => 1,
        10..100 => 2,
        _ => 3,
    };
    let small = usize::try_from(number).ok().filter(|small| *small < SMALL);
    let small = small.and_then(|small| DIGITS.get(small * 3 + 3 - digits..small * 3 + 3));
    small.map_or_else(|| HeaderValue::from(number), HeaderValue::from_static)
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn every_length_is_as_it_is_printed() {
        let powers = (3..20).map(|exponent| 10_u64.pow(exponent));
        let around = powers.flat_map(|power| [power - 1, power]);
        for number in (0..1001).chain(around).chain([u64::MAX]) {
            assert_eq!(decimal(number), number.to_string());
        }
    }
}
