use std::fmt;

use http::StatusCode;

use super::{MAX_BODY, Server};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Outcome {
    /// 200.
    Accepted,
    /// 403: the address is on no list.
    Forbidden,
    /// 429: the network's quota is spent.
    Throttled,
    /// 401: there is no signature.
    Unsigned,
    /// 401: the signature is of another body.
    Forged,
    /// 413: the declared length is over the limit.
    TooLarge,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Accepted,
        Self::Forbidden,
        Self::Throttled,
        Self::Unsigned,
        Self::Forged,
        Self::TooLarge,
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Forbidden => "forbidden",
            Self::Throttled => "throttled",
            Self::Unsigned => "unsigned",
            Self::Forged => "forged",
            Self::TooLarge => "too-large",
        }
    }

    /// What the tables call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Accepted => "200 accepted",
            Self::Forbidden => "403 address",
            Self::Throttled => "429",
            Self::Unsigned => "401 no signature",
            Self::Forged => "401 bad signature",
            Self::TooLarge => "413",
        }
    }

    /// The status that it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Accepted => StatusCode::OK,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Self::Unsigned | Self::Forged => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }
}

/// The sizes of body that are measured: 1 KiB, 25 KiB, 1 MiB.
pub const SIZES: [usize; 3] = [1024, 25 * 1024, MAX_BODY];

/// One server, one outcome, one size of body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Who serves.
    pub server: Server,
    /// What becomes of the request.
    pub outcome: Outcome,
    /// How long its body is.
    pub bytes: usize,
}

impl Case {
    /// An accepted request of 1 KiB.
    #[must_use]
    pub const fn accepted(server: Server) -> Self {
        Self {
            server,
            outcome: Outcome::Accepted,
            bytes: 1024,
        }
    }

    /// Every case that there is: the whole servers accept every size. Refusals are of the smallest:
    /// all but one come before the body, and that one costs the hash more.
    #[must_use]
    pub fn all(servers: &[Server]) -> Vec<Self> {
        let mut cases = Vec::new();
        for &server in servers {
            for &outcome in server.outcomes() {
                let accepts = outcome == Outcome::Accepted && server.is_whole();
                let sizes = if accepts { SIZES.len() } else { 1 };
                cases.extend(SIZES.iter().take(sizes).map(|&bytes| Self {
                    server,
                    outcome,
                    bytes,
                }));
            }
        }
        cases
    }

    /// What the gate holds: the accepted 1 KiB request of the whole stack, on a route and around the
    /// router, and its early refusals.
    #[must_use]
    pub fn gated() -> Vec<Self> {
        let both = [Server::Ours, Server::OursAround].into_iter();
        both.flat_map(|server| {
            Outcome::ALL.map(|outcome| Self {
                server,
                outcome,
                bytes: 1024,
            })
        })
        .collect()
    }

    /// The two numbers of requests whose difference is counted: fewer where each takes longer.
    #[must_use]
    pub const fn counts(self) -> (usize, usize) {
        match self.bytes {
            0..=2048 => (100, 500),
            2049..=65_536 => (8, 40),
            _ => (1, 3),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (server, outcome) = (self.server.as_str(), self.outcome.as_str());
        write!(f, "{server} {outcome} {}", self.bytes)
    }
}
