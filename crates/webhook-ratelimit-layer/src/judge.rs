use std::{sync::Arc, time::Duration};

use http::{Extensions, HeaderMap};
use webhook_core::{AddressError, Check, DeliveryRecord, Facts, Name, Reason, Rejection, Verdict};

use crate::{Key, diagnosis::Diagnoses, fields::Fields, limiter::Limiter};

/// What all services of one layer share: the quota, its buckets, and how it is told.
#[derive(Debug)]
pub(crate) struct Judge {
    pub(crate) name: Name,
    pub(crate) key: Key,
    pub(crate) limiter: Limiter,
    pub(crate) fields: Fields,
    pub(crate) interval: Duration,
    pub(crate) shadow: bool,
    pub(crate) diagnoses: Diagnoses,
}

/// What is to become of a request.
pub(crate) enum Judgement {
    Pass(Option<Told>),
    Refuse(Rejection, Option<Told>),
}

impl Judge {
    /// Charges the request to its bucket. Nothing but headers and facts is looked at.
    pub(crate) fn judge(
        self: &Arc<Self>,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Judgement {
        let facts = Facts::of(extensions);
        let Some(bucket) = self.key.bucket(headers, extensions) else {
            self.diagnoses.no_client(self.name.as_str());
            if let Some(facts) = facts {
                facts.record().set_address_error(AddressError::NoPeer);
            }
            return self.refuse(
                facts,
                Rejection::new(Reason::IpUnresolved, self.check()),
                None,
            );
        };
        if bucket.is_in_place_of_sender() {
            self.diagnoses.before_verification(self.name.as_str());
        }
        let is_verified = facts.is_some_and(|facts| facts.verification().is_some());
        match self.limiter.charge(&bucket) {
            Ok(admitted) => {
                if let Some(facts) = facts {
                    pass(facts.record(), self.check());
                }
                Judgement::Pass(self.tell(is_verified, || (admitted.remaining(), self.interval)))
            }
            Err(refused) => {
                let rejection = Rejection::new(Reason::RateLimited, self.check())
                    .with_retry_after(refused.wait())
                    .with_quota(self.name.clone());
                let told = self.tell(is_verified, || (0, refused.wait()));
                self.refuse(facts, rejection, told)
            }
        }
    }

    /// Which of the family's two quotas this is, in the order of the stack.
    const fn check(&self) -> Check {
        if self.key.acts_on_verified_only() {
            Check::RateEndpoint
        } else {
            Check::RateNetwork
        }
    }

    fn refuse(&self, facts: Option<&Facts>, rejection: Rejection, told: Option<Told>) -> Judgement {
        if !self.shadow {
            return Judgement::Refuse(rejection, told);
        }
        if let Some(facts) = facts {
            facts
                .record()
                .set_shadow_refusal(rejection.reason(), rejection.check());
            if let Some(quota) = rejection.quota() {
                facts.record().set_quota(quota);
            }
        }
        Judgement::Pass(None)
    }

    /// What a verified sender is told. A quota in shadow mode is not in force, and not told.
    fn tell(
        self: &Arc<Self>,
        is_verified: bool,
        state: impl FnOnce() -> (u32, Duration),
    ) -> Option<Told> {
        if !is_verified || self.shadow || self.fields.is_none() {
            return None;
        }
        let (remaining, wait) = state();
        Some(Told {
            judge: Arc::clone(self),
            remaining,
            wait,
        })
    }
}

/// Notes that a quota let the request pass, unless another quota of the same stage would not have.
fn pass(record: &DeliveryRecord, check: Check) {
    if record.verdict(check).is_none() {
        record.set_verdict(check, Verdict::Pass);
    }
}

/// The state of a quota, to be told in a response.
#[derive(Debug)]
pub(crate) struct Told {
    judge: Arc<Judge>,
    remaining: u32,
    wait: Duration,
}

impl Told {
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        self.judge.fields.write(headers, self.remaining, self.wait);
    }
}
