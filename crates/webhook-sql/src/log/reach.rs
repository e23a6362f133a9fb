use super::Filter;

/// How many records are looked through in a transaction: some ten milliseconds, in which whoever
/// writes has to wait.
const REACH: i64 = 1 << 15;

/// Up to which record those after another are looked through at once. An index tells where those of
/// a client are.
pub(super) const fn reach(filter: &Filter, after: i64, end: i64) -> i64 {
    let far = after.saturating_add(REACH);
    if filter.client.is_some() || far > end {
        end
    } else {
        far
    }
}
