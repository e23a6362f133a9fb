use std::fmt;

use webhook_core::{Check, DeliveryRecord, Verdict};

/// What each check found; a check that never ran has no verdict.
///
/// ```
/// # use webhook_audit_layer::AuditRecord;
/// # use webhook_core::{Check, Verdict};
/// fn is_signature_in_shadow(record: &AuditRecord) -> bool {
///     record.checks.get(Check::Signature) == Some(Verdict::ShadowFail)
/// }
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Checks([Option<Verdict>; Check::ALL.len()]);

impl Checks {
    pub(crate) fn of(record: &DeliveryRecord) -> Self {
        Self(Check::ALL.map(|check| record.verdict(check)))
    }

    /// What this check found.
    #[must_use]
    pub fn get(&self, check: Check) -> Option<Verdict> {
        self.iter()
            .find(|(ran, _)| *ran == check)
            .map(|(_, verdict)| verdict)
    }

    /// The checks that ran and what they found, in the order of the stack.
    pub fn iter(&self) -> impl Iterator<Item = (Check, Verdict)> + '_ {
        Check::ALL
            .into_iter()
            .zip(self.0)
            .filter_map(|(check, verdict)| Some((check, verdict?)))
    }

    #[cfg(test)]
    pub(crate) fn of_one(check: Check, verdict: Verdict) -> Self {
        Self(Check::ALL.map(|other| (other == check).then_some(verdict)))
    }

    #[cfg(test)]
    pub(crate) const fn all(verdict: Verdict) -> Self {
        Self([Some(verdict); Check::ALL.len()])
    }
}

/// `ip:pass,signature:fail`.
impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (check, verdict)) in self.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{check}:{verdict}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
