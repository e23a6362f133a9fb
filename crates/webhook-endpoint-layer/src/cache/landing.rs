use std::sync::Arc;

use super::{directory::Shared, flight::Flight};
use crate::{Key, Lookup, Resolve, diagnosis::Failure};

/// The end of a look-up, whichever way it ends: returned, failed, late, panicked, or dropped with
/// its runtime.
pub(super) struct Landing<L> {
    shared: Arc<Shared<L>>,
    /// Until it has landed.
    flight: Option<Arc<Flight>>,
}

impl<L> Landing<L> {
    pub(super) const fn new(shared: Arc<Shared<L>>, flight: Arc<Flight>) -> Self {
        Self {
            shared,
            flight: Some(flight),
        }
    }

    fn land(&mut self, found: Result<Lookup, Failure>) {
        let Some(flight) = self.flight.take() else {
            return;
        };
        if let Err(failure) = &found {
            let now = self.shared.settings.clock.ticks();
            self.shared.diagnoses.failed(failure, now);
        }
        let outcome = self.shared.conclude(&flight, found.ok());
        flight.tell(outcome);
    }
}

impl<L: Resolve> Landing<L> {
    /// The task of a look-up.
    pub(super) async fn fly(mut self) {
        let Some(flight) = &self.flight else {
            return;
        };
        let key = Key::shared(&flight.key);
        let deadline = self.shared.settings.deadline;
        let asking = async { self.shared.resolver.resolve(key).await };
        let found = match tokio::time::timeout(deadline, asking).await {
            Ok(Ok(lookup)) => Ok(lookup),
            Ok(Err(error)) => Err(Failure::Refused(error.to_string())),
            Err(_) => Err(Failure::Late(deadline)),
        };
        self.land(found);
    }
}

impl<L> Drop for Landing<L> {
    fn drop(&mut self) {
        self.land(Err(Failure::Broken));
    }
}
