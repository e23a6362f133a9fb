//! How a sink says that a record is kept, for responses that wait for it.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// Resolves to whether a record is kept as its sink promises, such as committed to a database.
///
/// A [`Sink`](crate::Sink) that makes responses wait returns one from
/// [`record_awaited`](crate::Sink::record_awaited) and keeps the [`Acknowledger`]. It never resolves
/// later than the sink's own bound: the sink sees to that.
#[must_use = "a response that does not wait leaves before its record is kept"]
pub struct Acknowledgement {
    open: Vec<Arc<Slot>>,
    all_kept: bool,
}

/// The sink's end of an [`Acknowledgement`]. Dropped unused, it says that the record is lost.
pub struct Acknowledger(Arc<Slot>);

#[derive(Default)]
struct Slot(Mutex<State>);

#[derive(Default)]
struct State {
    is_kept: Option<bool>,
    waker: Option<Waker>,
}

impl Acknowledgement {
    /// An acknowledgement, and what gives it.
    ///
    /// ```
    /// use webhook_audit_layer::Acknowledgement;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (acknowledger, acknowledgement) = Acknowledgement::new();
    /// acknowledger.acknowledge(true);
    /// assert!(acknowledgement.await);
    ///
    /// let (acknowledger, acknowledgement) = Acknowledgement::new();
    /// drop(acknowledger);
    /// assert!(!acknowledgement.await);
    /// # }
    /// ```
    pub fn new() -> (Acknowledger, Self) {
        let slot = Arc::new(Slot::default());
        let acknowledgement = Self {
            open: vec![Arc::clone(&slot)],
            all_kept: true,
        };
        (Acknowledger(slot), acknowledgement)
    }

    /// One that resolves when all of these have, to whether all of their records are kept.
    /// `None` where there is nothing to wait for.
    pub fn all(several: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        several.into_iter().flatten().reduce(|mut all, one| {
            all.open.extend(one.open);
            all.all_kept &= one.all_kept;
            all
        })
    }
}

impl Future for Acknowledgement {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        let mut all_kept = self.all_kept;
        self.open.retain(|slot| match slot.poll(context) {
            Poll::Ready(is_kept) => {
                all_kept &= is_kept;
                false
            }
            Poll::Pending => true,
        });
        self.all_kept = all_kept;
        if self.open.is_empty() {
            Poll::Ready(all_kept)
        } else {
            Poll::Pending
        }
    }
}

impl Acknowledger {
    /// Says whether the record is kept. The response leaves, or a refusal in its place.
    pub fn acknowledge(self, is_kept: bool) {
        self.0.settle(is_kept);
    }
}

impl Drop for Acknowledger {
    fn drop(&mut self) {
        self.0.settle(false);
    }
}

impl Slot {
    fn poll(&self, context: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.lock();
        if let Some(is_kept) = state.is_kept {
            return Poll::Ready(is_kept);
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// The first word counts.
    fn settle(&self, is_kept: bool) {
        let mut state = self.lock();
        if state.is_kept.is_none() {
            state.is_kept = Some(is_kept);
        }
        let waker = state.waker.take();
        // Whoever wakes may poll at once.
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Acknowledgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acknowledgement").finish_non_exhaustive()
    }
}

impl fmt::Debug for Acknowledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acknowledger").finish_non_exhaustive()
    }
}
