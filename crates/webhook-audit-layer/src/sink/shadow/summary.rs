use std::fmt;

use webhook_core::{Check, Timestamp};

/// What a [`ShadowReport`](crate::ShadowReport) has counted.
///
/// `Display` is a report for people, one line for each check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShadowSummary {
    /// When counting began.
    pub since: Timestamp,
    /// When this summary was made.
    pub until: Timestamp,
    /// How many requests came.
    pub requests: u64,
    /// How many of them were verified deliveries.
    pub verified: u64,
    /// How many verified deliveries at least one check in shadow mode would have refused.
    pub verified_refused: u64,
    /// The checks that would have refused anything, in the order of the stack.
    pub checks: Vec<ShadowedCheck>,
}

impl ShadowSummary {
    /// Whether deliveries came, and enforcement would have refused none that was verified.
    ///
    /// A signature in shadow mode lets forged and unverified requests through alike: no delivery
    /// that it would refuse is verified, so look at its [`requests`](ShadowedCheck::requests) too.
    #[must_use]
    pub const fn is_safe_to_enforce(&self) -> bool {
        self.verified > 0 && self.verified_refused == 0
    }

    /// What one check would have refused; `None` where it would have refused nothing.
    #[must_use]
    pub fn of(&self, check: Check) -> Option<&ShadowedCheck> {
        self.checks.iter().find(|counted| counted.check == check)
    }
}

/// What one check in shadow mode would have refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShadowedCheck {
    /// The check.
    pub check: Check,
    /// How many requests it would have refused.
    pub requests: u64,
    /// How many of those were verified deliveries: what enforcement would have lost.
    pub verified: u64,
    /// The same by provider, sorted by name; at most
    /// [`MAX_SHADOWED_PROVIDERS`](crate::MAX_SHADOWED_PROVIDERS) of them and `(others)`.
    pub providers: Vec<ShadowedProvider>,
}

/// How many verified deliveries of one provider a check would have refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShadowedProvider {
    /// The provider's name.
    pub provider: String,
    /// How many of its verified deliveries the check would have refused.
    pub verified: u64,
}

impl fmt::Display for ShadowSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match (self.verified, self.is_safe_to_enforce()) {
            (0, _) => "nothing known yet",
            (_, true) => "safe to enforce",
            (_, false) => "not safe to enforce",
        };
        write!(
            f,
            "enforcement would have refused {} of {} verified deliveries from {} to {}: {verdict}",
            self.verified_refused, self.verified, self.since, self.until
        )?;
        for check in &self.checks {
            write!(f, "\n  {check}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ShadowedCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            check,
            requests,
            verified,
            providers,
        } = self;
        write!(f, "{check}: {verified} verified of {requests} requests")?;
        for (place, counted) in providers.iter().enumerate() {
            let start = if place == 0 { " (" } else { ", " };
            write!(f, "{start}{} {}", counted.provider, counted.verified)?;
        }
        f.write_str(if providers.is_empty() { "" } else { ")" })
    }
}
