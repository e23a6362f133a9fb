use webhook_core::{Secret, SecretError};
use webhook_ip_layer::{BanError, Bans};
use webhook_ratelimit_layer::{Quota, RateLimitError};
use webhook_signature::{Preset, Scheme, SchemeError};

use crate::Mistake;

/// A setting, or the `Result` of making one: the builder reports its error with all the others.
///
/// So `.secret("2026-q4", Secret::from_env("GITHUB_WEBHOOK_SECRET"))` needs no `?` of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `{T}`, and no result of making one",
    note = "give the setting itself, or the `Result` that its constructor returns, without `?`"
)]
pub trait Checked<T> {
    /// The setting, or what is wrong with it.
    ///
    /// # Errors
    /// The error of the setting's own constructor.
    fn checked(self) -> Result<T, Mistake>;
}

impl Checked<Self> for Secret {
    fn checked(self) -> Result<Self, Mistake> {
        Ok(self)
    }
}

impl Checked<Secret> for Result<Secret, SecretError> {
    fn checked(self) -> Result<Secret, Mistake> {
        self.map_err(Mistake::from)
    }
}

impl Checked<Self> for Quota {
    fn checked(self) -> Result<Self, Mistake> {
        Ok(self)
    }
}

impl Checked<Quota> for Result<Quota, RateLimitError> {
    fn checked(self) -> Result<Quota, Mistake> {
        self.map_err(Mistake::from)
    }
}

impl Checked<Self> for Bans {
    fn checked(self) -> Result<Self, Mistake> {
        Ok(self)
    }
}

impl Checked<Bans> for Result<Bans, BanError> {
    fn checked(self) -> Result<Bans, Mistake> {
        self.map_err(Mistake::from)
    }
}

impl Checked<Self> for Scheme {
    fn checked(self) -> Result<Self, Mistake> {
        Ok(self)
    }
}

impl Checked<Scheme> for &Preset {
    fn checked(self) -> Result<Scheme, Mistake> {
        Ok(self.scheme())
    }
}

impl Checked<Scheme> for Result<Scheme, SchemeError> {
    fn checked(self) -> Result<Scheme, Mistake> {
        self.map_err(Mistake::from)
    }
}
