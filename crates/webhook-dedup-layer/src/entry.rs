use std::{sync::Arc, time::Duration};

use http::{Request, Response};
use webhook_core::{BufferedBody, Check, Reason, Reject, Rejection, Verdict};

use crate::{
    Claim, DedupStore, StoreError,
    answer::duplicate,
    held::Held,
    judge::{Plan, record, shadow},
    shared::{Shared, Waiter},
};

/// The pause before a duplicate that waits asks the store again, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(250));

/// A request whose claim is asked for, with all that it takes to go on.
pub(crate) struct Entry<S, St: DedupStore, R> {
    pub(crate) held: Held<St>,
    pub(crate) plan: Plan,
    pub(crate) request: Request<BufferedBody>,
    pub(crate) inner: S,
    pub(crate) rejection: R,
    pub(crate) shared: Arc<Shared>,
    pub(crate) wait: Option<Wait>,
}

/// A duplicate that waits for the first copy.
pub(crate) struct Wait {
    _place: Waiter,
    waited: Duration,
    pause: Duration,
}

/// How it goes on.
pub(crate) enum Next<S, St: DedupStore, R, ResBody> {
    /// The delivery is ours: the handler's turn.
    Call(S, Request<BufferedBody>, Claimed<St>),
    /// The handler's turn without a claim.
    Pass(S, Request<BufferedBody>),
    /// The store is asked again after a while.
    Wait(Duration, Entry<S, St, R>),
    /// Something else than the handler answers.
    End(Response<ResBody>),
}

/// A claim while the handler runs.
pub(crate) struct Claimed<St: DedupStore> {
    pub(crate) held: Held<St>,
    pub(crate) keep: Duration,
    pub(crate) shared: Arc<Shared>,
}

impl<S, St, R> Entry<S, St, R>
where
    St: DedupStore,
{
    pub(crate) fn claim(&mut self) -> St::ClaimFuture {
        self.held.claim(self.plan.lease)
    }

    /// What the store's answer makes of the request.
    pub(crate) fn proceed<ResBody>(
        mut self,
        claim: Result<Claim, StoreError>,
    ) -> Next<S, St, R, ResBody>
    where
        R: Reject<ResBody>,
    {
        if claim.is_ok() {
            self.shared.diagnoses.store_answers();
        }
        match claim {
            Ok(Claim::Claimed) => self.call(),
            Ok(Claim::Done { status, .. }) => {
                self.held.let_go();
                if self.plan.is_shadow {
                    return self.pass_in_shadow(Reason::Duplicate);
                }
                let (parts, _body) = self.request.into_parts();
                Next::End(duplicate(&self.rejection, &parts, status))
            }
            Ok(Claim::InFlight { left }) => {
                self.held.let_go();
                self.wait_or_refuse(left)
            }
            // The claim may have been written all the same, so it is released when `held` goes.
            Err(error) => {
                let extensions = self.request.extensions();
                match self.plan.without_store(&self.shared, extensions, &error) {
                    Some(rejection) => self.refuse(rejection),
                    None => Next::Pass(self.inner, self.request),
                }
            }
        }
    }

    fn call<ResBody>(self) -> Next<S, St, R, ResBody> {
        record(self.request.extensions(), |record| {
            record.set_verdict(Check::Replay, Verdict::Pass);
        });
        let claimed = Claimed {
            held: self.held,
            keep: self.plan.keep,
            shared: self.shared,
        };
        Next::Call(self.inner, self.request, claimed)
    }

    fn refuse<ResBody>(self, rejection: Rejection) -> Next<S, St, R, ResBody>
    where
        R: Reject<ResBody>,
    {
        let (mut parts, _body) = self.request.into_parts();
        Next::End(rejection.end(&self.rejection, &mut parts))
    }

    fn pass_in_shadow<ResBody>(self, reason: Reason) -> Next<S, St, R, ResBody> {
        shadow(self.request.extensions(), reason);
        Next::Pass(self.inner, self.request)
    }

    fn wait_or_refuse<ResBody>(mut self, left: Duration) -> Next<S, St, R, ResBody>
    where
        R: Reject<ResBody>,
    {
        if self.plan.is_shadow {
            return self.pass_in_shadow(Reason::DuplicateInFlight);
        }
        if let Some(pause) = self.pause(left) {
            return Next::Wait(pause, self);
        }
        self.refuse(Plan::in_flight(left))
    }

    /// How long to wait before the store is asked again; `None` where that is not to be.
    fn pause(&mut self, left: Duration) -> Option<Duration> {
        let in_flight = self.plan.in_flight;
        let limit = in_flight.wait?;
        if self.wait.is_none() {
            self.wait = Some(Wait {
                _place: self.shared.join_waiters(in_flight.waiters)?,
                waited: Duration::ZERO,
                pause: PAUSES.0,
            });
        }
        let wait = self.wait.as_mut()?;
        let rest = limit.saturating_sub(wait.waited);
        if rest.is_zero() {
            return None;
        }
        // No longer than the lease: this copy may be the one that takes it over.
        let pause = wait.pause.min(rest).min(left.max(PAUSES.0));
        wait.waited = wait.waited.saturating_add(pause);
        wait.pause = wait.pause.saturating_mul(2).min(PAUSES.1);
        Some(pause)
    }
}
