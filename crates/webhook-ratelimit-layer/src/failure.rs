use std::sync::Arc;

use http::{Extensions, HeaderMap};
use http_body::SizeHint;
use webhook_core::{ClientAddr, Code, Endpoint, Facts, Reason};

use crate::{Unit, judge::Judge, rule::Seen};

/// What a delivery costs its network more where it could not be verified.
#[derive(Clone, Debug)]
pub(crate) struct FailureCost {
    pub(crate) amount: u32,
    /// The reasons that cost it; all that are answered 401 where none are named.
    pub(crate) reasons: Option<Arc<[Reason]>>,
}

impl FailureCost {
    fn is_for(&self, reason: Reason) -> bool {
        match &self.reasons {
            Some(reasons) => reasons.contains(&reason),
            None => reason.code() == Some(Code::Unauthorized),
        }
    }
}

/// Who sent a request, for as long as it is not known whether it can be verified.
#[derive(Debug)]
pub(crate) struct Witness {
    judge: Arc<Judge>,
    client: ClientAddr,
    endpoint: Option<Endpoint>,
}

impl Witness {
    pub(crate) const fn new(
        judge: Arc<Judge>,
        client: ClientAddr,
        endpoint: Option<Endpoint>,
    ) -> Self {
        Self {
            judge,
            client,
            endpoint,
        }
    }

    /// The request was refused: its network pays, where that is a reason to.
    pub(crate) fn charge(self, reason: Reason) {
        let cost = self.judge.failure_cost.as_ref();
        let Some(cost) = cost.filter(|cost| cost.is_for(reason)) else {
            return;
        };
        // The same client, and the same endpoint's quota, as of a request that nothing verified.
        let (headers, mut extensions) = (HeaderMap::new(), Extensions::new());
        let facts = Facts::of_mut(&mut extensions);
        facts.set_client(self.client);
        if let Some(endpoint) = self.endpoint {
            facts.set_endpoint(endpoint);
        }
        let seen = Seen {
            headers: &headers,
            extensions: &extensions,
            facts: Facts::of(&extensions),
            verification: None,
            size: &|| SizeHint::with_exact(0),
            now: self.judge.timer.now(),
        };
        for rule in self.judge.rules.iter().filter(|rule| rule.key.is_network()) {
            match rule.ask_apart(&seen, &self.judge) {
                Ok(ask) if ask.quota.unit() == Unit::Requests => {
                    ask.drain(seen.now, cost.amount.into());
                }
                _ => {}
            }
        }
    }
}
