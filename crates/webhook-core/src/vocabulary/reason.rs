use std::fmt;

use super::{Code, Outcome};

/// Why a request ended as it did: the internal, closed vocabulary.
///
/// A reason is for records, metrics, tests and operators. It is never sent to the caller, who gets
/// [`Reason::code`] and a fixed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The delivery was accepted.
    Ok,
    /// The delivery was handled before and answered without the handler.
    Duplicate,
    /// No signature, or an empty one.
    SignatureMissing,
    /// A signature that is not of the scheme's form.
    SignatureMalformed,
    /// A well-formed signature that no secret made over this content.
    SignatureMismatch,
    /// A header that must stand once stood several times.
    SignatureDuplicateHeader,
    /// More signatures in one header than are looked at.
    TooManySignatures,
    /// The scheme signs a timestamp and there is none.
    TimestampMissing,
    /// A timestamp that is not of the scheme's form.
    TimestampMalformed,
    /// A timestamp further back than the tolerance.
    TimestampTooOld,
    /// A timestamp further ahead than the tolerance.
    TimestampInFuture,
    /// The scheme signs a delivery id and there is none.
    IdMissing,
    /// A delivery id that is not of the scheme's form.
    IdMalformed,
    /// No token.
    AuthMissing,
    /// A token that is not of the configured form.
    AuthMalformed,
    /// A token that is not one of the configured ones.
    AuthInvalid,
    /// The client address is on the deny list, or not on the allow list.
    IpDenied,
    /// The client address is unknown, and a list needs it.
    IpUnresolved,
    /// The client's network is banned for a while.
    IpBanned,
    /// The sender did not use https.
    HttpsRequired,
    /// No route for this path.
    NoRoute,
    /// No such endpoint.
    EndpointUnknown,
    /// The endpoint is switched off for good.
    EndpointDisabled,
    /// More bytes, or more frames, than the limit.
    BodyTooLarge,
    /// The body was not whole by its deadline.
    BodyTimeout,
    /// The body ended before it was whole.
    BodyIncomplete,
    /// The body is not a JSON object, and the endpoint takes nothing else.
    NotAJsonObject,
    /// A content coding other than `identity`.
    EncodingUnsupported,
    /// A method that the endpoint does not take.
    MethodNotAllowed,
    /// A quota is used up.
    RateLimited,
    /// The same delivery is being handled right now.
    DuplicateInFlight,
    /// A shared store did not answer.
    StoreUnavailable,
    /// The endpoint's secrets cannot be had right now.
    SecretUnavailable,
    /// Unverified bodies already hold all the memory they may.
    MemoryExhausted,
    /// The endpoint, or all of them, is switched off for a while.
    Paused,
    /// The stack is put together wrongly; the operator's log says how.
    Misconfigured,
    /// The handler answered with a server error, or failed.
    HandlerError,
    /// The handler panicked.
    HandlerPanic,
    /// The client went away before the answer.
    ClientGone,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 39] = [
        Self::Ok,
        Self::Duplicate,
        Self::SignatureMissing,
        Self::SignatureMalformed,
        Self::SignatureMismatch,
        Self::SignatureDuplicateHeader,
        Self::TooManySignatures,
        Self::TimestampMissing,
        Self::TimestampMalformed,
        Self::TimestampTooOld,
        Self::TimestampInFuture,
        Self::IdMissing,
        Self::IdMalformed,
        Self::AuthMissing,
        Self::AuthMalformed,
        Self::AuthInvalid,
        Self::IpDenied,
        Self::IpUnresolved,
        Self::IpBanned,
        Self::HttpsRequired,
        Self::NoRoute,
        Self::EndpointUnknown,
        Self::EndpointDisabled,
        Self::BodyTooLarge,
        Self::BodyTimeout,
        Self::BodyIncomplete,
        Self::NotAJsonObject,
        Self::EncodingUnsupported,
        Self::MethodNotAllowed,
        Self::RateLimited,
        Self::DuplicateInFlight,
        Self::StoreUnavailable,
        Self::SecretUnavailable,
        Self::MemoryExhausted,
        Self::Paused,
        Self::Misconfigured,
        Self::HandlerError,
        Self::HandlerPanic,
        Self::ClientGone,
    ];

    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// The reason's stable name in records, metrics and the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Duplicate => "duplicate",
            Self::SignatureMissing => "signature_missing",
            Self::SignatureMalformed => "signature_malformed",
            Self::SignatureMismatch => "signature_mismatch",
            Self::SignatureDuplicateHeader => "signature_duplicate_header",
            Self::TooManySignatures => "too_many_signatures",
            Self::TimestampMissing => "timestamp_missing",
            Self::TimestampMalformed => "timestamp_malformed",
            Self::TimestampTooOld => "timestamp_too_old",
            Self::TimestampInFuture => "timestamp_in_future",
            Self::IdMissing => "id_missing",
            Self::IdMalformed => "id_malformed",
            Self::AuthMissing => "auth_missing",
            Self::AuthMalformed => "auth_malformed",
            Self::AuthInvalid => "auth_invalid",
            Self::IpDenied => "ip_denied",
            Self::IpUnresolved => "ip_unresolved",
            Self::IpBanned => "ip_banned",
            Self::HttpsRequired => "https_required",
            Self::NoRoute => "no_route",
            Self::EndpointUnknown => "endpoint_unknown",
            Self::EndpointDisabled => "endpoint_disabled",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::BodyIncomplete => "body_incomplete",
            Self::NotAJsonObject => "not_a_json_object",
            Self::EncodingUnsupported => "encoding_unsupported",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RateLimited => "rate_limited",
            Self::DuplicateInFlight => "duplicate_in_flight",
            Self::StoreUnavailable => "store_unavailable",
            Self::SecretUnavailable => "secret_unavailable",
            Self::MemoryExhausted => "memory_exhausted",
            Self::Paused => "paused",
            Self::Misconfigured => "misconfigured",
            Self::HandlerError => "handler_error",
            Self::HandlerPanic => "handler_panic",
            Self::ClientGone => "client_gone",
        }
    }

    /// What the caller is told, or `None` where nobody is refused: the handler's own answer goes
    /// out, or there is nobody left to answer.
    #[must_use]
    pub const fn code(self) -> Option<Code> {
        match self {
            Self::Ok | Self::Duplicate | Self::HandlerError | Self::ClientGone => None,
            Self::SignatureMissing
            | Self::SignatureMalformed
            | Self::SignatureMismatch
            | Self::SignatureDuplicateHeader
            | Self::TooManySignatures
            | Self::TimestampMissing
            | Self::TimestampMalformed
            | Self::TimestampTooOld
            | Self::TimestampInFuture
            | Self::IdMissing
            | Self::IdMalformed
            | Self::AuthMissing
            | Self::AuthMalformed
            | Self::AuthInvalid => Some(Code::Unauthorized),
            Self::IpDenied | Self::IpUnresolved | Self::IpBanned | Self::HttpsRequired => {
                Some(Code::Forbidden)
            }
            Self::NoRoute | Self::EndpointUnknown => Some(Code::NotFound),
            Self::EndpointDisabled => Some(Code::Gone),
            Self::BodyTooLarge => Some(Code::PayloadTooLarge),
            Self::BodyTimeout => Some(Code::BodyTimeout),
            Self::BodyIncomplete | Self::NotAJsonObject => Some(Code::BadRequest),
            Self::EncodingUnsupported => Some(Code::UnsupportedMediaType),
            Self::MethodNotAllowed => Some(Code::MethodNotAllowed),
            Self::RateLimited => Some(Code::RateLimited),
            Self::DuplicateInFlight => Some(Code::DuplicateInFlight),
            Self::StoreUnavailable
            | Self::SecretUnavailable
            | Self::MemoryExhausted
            | Self::Paused => Some(Code::Unavailable),
            Self::Misconfigured => Some(Code::Misconfigured),
            Self::HandlerPanic => Some(Code::Internal),
        }
    }

    /// How a request that ended for this reason is counted.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Ok | Self::Duplicate => Outcome::Accepted,
            Self::BodyIncomplete | Self::ClientGone => Outcome::Aborted,
            Self::Misconfigured | Self::HandlerError | Self::HandlerPanic => Outcome::Error,
            _ => Outcome::Denied,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Outcome, Reason};

    #[test]
    fn names_are_distinct_and_in_snake_case() {
        let names: HashSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(names.len(), Reason::ALL.len());
        assert!(names.iter().all(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        }));
    }

    #[test]
    fn whatever_is_denied_has_a_code_for_the_caller() {
        for reason in Reason::ALL {
            if reason.outcome() == Outcome::Denied {
                assert!(reason.code().is_some(), "{reason}");
            }
        }
    }
}
