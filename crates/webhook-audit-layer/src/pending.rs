use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use http::{Response, request::Parts};
use webhook_core::{Check, Reason, Reject, Rejection};

use crate::{Acknowledgement, guard::Shared};

/// When it is worth trying again, where a record could not be kept.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// What a response waits for: that its record is kept.
pub(crate) struct Pending<K, R> {
    acknowledgement: Acknowledgement,
    shared: Arc<Shared<K, R>>,
    /// The request's outline, for the refusal where the record is lost.
    sketch: Parts,
}

impl<K, R> Pending<K, R> {
    pub(crate) const fn new(
        acknowledgement: Acknowledgement,
        shared: Arc<Shared<K, R>>,
        sketch: Parts,
    ) -> Self {
        Self {
            acknowledgement,
            shared,
            sketch,
        }
    }

    /// `None` once the record is kept, else the refusal that takes the response's place.
    pub(crate) fn poll<ResBody>(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Response<ResBody>>>
    where
        R: Reject<ResBody>,
    {
        let is_kept = ready!(Pin::new(&mut self.acknowledgement).poll(context));
        if is_kept {
            return Poll::Ready(None);
        }
        let rejection = Rejection::new(Reason::StoreUnavailable, Check::Handler);
        let rejection = rejection.with_retry_after(RETRY_AFTER);
        Poll::Ready(Some(rejection.answer(&self.shared.rejection, &self.sketch)))
    }
}
