//! What one request costs.

use serde::{Deserialize, Serialize};

use super::Case;

/// What one request costs on the thread that serves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Instructions, without the rounds of the hash.
    pub instructions: f64,
    /// Instructions of the hash's rounds, as they are without the processor's own.
    pub hash: f64,
    /// How often memory is asked for, or a piece of it made longer.
    pub allocations: f64,
    /// How many bytes are asked for.
    pub allocated: f64,
}

/// A case, by name, and its cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The server's name.
    pub server: String,
    /// The outcome's name.
    pub outcome: String,
    /// The body's length.
    pub bytes: usize,
    /// What one request costs.
    #[serde(flatten)]
    pub cost: Cost,
}

impl Row {
    /// The cost of a case.
    #[must_use]
    pub fn new(case: Case, cost: Cost) -> Self {
        Self {
            server: case.server.as_str().into(),
            outcome: case.outcome.as_str().into(),
            bytes: case.bytes,
            cost,
        }
    }

    /// Whether it is the row of this case.
    #[must_use]
    pub fn is_of(&self, case: Case) -> bool {
        self.server == case.server.as_str()
            && self.outcome == case.outcome.as_str()
            && self.bytes == case.bytes
    }
}

/// The cost of a case among rows.
#[must_use]
pub fn find(rows: &[Row], case: Case) -> Option<Cost> {
    rows.iter().find(|row| row.is_of(case)).map(|row| row.cost)
}
