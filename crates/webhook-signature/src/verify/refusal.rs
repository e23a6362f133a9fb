use std::fmt;

use webhook_core::Reason;

/// A delivery that did not verify: the reason, and how far it came.
///
/// It holds nothing of the request and nothing of a secret. The reason is for the record; a caller
/// who were told it would learn how close a forgery came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    stage: Stage,
}

/// How far a delivery came before it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The headers alone decided; no byte of the body was needed.
    Headers,
    /// The signature was compared.
    Body,
}

impl Refusal {
    pub(crate) const fn by_headers(reason: Reason) -> Self {
        Self {
            reason,
            stage: Stage::Headers,
        }
    }

    pub(crate) const fn by_body(reason: Reason) -> Self {
        Self {
            reason,
            stage: Stage::Body,
        }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// How far the delivery came.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for Refusal {}
