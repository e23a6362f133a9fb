//! What is to become of a request: one quota alone, or several together.

mod passage;
mod together;

use std::{sync::Arc, time::Duration};

use http::{Extensions, HeaderMap, Request};
use http_body::{Body, SizeHint};
use webhook_core::{AddressError, DeliveryRecord, Facts, Reason, Rejection, Seed, Verdict};

pub(crate) use self::passage::{Passage, Told};
use crate::{
    clock::Timer,
    diagnosis::Diagnoses,
    failure::FailureCost,
    meter::Shortage,
    rule::{Ask, Obstacle, Rule, Seen, Taken},
};

/// How many quotas one layer holds at most.
pub(crate) const MAX_QUOTAS: usize = 8;

/// What all services of one layer share: the quotas, their buckets, and how they are told.
#[derive(Debug)]
pub(crate) struct Judge {
    /// At least one, at most [`MAX_QUOTAS`].
    pub(crate) rules: Box<[Rule]>,
    pub(crate) timer: Timer,
    pub(crate) seed: Seed,
    pub(crate) failure_cost: Option<FailureCost>,
    pub(crate) diagnoses: Diagnoses,
}

/// What is to become of a request.
pub(crate) enum Judgement {
    Pass(Passage),
    Refuse(Rejection, Option<Told>),
}

impl Judge {
    /// As [`judge`](Self::judge).
    #[inline(never)]
    pub(crate) fn judge_request<B: Body>(self: &Arc<Self>, request: &Request<B>) -> Judgement {
        let size = || request.body().size_hint();
        self.judge(request.headers(), request.extensions(), &size)
    }

    /// Charges the request to its buckets. Nothing but headers, facts and the size is looked at.
    pub(crate) fn judge(
        self: &Arc<Self>,
        headers: &HeaderMap,
        extensions: &Extensions,
        size: &dyn Fn() -> SizeHint,
    ) -> Judgement {
        let facts = Facts::of(extensions);
        let seen = |now| Seen {
            headers,
            extensions,
            facts,
            size,
            now,
        };
        match &*self.rules {
            [rule] => match self.timer.known(facts) {
                Some(earlier) => self.judge_one(rule, seen(earlier), true),
                None => self.judge_one(rule, seen(self.timer.now()), false),
            },
            _ => self.judge_together(&seen(self.timer.now())),
        }
    }

    /// One quota alone: one atomic step.
    ///
    /// The time may be an earlier one, which is stricter: something may have waited since. So nobody
    /// is refused by it without a look at the clock.
    fn judge_one(self: &Arc<Self>, rule: &Rule, mut seen: Seen<'_>, is_earlier: bool) -> Judgement {
        let obstacle = match rule.ask(&seen, self) {
            Err(obstacle) => obstacle,
            Ok(ask) => {
                let mut charged = ask.charge(seen.now);
                if is_earlier && charged.is_err() {
                    seen.now = self.timer.now();
                    charged = ask.charge(seen.now);
                }
                match charged {
                    Ok(taken) => {
                        let mut passage = Passage::default();
                        if let Taken::Permit(ticket, _) = taken {
                            passage.keep(self, 0, ticket);
                        }
                        self.admit(&mut passage, 0, &ask, taken, &seen);
                        self.watch(&mut passage, &seen);
                        return Judgement::Pass(passage);
                    }
                    Err(shortage) => Obstacle::Short(shortage),
                }
            }
        };
        if rule.is_shadow {
            self.note_shadow(rule, obstacle, &seen);
            let mut passage = Passage::default();
            self.watch(&mut passage, &seen);
            return Judgement::Pass(passage);
        }
        self.refuse(0, rule, obstacle, &seen)
    }

    /// Notes what was taken, for the record and the sender.
    #[inline]
    fn admit(
        self: &Arc<Self>,
        passage: &mut Passage,
        index: usize,
        ask: &Ask<'_>,
        taken: Taken,
        seen: &Seen<'_>,
    ) {
        if let Some(facts) = seen.facts {
            pass(facts.record(), ask.rule);
        }
        if is_told(ask.rule, seen) {
            passage.tell(self, index, ask, taken, seen.now);
        }
    }

    /// Where failures cost extra, looks whether the response says that this is one.
    fn watch(self: &Arc<Self>, passage: &mut Passage, seen: &Seen<'_>) {
        if self.failure_cost.is_some() {
            passage.watch(self, seen);
        }
    }

    #[cold]
    fn refuse(
        self: &Arc<Self>,
        index: usize,
        rule: &Rule,
        obstacle: Obstacle,
        seen: &Seen<'_>,
    ) -> Judgement {
        let rejection = self.rejection(rule, obstacle, seen);
        let told = match obstacle {
            Obstacle::Short(Shortage::Wait(wait)) if is_told(rule, seen) => {
                Some(Told::refused(self, index, seen, wait))
            }
            _ => None,
        };
        Judgement::Refuse(rejection, told)
    }

    /// A quota in shadow mode would have refused the request.
    #[cold]
    fn note_shadow(&self, rule: &Rule, obstacle: Obstacle, seen: &Seen<'_>) {
        let rejection = self.rejection(rule, obstacle, seen);
        if let Some(facts) = seen.facts {
            let record = facts.record();
            record.set_shadow_refusal(rejection.reason(), rejection.check());
            if let Some(quota) = rejection.quota() {
                record.set_quota(quota);
            }
        }
    }

    fn rejection(&self, rule: &Rule, obstacle: Obstacle, seen: &Seen<'_>) -> Rejection {
        let of = |reason| Rejection::new(reason, rule.check());
        match obstacle {
            Obstacle::NoClient => {
                self.diagnoses.no_client(rule.name.as_str());
                if let Some(facts) = seen.facts {
                    facts.record().set_address_error(AddressError::NoPeer);
                }
                of(Reason::IpUnresolved)
            }
            Obstacle::NoQuota => {
                self.diagnoses.no_quota(rule.name.as_str());
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
}

/// Whether the sender is told of the quota: only a verified one, and only of a quota in force.
fn is_told(rule: &Rule, seen: &Seen<'_>) -> bool {
    let is_verified = |facts: &Facts| facts.verification().is_some();
    !rule.is_shadow && !rule.fields.is_none() && seen.facts.is_some_and(is_verified)
}

/// Notes that a quota let the request pass, unless another quota of the same stage would not have.
fn pass(record: &DeliveryRecord, rule: &Rule) {
    let check = rule.check();
    if record.is_kept() && record.verdict(check).is_none() {
        record.set_verdict(check, Verdict::Pass);
    }
}
