use std::{fmt, time::Duration};

use http::StatusCode;
use webhook_core::{Clock, RequestId};

/// Who holds a claim: 128 bits, drawn for each attempt, that strangers cannot guess.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner([u8; 16]);

impl Owner {
    /// A new owner, as [`RequestId::generate`] draws it.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_u128(RequestId::generate(&Clock::system()).as_u128())
    }

    /// The owner that a store wrote down.
    #[must_use]
    pub const fn from_u128(owner: u128) -> Self {
        Self(owner.to_be_bytes())
    }

    /// The 128 bits, for a store to write down.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

/// Prints nothing of it: whoever knows it can end the claim.
impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Owner")
    }
}

/// What came of the attempt to claim a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The delivery is the caller's until its lease runs out.
    Claimed,
    /// Another owner's lease runs.
    InFlight {
        /// What is left of that lease.
        left: Duration,
    },
    /// The delivery was handled.
    Done {
        /// What the handler answered.
        status: StatusCode,
        /// How long ago.
        age: Duration,
    },
}

/// How an owner ends its claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The handler has done its work: every further copy is a duplicate.
    Complete {
        /// What the handler answered.
        status: StatusCode,
        /// For how long that is remembered.
        keep: Duration,
    },
    /// The handler has not: the next copy may claim.
    Release,
}

/// What came of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is in force.
    Applied,
    /// The claim was no longer this owner's, and nothing was changed.
    Lost,
}
