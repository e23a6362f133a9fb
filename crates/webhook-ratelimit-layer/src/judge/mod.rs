//! What is to become of a request: one quota alone, or several together.

mod passage;
mod refusal;
mod together;

use std::sync::Arc;

use http::{Extensions, HeaderMap, Request};
use http_body::{Body, SizeHint};
use webhook_core::{Facts, Seed, Verdict};

pub(crate) use self::{passage::Passage, refusal::Refusal};
use crate::{
    clock::Timer,
    diagnosis::Diagnoses,
    failure::FailureCost,
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

/// What goes with a request that may pass, or why it may not.
pub(crate) type Judgement = Result<Passage, Refusal>;

impl Judge {
    /// As [`judge`](Self::judge).
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
        let verification = facts.and_then(Facts::verification);
        let seen = |now| Seen {
            headers,
            extensions,
            facts,
            verification,
            size,
            now,
        };
        let [rule] = &*self.rules else {
            return self.judge_together(&seen(self.timer.now()));
        };
        let known = self.timer.known(facts);
        let now = known.unwrap_or_else(|| self.timer.now());
        self.judge_one(rule, seen(now), known.is_some())
    }

    /// One quota alone: one atomic step.
    ///
    /// The time may be an earlier one, which is stricter: something may have waited since. So nobody
    /// is refused by it without a look at the clock.
    #[inline]
    fn judge_one(self: &Arc<Self>, rule: &Rule, mut seen: Seen<'_>, is_earlier: bool) -> Judgement {
        let mut passage = Passage::default();
        let asked = rule.ask(&seen, self).and_then(|ask| {
            let charged = match ask.charge(seen.now) {
                Err(_) if is_earlier => {
                    seen.now = self.timer.now();
                    ask.charge_again(seen.now)
                }
                charged => charged,
            };
            let taken = charged.map_err(Obstacle::Short)?;
            if let Taken::Permit(ticket, _) = taken {
                passage.keep(self, 0, ticket);
            }
            self.admit(&mut passage, 0, &ask, taken, &seen);
            Ok(())
        });
        if let Err(obstacle) = asked {
            let refusal = Refusal::new(0, obstacle, &seen);
            if !rule.is_shadow {
                return Err(refusal);
            }
            refusal.note_shadow(self, seen.facts);
        }
        self.watch(&mut passage, &seen);
        Ok(passage)
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
        // Where another quota of the same stage would not have let it pass, that verdict stays.
        if let Some(facts) = seen.facts {
            facts.record().set_verdict(ask.rule.check(), Verdict::Pass);
        }
        if seen.verification.is_some() && ask.rule.tells() {
            passage.tell(self, index, ask, taken, seen.now);
        }
    }

    /// Where failures cost extra, looks whether the response says that this is one.
    #[inline]
    fn watch(self: &Arc<Self>, passage: &mut Passage, seen: &Seen<'_>) {
        if self.failure_cost.is_some() {
            passage.watch(self, seen);
        }
    }
}
