use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use webhook_core::Reject;

use crate::diagnosis::Diagnoses;

/// What all services of one layer share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) diagnoses: Diagnoses,
    waiting: AtomicUsize,
    has_bodies: OnceLock<bool>,
}

impl Shared {
    /// Whether the policy makes the body of an answer to a duplicate. It is asked once.
    pub(crate) fn can_answer<B, R: Reject<B>>(&self, policy: &R) -> bool {
        *self
            .has_bodies
            .get_or_init(|| policy.body(Bytes::new()).is_some())
    }

    /// A place among those that wait, if there is one.
    pub(crate) fn join_waiters(self: &Arc<Self>, most: usize) -> Option<Waiter> {
        let join = |waiting: usize| (waiting < most).then(|| waiting + 1);
        self.waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, join)
            .ok()?;
        Some(Waiter(Arc::clone(self)))
    }
}

/// A place among the duplicates that wait; it is free again once this is dropped.
#[derive(Debug)]
pub(crate) struct Waiter(Arc<Shared>);

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}
