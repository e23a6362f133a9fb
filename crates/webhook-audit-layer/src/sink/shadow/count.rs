use std::collections::BTreeMap;

use webhook_core::{Check, Timestamp, Verdict};

use super::{MAX_SHADOWED_PROVIDERS, ShadowSummary, ShadowedCheck, ShadowedProvider};
use crate::AuditRecord;

/// The name under which providers beyond [`MAX_SHADOWED_PROVIDERS`] are counted.
const OTHERS: &str = "(others)";

#[derive(Default)]
pub(super) struct Counts {
    requests: u64,
    verified: u64,
    verified_refused: u64,
    checks: [OfCheck; Check::ALL.len()],
}

#[derive(Default)]
struct OfCheck {
    requests: u64,
    verified: u64,
    providers: BTreeMap<Box<str>, u64>,
}

impl Counts {
    pub(super) fn add(&mut self, record: &AuditRecord) {
        self.requests += 1;
        self.verified += u64::from(record.is_verified);
        let mut is_refused = false;
        for (check, counts) in Check::ALL.into_iter().zip(&mut self.checks) {
            if record.checks.get(check) == Some(Verdict::ShadowFail) {
                counts.add(record);
                is_refused = true;
            }
        }
        self.verified_refused += u64::from(is_refused && record.is_verified);
    }

    pub(super) fn summary(&self, since: Timestamp, until: Timestamp) -> ShadowSummary {
        let checks = Check::ALL.into_iter().zip(&self.checks);
        ShadowSummary {
            since,
            until,
            requests: self.requests,
            verified: self.verified,
            verified_refused: self.verified_refused,
            checks: checks
                .filter(|(_, counts)| counts.requests > 0)
                .map(|(check, counts)| counts.summary(check))
                .collect(),
        }
    }
}

impl OfCheck {
    fn add(&mut self, record: &AuditRecord) {
        self.requests += 1;
        if !record.is_verified {
            return;
        }
        self.verified += 1;
        let name = record.provider.as_ref().map_or("", |name| name.as_str());
        if let Some(count) = self.providers.get_mut(name) {
            *count += 1;
            return;
        }
        let is_full = self.providers.len() >= MAX_SHADOWED_PROVIDERS;
        let name = if is_full { OTHERS } else { name };
        *self.providers.entry(name.into()).or_default() += 1;
    }

    fn summary(&self, check: Check) -> ShadowedCheck {
        let providers = self.providers.iter();
        ShadowedCheck {
            check,
            requests: self.requests,
            verified: self.verified,
            providers: providers
                .map(|(name, &verified)| ShadowedProvider {
                    provider: name.to_string(),
                    verified,
                })
                .collect(),
        }
    }
}
