use std::{num::NonZeroU64, sync::Arc};

use http::{Extensions, HeaderMap, HeaderValue, Response};
use webhook_core::{Reason, Rejection};

use super::{Judge, MAX_QUOTAS};
use crate::{
    clock::Moment,
    failure::Witness,
    permits::Ticket,
    rule::{Ask, Rule, Seen, Taken},
    table::Level,
};

/// What goes with a request that may pass: permits to give back, and what to do with the response.
///
/// It is moved with the request's future, so it is small. What a plain quota has no use for is on
/// the heap.
#[derive(Debug, Default)]
pub(crate) struct Passage {
    told: Option<Told>,
    extras: Option<Box<Extras>>,
}

/// What only quotas of permits, failures that cost extra, and several quotas need.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    permits: Option<Kept>,
    witness: Option<Witness>,
    told: Vec<State>,
}

impl Passage {
    /// Keeps a permit of the quota for as long as the passage lives.
    pub(super) fn keep(&mut self, judge: &Arc<Judge>, index: usize, ticket: Ticket) {
        let kept = self.extras().permits.get_or_insert_with(|| Kept {
            judge: Arc::clone(judge),
            tickets: [None; MAX_QUOTAS],
        });
        if let Some(slot) = kept.tickets.get_mut(index) {
            *slot = Some(ticket);
        }
    }

    /// Tells the sender what is left of a quota.
    #[inline(never)]
    pub(super) fn tell(
        &mut self,
        judge: &Arc<Judge>,
        index: usize,
        ask: &Ask<'_>,
        taken: Taken,
        now: Moment,
    ) {
        let state = State::passed(index, ask, taken, now);
        if self.told.is_some() {
            self.extras().told.push(state);
        } else {
            self.told = Some(Told {
                judge: Arc::clone(judge),
                state,
            });
        }
    }

    /// Looks whether the response says that verification failed.
    pub(super) fn watch(&mut self, judge: &Arc<Judge>, seen: &Seen<'_>) {
        if let Some(client) = seen.client() {
            let endpoint = seen.endpoint().cloned();
            let witness = Witness::new(Arc::clone(judge), client, endpoint);
            self.extras().witness = Some(witness);
        }
    }

    /// Whether the response is nobody's business.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.told.is_none() && self.extras.is_none()
    }

    /// What gives permits back where it is dropped.
    #[inline]
    pub(crate) const fn take_extras(&mut self) -> Option<Box<Extras>> {
        self.extras.take()
    }

    #[inline]
    pub(crate) fn put_back(&mut self, extras: Option<Box<Extras>>) {
        self.extras = extras;
    }

    /// The head of the response is there, or an error: permits go back, failures are charged, the
    /// sender is told.
    pub(crate) fn end<B>(&mut self, response: Option<&mut Response<B>>) {
        // What holds permits is dropped here; what is told is not moved.
        let extras = self.extras.take();
        let Some(response) = response else {
            return;
        };
        if let Some(told) = &self.told {
            told.write(response.headers_mut());
        }
        if let Some(extras) = extras {
            let rejection = response.extensions().get::<Rejection>();
            let reason = rejection.map(Rejection::reason);
            extras.end(self.told.as_ref(), response.headers_mut(), reason);
        }
    }

    fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }
}

impl Extras {
    /// The rest of [`Passage::end`]; `reason` is why the request was refused, if it was.
    fn end(self, told: Option<&Told>, headers: &mut HeaderMap, reason: Option<Reason>) {
        if let Some(told) = told {
            for state in &self.told {
                state.write(&told.judge, headers);
            }
        }
        if let (Some(witness), Some(reason)) = (self.witness, reason) {
            witness.charge(reason);
        }
    }
}

/// Permits, given back when they are dropped.
#[derive(Debug)]
struct Kept {
    judge: Arc<Judge>,
    tickets: [Option<Ticket>; MAX_QUOTAS],
}

impl Drop for Kept {
    fn drop(&mut self) {
        for (rule, ticket) in self.judge.rules.iter().zip(self.tickets) {
            if let Some(ticket) = ticket {
                rule.permits().release(ticket);
            }
        }
    }
}

/// The state of a quota, to be told in a response.
#[derive(Debug)]
pub(crate) struct Told {
    judge: Arc<Judge>,
    state: State,
}

#[derive(Debug)]
struct State {
    index: usize,
    remaining: u64,
    /// Nanoseconds until there is more, where that is known.
    wait: Option<NonZeroU64>,
    /// Where the request's quota is not the one that the rule's fields were made for.
    policy: Option<Box<HeaderValue>>,
}

impl State {
    fn passed(index: usize, ask: &Ask<'_>, taken: Taken, now: Moment) -> Self {
        let (remaining, wait) = match taken {
            Taken::Permit(_, left) => (left, None),
            Taken::Word(word) => {
                let fill = ask.quota.fill(Level::Own(word), now);
                (fill.remaining, NonZeroU64::new(fill.more_in))
            }
        };
        Self {
            index,
            remaining,
            wait,
            policy: ask.rule.fields.other_policy(&ask.quota),
        }
    }

    fn write(&self, judge: &Judge, headers: &mut HeaderMap) {
        if let Some(rule) = judge.rules.get(self.index) {
            let policy = self.policy.as_deref();
            rule.fields
                .write(headers, policy, self.remaining, self.wait);
        }
    }
}

impl Told {
    /// Nothing is left, and the next delivery can pass after `wait` nanoseconds.
    pub(super) fn refused(
        judge: &Arc<Judge>,
        index: usize,
        rule: &Rule,
        extensions: &Extensions,
        wait: u64,
    ) -> Self {
        let quota = rule.load(extensions);
        Self {
            judge: Arc::clone(judge),
            state: State {
                index,
                remaining: 0,
                wait: NonZeroU64::new(wait),
                policy: quota.and_then(|quota| rule.fields.other_policy(&quota)),
            },
        }
    }

    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        self.state.write(&self.judge, headers);
    }
}
