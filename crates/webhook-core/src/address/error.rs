use std::fmt;

/// Why the client's address cannot be told: a field beside the reason `ip_unresolved`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressError {
    /// No socket address to start from or to fall back to.
    NoPeer,
    /// A hop is not an address.
    InvalidHop,
    /// A hop is `unknown`, obfuscated, or has no `for=` (RFC 7239 section 6).
    UnknownHop,
    /// More hops than are walked.
    TooManyHops,
    /// A number of hops is configured, and the list is shorter.
    NotEnoughHops,
    /// A number of hops is configured, and the header is not there.
    MissingHeader,
    /// A header that must stand once stands several times.
    DuplicateHeader,
    /// The header breaks its own grammar.
    MalformedHeader,
}

impl AddressError {
    /// The error's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPeer => "no_peer",
            Self::InvalidHop => "invalid_hop",
            Self::UnknownHop => "unknown_hop",
            Self::TooManyHops => "too_many_hops",
            Self::NotEnoughHops => "not_enough_hops",
            Self::MissingHeader => "missing_header",
            Self::DuplicateHeader => "duplicate_header",
            Self::MalformedHeader => "malformed_header",
        }
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for AddressError {}
