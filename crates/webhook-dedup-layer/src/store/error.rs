use std::{error::Error, fmt};

/// A store that could not do its work. The caller is told 503 and no more; the log tells this.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Why a store could not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// There is no room for a new claim.
    Full,
    /// The store did not answer, or not in time, or not in its own words.
    Unavailable,
}

impl StoreError {
    /// There is no room for a new claim.
    #[must_use]
    pub const fn full() -> Self {
        Self {
            kind: StoreErrorKind::Full,
            source: None,
        }
    }

    /// The store could not be asked. The cause is logged: it must hold no secret.
    #[must_use]
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: StoreErrorKind::Unavailable,
            source: Some(cause.into()),
        }
    }

    /// Why.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, &self.source) {
            (StoreErrorKind::Full, _) => f.write_str(
                "every entry of the store is a claim that runs; give it more entries, or bound the \
                 requests in flight",
            ),
            (StoreErrorKind::Unavailable, Some(cause)) => {
                write!(f, "the store did not answer: {cause}")
            }
            (StoreErrorKind::Unavailable, None) => f.write_str("the store did not answer"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}
