use std::fmt;

/// What a layer looks at: the stage of a refusal, and the key of a verdict in the record.
///
/// The order is the order of the stack, cheap before dear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Check {
    /// The endpoint, or all of them, is switched off for a while.
    Pause,
    /// Which endpoint the delivery is for.
    Endpoint,
    /// The request's method.
    Method,
    /// The request's content coding.
    Encoding,
    /// The declared and the real size of the body.
    Size,
    /// Whether the sender used https.
    Https,
    /// The client address against the allow and deny lists.
    Ip,
    /// The quota of the client's network, before anything is verified.
    RateNetwork,
    /// A shared token.
    Token,
    /// The signature, its timestamp and its id.
    Signature,
    /// The body: its arrival, its deadline, the memory it may take.
    Body,
    /// The quota of a verified sender.
    RateEndpoint,
    /// Whether the delivery came before.
    Replay,
    /// The handler itself.
    Handler,
}

impl Check {
    /// Every check, in the order of the stack.
    pub const ALL: [Self; 14] = [
        Self::Pause,
        Self::Endpoint,
        Self::Method,
        Self::Encoding,
        Self::Size,
        Self::Https,
        Self::Ip,
        Self::RateNetwork,
        Self::Token,
        Self::Signature,
        Self::Body,
        Self::RateEndpoint,
        Self::Replay,
        Self::Handler,
    ];

    /// The check's stable name in records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Endpoint => "endpoint",
            Self::Method => "method",
            Self::Encoding => "encoding",
            Self::Size => "size",
            Self::Https => "https",
            Self::Ip => "ip",
            Self::RateNetwork => "rate_network",
            Self::Token => "token",
            Self::Signature => "signature",
            Self::Body => "body",
            Self::RateEndpoint => "rate_endpoint",
            Self::Replay => "replay",
            Self::Handler => "handler",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The request may go on.
    Pass,
    /// The request was refused.
    Fail,
    /// The check had nothing to look at.
    Skipped,
    /// The request would have been refused, but the layer is in shadow mode.
    ShadowFail,
}

impl Verdict {
    /// The verdict's stable name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
            Self::ShadowFail => "shadow_fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Check;

    #[test]
    fn the_index_of_a_check_is_its_place_in_all() {
        for (place, check) in Check::ALL.into_iter().enumerate() {
            assert_eq!(check.index(), place, "{check}");
        }
    }
}
