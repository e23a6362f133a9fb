//! Who the client is: the peer of the connection, or the hop that trusted proxies name.
//!
//! The rule stands at [`resolve`], a pure function; [`explain`] does the same and says why.

mod config;
mod explain;
mod forwarded;
mod hop;
mod list;
mod origin;
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

pub(crate) use self::{
    origin::{Untold, is_https, origin},
    resolve::{Found, find},
};

/// The most elements of a header that are walked.
pub const MAX_HOPS: usize = 32;
