//! How a request ended: the outcome and the reason that its record tells.

use http::{HeaderMap, Response, StatusCode};
use webhook_core::{Check, DeliveryRecord, Outcome, Reason, Rejection};

/// How the inner service came to its end, as far as the audit layer saw.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// A response head.
    Answered(Head),
    /// An error of the service.
    Failed,
    /// Nobody waited for the answer.
    Gone,
}

/// What a response head tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) grpc_status: Option<u8>,
    rejection: Option<(Reason, Check)>,
}

impl End {
    /// A gRPC status is looked for only where the caller speaks gRPC.
    pub(crate) fn answered<B>(response: &Response<B>, is_grpc: bool) -> Self {
        Self::Answered(Head::of(response, is_grpc))
    }

    pub(crate) const fn head(self) -> Option<Head> {
        match self {
            Self::Answered(head) => Some(head),
            Self::Failed | Self::Gone => None,
        }
    }
}

impl Head {
    fn of<B>(response: &Response<B>, is_grpc: bool) -> Self {
        let rejection = response.extensions().get::<Rejection>();
        Self {
            status: response.status(),
            grpc_status: is_grpc.then(|| grpc_status(response.headers())).flatten(),
            rejection: rejection.map(|rejection| (rejection.reason(), rejection.check())),
        }
    }

    /// An answer of the inner service's own: no layer of the family refused.
    fn judge(self, is_verified: bool) -> (Reason, Option<Check>) {
        // gRPC: UNKNOWN, INTERNAL, UNAVAILABLE and DATA_LOSS are the server's fault.
        if self.status.is_server_error() || matches!(self.grpc_status, Some(2 | 13 | 14 | 15)) {
            return (Reason::HandlerError, None);
        }
        // What a verified sender is answered is the handler's business.
        if is_verified {
            return (Reason::Ok, None);
        }
        // gRPC: UNIMPLEMENTED is what a server answers where it has no such service or method.
        match (self.status, self.grpc_status) {
            (StatusCode::NOT_FOUND, _) | (_, Some(12)) => (Reason::NoRoute, Some(Check::Endpoint)),
            (StatusCode::METHOD_NOT_ALLOWED, _) => (Reason::MethodNotAllowed, Some(Check::Method)),
            _ => (Reason::Ok, None),
        }
    }
}

fn grpc_status(headers: &HeaderMap) -> Option<u8> {
    let status = headers.get("grpc-status")?.to_str().ok()?;
    status.parse().ok()
}

/// The outcome of a request, why, and which check decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conclusion {
    pub(crate) outcome: Outcome,
    pub(crate) reason: Reason,
    pub(crate) stage: Option<Check>,
}

impl Conclusion {
    /// What is said of the request: first what the response carries, then what a layer noted, then
    /// what the end itself tells.
    pub(crate) fn of(end: End, record: &DeliveryRecord) -> Self {
        let carried = end.head().and_then(|head| head.rejection);
        if let Some((reason, check)) = carried.or_else(|| record.refusal()) {
            return Self::because(reason, Some(check));
        }
        let (reason, stage) = match end {
            End::Gone => (Reason::ClientGone, None),
            End::Failed => (Reason::HandlerError, None),
            End::Answered(head) => match head.judge(record.verification().is_some()) {
                (Reason::Ok, stage) => match record.answered() {
                    Some((reason, check)) => (reason, Some(check)),
                    None => (Reason::Ok, stage),
                },
                failed => failed,
            },
        };
        match record.shadow_refusal() {
            Some((reason_in_shadow, check)) if reason.outcome() == Outcome::Accepted => Self {
                outcome: Outcome::ShadowDenied,
                reason: reason_in_shadow,
                stage: Some(check),
            },
            _ => Self::because(reason, stage),
        }
    }

    const fn because(reason: Reason, stage: Option<Check>) -> Self {
        Self {
            outcome: reason.outcome(),
            reason,
            stage,
        }
    }
}

#[cfg(test)]
mod tests;
