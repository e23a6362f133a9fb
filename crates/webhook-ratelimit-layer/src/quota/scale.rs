/// `value * factor / divisor`, rounded down; saturates.
pub(super) fn scale(value: u64, factor: u64, divisor: u64) -> u64 {
    let product = u128::from(value) * u128::from(factor);
    let quotient = product.checked_div(divisor.into()).unwrap_or(u128::MAX);
    u64::try_from(quotient).unwrap_or(u64::MAX)
}

/// `value * factor / divisor`, rounded up; saturates.
#[inline(never)]
pub(super) fn scale_up(value: u64, factor: u64, divisor: u64) -> u64 {
    match value.checked_mul(factor) {
        // Most often the product fits, and dividing it is ten times as fast.
        Some(product) if divisor > 0 => product.div_ceil(divisor),
        _ => {
            let product = u128::from(value) * u128::from(factor);
            u64::try_from(product.div_ceil(u128::from(divisor).max(1))).unwrap_or(u64::MAX)
        }
    }
}
