use std::time::Duration;

use http::{HeaderName, Response};

use crate::{DedupStore, DeliveryKey, Owner, Settlement};

/// A claim, from before it is asked for until it is settled. Dropped in between, it settles by itself:
/// the request went away, or the handler panicked.
pub(crate) struct Held<St: DedupStore> {
    store: St,
    key: DeliveryKey,
    owner: Owner,
    due: Option<Settlement>,
}

impl<St: DedupStore> Held<St> {
    pub(crate) fn new(store: St, key: DeliveryKey) -> Self {
        Self {
            store,
            key,
            owner: Owner::generate(),
            due: None,
        }
    }

    /// Asks for the claim. From here on it may have been written.
    pub(crate) fn claim(&mut self, lease: Duration) -> St::ClaimFuture {
        self.due = Some(Settlement::Release);
        self.store.claim(self.key, self.owner, lease)
    }

    /// Settles as the handler's answer has it. Until the store has answered, a drop does the same.
    pub(crate) fn settle(&mut self, settlement: Settlement) -> St::SettleFuture {
        self.due = Some(settlement);
        self.store.settle(self.key, self.owner, settlement)
    }

    /// Nothing is left to settle: the claim is another's, or settled.
    pub(crate) const fn let_go(&mut self) {
        self.due = None;
    }
}

impl<St: DedupStore> Drop for Held<St> {
    fn drop(&mut self) {
        if let Some(settlement) = self.due.take() {
            self.store.settle_detached(self.key, self.owner, settlement);
        }
    }
}

/// What an answer of the handler's makes of its claim: 2xx completes it, and in gRPC the status OK or
/// one that is still to come in the trailers; all else releases it.
pub(crate) fn settlement_of<B, E>(result: &Result<Response<B>, E>, keep: Duration) -> Settlement {
    match result {
        Ok(response) if is_handled(response) => Settlement::Complete {
            status: response.status(),
            keep,
        },
        _ => Settlement::Release,
    }
}

fn is_handled<B>(response: &Response<B>) -> bool {
    const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
    let grpc_status = response.headers().get(GRPC_STATUS);
    response.status().is_success() && grpc_status.is_none_or(|status| status == "0")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Response;

    use super::settlement_of;
    use crate::Settlement;

    fn completes(response: http::response::Builder) -> bool {
        let result = Ok::<_, ()>(response.body(()).unwrap());
        let settlement = settlement_of(&result, Duration::from_secs(1));
        matches!(settlement, Settlement::Complete { .. })
    }

    #[test]
    fn success_completes_and_all_else_releases() {
        for status in [200, 201, 202, 204, 299] {
            assert!(completes(Response::builder().status(status)), "{status}");
        }
        for status in [100, 302, 304, 400, 404, 409, 410, 422, 429, 500, 503] {
            assert!(!completes(Response::builder().status(status)), "{status}");
        }
        let failed = settlement_of(&Err::<Response<()>, _>(()), Duration::from_secs(1));
        assert_eq!(failed, Settlement::Release);
    }

    #[test]
    fn a_grpc_status_in_the_head_has_to_be_ok() {
        let with = |status: &str| completes(Response::builder().header("grpc-status", status));
        assert!(with("0"));
        for status in ["1", "5", "13", "14", "00", ""] {
            assert!(!with(status), "{status}");
        }
    }
}
