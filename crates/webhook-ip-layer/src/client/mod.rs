//! Who the client is: the peer of the connection, or the hop that trusted proxies name.
//!
//! [`resolve`] is a pure function of the peer, the headers and a [`ClientAddressConfig`]:
//!
//! * A peer that is not a trusted proxy is the client, and no header is looked at.
//! * Behind a trusted peer the one configured header is read: all its lines joined in arrival order,
//!   walked from right to left, empty elements and trusted hops skipped. The first hop that is not a
//!   trusted proxy is the client; where all are, the left-most is.
//! * A hop of the walk that is no address is an error. What stands to the left of it, and to the
//!   left of the client, was written by strangers and is never looked at.
//! * Without the header the peer is the client. No other header is ever a fallback.
//! * A number of hops may be trusted instead of networks: the n-th non-empty element from the right is
//!   the client, and a shorter list is an error.
//! * At most [`MAX_HOPS`] elements are walked.
//!
//! [`explain`] does the same and says which hop was believed, and why.

mod config;
mod explain;
mod forwarded;
mod hop;
mod list;
mod resolve;
mod source;
mod trusted;

#[cfg(test)]
mod tests;

pub use self::{
    config::ClientAddressConfig,
    explain::{Explanation, explain},
    resolve::resolve,
    source::{ClientAddressSource, SourceError},
    trusted::{HopsError, TrustedProxies},
};

/// The most elements of a header that are walked.
pub const MAX_HOPS: usize = 32;
