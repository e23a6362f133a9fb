use std::fmt;

use super::delivery::Delivery;

/// What an attack plays with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// The valid delivery itself, which has to be accepted.
    Valid,
    /// The signature: missing, empty, cut, re-encoded, of another secret, algorithm or body.
    Signature,
    /// The body under a signature that is not its own.
    Content,
    /// The signed time.
    Time,
    /// The delivery's id.
    Id,
    /// The same delivery once more.
    Replay,
    /// Method, query and content coding.
    Request,
    /// The body's size, frames and end.
    Size,
    /// Headers that claim another client.
    Address,
    /// What a refusal tells.
    Disclosure,
    /// A handler that panics.
    Handler,
}

impl Family {
    /// The family's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Signature => "signature",
            Self::Content => "content",
            Self::Time => "time",
            Self::Id => "id",
            Self::Replay => "replay",
            Self::Request => "request",
            Self::Size => "size",
            Self::Address => "address",
            Self::Disclosure => "disclosure",
            Self::Handler => "handler",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a safe app does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Refuses, with a status of 4xx or 503, and the handler does not run.
    Refused,
    /// The same, before it read the whole body.
    RefusedEarly,
    /// A gRPC status that is an error, in HTTP 200.
    RefusedInGrpc,
    /// Runs the handler once.
    Accepted,
    /// Refuses, or answers as for a delivery that was handled; the handler does not run again.
    NotAgain,
    /// Answers 500 without the panic's text.
    Contained,
}

impl Expected {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::RefusedEarly => "refused before all is read",
            Self::RefusedInGrpc => "a gRPC status",
            Self::Accepted => "handled once",
            Self::NotAgain => "not handled again",
            Self::Contained => "500 without details",
        }
    }
}

/// One attack: deliveries one after another, of which the last is judged.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) family: Family,
    pub(super) expected: Expected,
    /// `None` where the attack does not apply to the scheme.
    pub(super) steps: Option<Vec<Delivery>>,
    /// Whether only the MAC can tell it from a valid delivery, so that all such refusals look alike.
    pub(super) is_forgery: bool,
}

impl Case {
    pub(super) fn new(
        name: &'static str,
        family: Family,
        expected: Expected,
        steps: impl Into<Option<Vec<Delivery>>>,
    ) -> Self {
        Self {
            name,
            family,
            expected,
            steps: steps.into(),
            is_forgery: false,
        }
    }

    /// One delivery that has to be refused.
    pub(super) fn refused(
        name: &'static str,
        family: Family,
        delivery: impl Into<Option<Delivery>>,
    ) -> Self {
        let steps = delivery.into().map(|delivery| vec![delivery]);
        Self::new(name, family, Expected::Refused, steps)
    }

    pub(super) const fn forgery(mut self) -> Self {
        self.is_forgery = true;
        self
    }
}
