use std::{error::Error, fmt};

/// A rule that would ban everybody at once, or nobody ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BanError(pub(super) &'static str);

impl fmt::Display for BanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of a ban is above zero", self.0)
    }
}

impl Error for BanError {}
