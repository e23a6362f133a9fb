//! How costs grow: look-ups, quotas and dedup with what they hold, verification with the body.
//!
//! - [`Chart`]: one subject, a curve for each way of doing it.
//! - [`charts`]: all of them, measured.
//! - [`plot`]: a chart as a picture; [`table`]: the same as a table.

mod chart;
mod dedup;
mod lists;
pub mod plot;
mod quota;
pub mod table;
mod verification;

pub use self::chart::{Chart, Curve, Point};
use crate::stack::BoxError;

/// Measures everything, each subject's sizes in turn, round after round.
///
/// # Errors
/// A setting is wrong.
pub fn charts(rounds: usize) -> Result<Vec<Chart>, BoxError> {
    Ok(vec![
        verification::chart(rounds)?,
        lists::chart(rounds)?,
        quota::chart(rounds)?,
        dedup::chart(rounds)?,
    ])
}
