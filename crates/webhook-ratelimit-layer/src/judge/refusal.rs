use std::{sync::Arc, time::Duration};

use http::{HeaderValue, Response, StatusCode, header::RETRY_AFTER, request::Parts};
use webhook_core::{AddressError, Check, Facts, Reason, Reject, Rejection};

use super::{Judge, passage::Told};
use crate::{
    meter::Shortage,
    rule::{Obstacle, Seen},
};

/// That a request may not pass: which quota says so, and why. It is small, for it is handed up
/// through each level of the judge; the [`Rejection`] is made once it has arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    index: usize,
    obstacle: Obstacle,
    /// Whether it is a verified delivery, whose sender may be told more.
    is_verified: bool,
}

impl Refusal {
    pub(super) const fn new(index: usize, obstacle: Obstacle, seen: &Seen<'_>) -> Self {
        Self {
            index,
            obstacle,
            is_verified: seen.verification.is_some(),
        }
    }

    /// The refusal in the policy's words. A 429 carries `Retry-After` whatever the policy.
    pub(crate) fn answer<B, R: Reject<B>>(
        self,
        judge: &Arc<Judge>,
        policy: &R,
        request: &mut Parts,
    ) -> Response<B> {
        if self.obstacle == Obstacle::NoClient {
            note_no_peer(Facts::of(&request.extensions));
        }
        let rejection = self.rejection(judge);
        let retry_after = rejection.retry_after_seconds();
        let told = self.told(judge, request);
        let mut response = rejection.end(policy, request);
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            // A value costs more than the look for it; a look-up by hash, 100 instructions more than
            // a look at each of the few names.
            let is_there = response.headers().keys().any(|name| *name == RETRY_AFTER);
            if let Some(seconds) = retry_after.filter(|_| !is_there) {
                let seconds = HeaderValue::from(seconds);
                response.headers_mut().insert(RETRY_AFTER, seconds);
            }
            if let Some(told) = told {
                told.write(response.headers_mut());
            }
        }
        response
    }

    /// A quota in shadow mode would have refused the request.
    #[cold]
    pub(super) fn note_shadow(self, judge: &Judge, facts: Option<&Facts>) {
        let rejection = self.rejection(judge);
        if self.obstacle == Obstacle::NoClient {
            note_no_peer(facts);
        }
        if let Some(facts) = facts {
            let record = facts.record();
            record.set_shadow_refusal(rejection.reason(), rejection.check());
            if let Some(quota) = rejection.quota() {
                record.set_quota(quota);
            }
        }
    }

    fn rejection(self, judge: &Judge) -> Rejection {
        let Some(rule) = judge.rules.get(self.index) else {
            // There is no other index than a rule's. If there were, nobody passes.
            return Rejection::new(Reason::Misconfigured, Check::RateNetwork);
        };
        let of = |reason| Rejection::new(reason, rule.check());
        match self.obstacle {
            Obstacle::NoClient => {
                judge.diagnoses.no_client(rule.name.as_str());
                of(Reason::IpUnresolved)
            }
            Obstacle::NoQuota => {
                judge.diagnoses.no_quota(rule.name.as_str());
                of(Reason::Misconfigured)
            }
            Obstacle::Short(Shortage::Wait(wait)) => of(Reason::RateLimited)
                .with_retry_after(Duration::from_nanos(wait))
                .with_quota(rule.name.clone()),
            Obstacle::Short(Shortage::Never) => {
                of(Reason::BodyTooLarge).with_quota(rule.name.clone())
            }
        }
    }

    /// What a verified sender is told that has to wait.
    fn told(self, judge: &Arc<Judge>, request: &Parts) -> Option<Told> {
        let Obstacle::Short(Shortage::Wait(wait)) = self.obstacle else {
            return None;
        };
        if !self.is_verified {
            return None;
        }
        let rule = judge.rules.get(self.index)?;
        rule.tells()
            .then(|| Told::refused(judge, self.index, rule, &request.extensions, wait))
    }
}

/// Notes why the client is not known.
#[cold]
fn note_no_peer(facts: Option<&Facts>) {
    if let Some(facts) = facts {
        facts.record().set_address_error(AddressError::NoPeer);
    }
}
