use std::{
    fmt,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tokio::sync::{Notify, futures::OwnedNotified};

use crate::Lookup;

/// One look-up under way, and whoever waits for it.
pub(super) struct Flight {
    pub(super) key: Arc<str>,
    /// Whether the key was known before.
    pub(super) is_known: bool,
    outcome: OnceLock<Option<Lookup>>,
    landed: Arc<Notify>,
}

impl Flight {
    pub(super) fn new(key: &str, is_known: bool) -> Self {
        Self {
            key: key.into(),
            is_known,
            outcome: OnceLock::new(),
            landed: Arc::default(),
        }
    }

    /// Tells everybody who waits; `None` where the look-up failed.
    pub(super) fn tell(&self, outcome: Option<Lookup>) {
        let _only_once = self.outcome.set(outcome);
        self.landed.notify_waiters();
    }
}

pin_project! {
    /// Waits for a look-up: `None` where it fails. Dropped, it leaves the look-up and the others
    /// alone.
    pub struct Waiting {
        flight: Arc<Flight>,
        #[pin]
        landed: OwnedNotified,
    }
}

impl Waiting {
    pub(super) fn new(flight: Arc<Flight>) -> Self {
        // It hears of a landing from now on, polled or not.
        let landed = Arc::clone(&flight.landed).notified_owned();
        Self { flight, landed }
    }
}

impl Future for Waiting {
    type Output = Option<Lookup>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.flight.outcome.get().is_none() {
            ready!(this.landed.poll(cx));
        }
        Poll::Ready(this.flight.outcome.get().cloned().flatten())
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiting")
    }
}
