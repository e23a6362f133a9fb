use std::{sync::Arc, time::Duration};

use crate::{Claim, DeliveryKey, Owner, Settled, Settlement, StoreError};

/// Where deliveries are claimed, and remembered once they are handled.
///
/// # What a store promises
///
/// - **One step.** A claim looks and writes in one atomic step, with its expiry: of any number of
///   callers at once, on any number of machines, one gets [`Claim::Claimed`]. There is no moment at
///   which a claim stands without an expiry.
/// - **The owner alone settles.** A settlement compares the owner and writes in one atomic step. An
///   owner whose claim was taken over gets [`Settled::Lost`], and changes nothing.
/// - **A lease that ran out can be taken over**, and at no moment earlier. Its owner may still settle
///   until somebody did, where the store has not forgotten it.
/// - **A claim of the same owner is renewed**, so that a request to the store whose answer was lost
///   can be sent again.
/// - **What is done stays done** until its time to be kept is over.
///
/// The times are durations, and the store's own clock counts them: the clocks of the machines that
/// share it need not agree.
///
/// # What a store never does
///
/// - It never drops a claim whose lease runs, to make room or for any other reason. Without room for
///   a new claim it [fails](StoreError).
/// - It never answers [`Claim::Claimed`] where it does not know, and never [`Claim::Done`] for what it
///   did not see completed. It fails, and within a time of its own: the layer sets no bound.
/// - It never waits for a claim to end; the layer does that.
///
/// The feature `test-suite` brings these promises as tests, in `webhook_dedup_layer::test_suite`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` keeps no claims",
    label = "not a store of claims",
    note = "give the layer a `MemoryStore`, or implement `DedupStore` for your own"
)]
pub trait DedupStore {
    /// The future of [`claim`](Self::claim).
    type ClaimFuture: Future<Output = Result<Claim, StoreError>>;
    /// The future of [`settle`](Self::settle).
    type SettleFuture: Future<Output = Result<Settled, StoreError>>;

    /// Claims a delivery for `owner`, for as long as `lease`.
    ///
    /// Where the future is dropped before it is ready, [`settle_detached`](Self::settle_detached)
    /// follows with a release: the claim may have been written.
    fn claim(&self, key: DeliveryKey, owner: Owner, lease: Duration) -> Self::ClaimFuture;

    /// Ends a claim.
    fn settle(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) -> Self::SettleFuture;

    /// The same where nobody can wait, from a destructor: the request was dropped, or its handler
    /// panicked. It returns at once, must not panic, and does what it can, on a task of the store's
    /// own where it takes time. What it cannot do, the end of the lease does.
    ///
    /// The same settlement may have been begun by [`settle`](Self::settle) whose future was dropped.
    fn settle_detached(&self, key: DeliveryKey, owner: Owner, settlement: Settlement);
}

impl<S: DedupStore + ?Sized> DedupStore for Arc<S> {
    type ClaimFuture = S::ClaimFuture;
    type SettleFuture = S::SettleFuture;

    fn claim(&self, key: DeliveryKey, owner: Owner, lease: Duration) -> Self::ClaimFuture {
        S::claim(self, key, owner, lease)
    }

    fn settle(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) -> Self::SettleFuture {
        S::settle(self, key, owner, settlement)
    }

    fn settle_detached(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) {
        S::settle_detached(self, key, owner, settlement);
    }
}
