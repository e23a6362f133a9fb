use std::fmt;

use http::StatusCode;

/// What a refused caller is told: a stable code, an HTTP status, a gRPC status and a fixed text.
///
/// The texts say nothing of the request, of the configuration, or of how far a check got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// `unauthorized`: HTTP 401, gRPC status 16.
    Unauthorized,
    /// `forbidden`: HTTP 403, gRPC status 7.
    Forbidden,
    /// `not_found`: HTTP 404, gRPC status 5.
    NotFound,
    /// `gone`: HTTP 410, gRPC status 5.
    Gone,
    /// `payload_too_large`: HTTP 413, gRPC status 8.
    PayloadTooLarge,
    /// `body_timeout`: HTTP 408, gRPC status 4.
    BodyTimeout,
    /// `bad_request`: HTTP 400, gRPC status 3.
    BadRequest,
    /// `unsupported_media_type`: HTTP 415, gRPC status 3.
    UnsupportedMediaType,
    /// `method_not_allowed`: HTTP 405, gRPC status 12.
    MethodNotAllowed,
    /// `rate_limited`: HTTP 429, gRPC status 8.
    RateLimited,
    /// `duplicate_in_flight`: HTTP 409, gRPC status 10.
    DuplicateInFlight,
    /// `unavailable`: HTTP 503, gRPC status 14.
    Unavailable,
    /// `misconfigured`: HTTP 500, gRPC status 13.
    Misconfigured,
    /// `internal_error`: HTTP 500, gRPC status 13.
    Internal,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 14] = [
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Gone,
        Self::PayloadTooLarge,
        Self::BodyTimeout,
        Self::BadRequest,
        Self::UnsupportedMediaType,
        Self::MethodNotAllowed,
        Self::RateLimited,
        Self::DuplicateInFlight,
        Self::Unavailable,
        Self::Misconfigured,
        Self::Internal,
    ];

    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// The code's stable name: the member `code` of a problem document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::PayloadTooLarge => "payload_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::BadRequest => "bad_request",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RateLimited => "rate_limited",
            Self::DuplicateInFlight => "duplicate_in_flight",
            Self::Unavailable => "unavailable",
            Self::Misconfigured => "misconfigured",
            Self::Internal => "internal_error",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Gone => StatusCode::GONE,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::DuplicateInFlight => StatusCode::CONFLICT,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Misconfigured | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The gRPC status ([codes](https://grpc.io/docs/guides/status-codes/)).
    #[must_use]
    pub const fn grpc_status(self) -> u8 {
        match self {
            Self::Unauthorized => 16,
            Self::Forbidden => 7,
            Self::NotFound | Self::Gone => 5,
            Self::PayloadTooLarge | Self::RateLimited => 8,
            Self::BodyTimeout => 4,
            Self::BadRequest | Self::UnsupportedMediaType => 3,
            Self::MethodNotAllowed => 12,
            Self::DuplicateInFlight => 10,
            Self::Unavailable => 14,
            Self::Misconfigured | Self::Internal => 13,
        }
    }

    /// The fixed title of the problem.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "Not found",
            Self::Gone => "Gone",
            Self::PayloadTooLarge => "Payload too large",
            Self::BodyTimeout => "Body timeout",
            Self::BadRequest => "Bad request",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::MethodNotAllowed => "Method not allowed",
            Self::RateLimited => "Too many requests",
            Self::DuplicateInFlight => "Duplicate in flight",
            Self::Unavailable => "Unavailable",
            Self::Misconfigured => "Misconfigured",
            Self::Internal => "Internal error",
        }
    }

    /// The fixed sentence that a caller may read.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Unauthorized => "The request carries no valid credentials for this endpoint.",
            Self::Forbidden => "This client may not use this endpoint.",
            Self::NotFound => "There is no such endpoint.",
            Self::Gone => "This endpoint takes no more deliveries.",
            Self::PayloadTooLarge => "The body is larger than this endpoint takes.",
            Self::BodyTimeout => "The body did not arrive in time.",
            Self::BadRequest => "The request is not one that this endpoint can read.",
            Self::UnsupportedMediaType => "This endpoint takes no encoded bodies.",
            Self::MethodNotAllowed => "This endpoint does not take this method.",
            Self::RateLimited => "Too many requests; try again later.",
            Self::DuplicateInFlight => "This delivery is being handled right now.",
            Self::Unavailable => "This endpoint takes no deliveries right now; try again later.",
            Self::Misconfigured => "This endpoint is not set up correctly.",
            Self::Internal => "The request could not be handled.",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
