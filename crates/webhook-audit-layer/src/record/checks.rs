use std::fmt;

use webhook_core::{Check, DeliveryRecord, Verdict, record::Verdicts};

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
pub struct Checks(Verdicts);

impl Checks {
    pub(crate) fn of(record: &DeliveryRecord) -> Self {
        Self(record.verdicts())
    }

    /// What this check found.
    #[must_use]
    pub const fn get(&self, check: Check) -> Option<Verdict> {
        self.0.get(check)
    }

    /// The checks that ran and what they found, in the order of the stack.
    pub fn iter(&self) -> impl Iterator<Item = (Check, Verdict)> + '_ {
        Check::ALL
            .into_iter()
            .filter_map(|check| Some((check, self.0.get(check)?)))
    }

    #[cfg(test)]
    pub(crate) fn of_one(check: Check, verdict: Verdict) -> Self {
        Self(Verdicts::default().with(check, verdict))
    }

    #[cfg(test)]
    pub(crate) fn all(verdict: Verdict) -> Self {
        let with = |verdicts: Verdicts, check| verdicts.with(check, verdict);
        Self(Check::ALL.into_iter().fold(Verdicts::default(), with))
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
