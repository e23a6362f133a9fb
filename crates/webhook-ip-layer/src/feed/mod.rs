//! The lists of addresses that providers publish.
//!
//! Nothing is fetched here. Whoever has a client, a cron job or a file hands the bytes over, and a
//! [`FeedHandle`] makes the networks of an allow list of them:
//!
//! * [`PROVIDERS`] says where each provider publishes its list and in which [`FeedFormat`]; a list
//!   of your own is lines, or JSON with the places of its entries.
//! * A list is taken whole or not at all. One entry with host bits, in a wrong spelling or of a wrong
//!   type refuses it; members that are not asked for are ignored. At most [`MAX_FEED_BYTES`] and
//!   [`MAX_FEED_NETWORKS`] are read.
//! * What is refused leaves the last good list in force, and the error where it can be seen. Refused
//!   too is a list that is empty, older than the one in force, or without more than half of its
//!   networks: a provider that moves is rare, a truncated file is not. Whoever knows better
//!   [forces](FeedHandle::force) it.
//! * Before the first list is loaded, nobody is let in.
//!
//! ```
//! use std::time::Duration;
//!
//! use webhook_core::Timestamp;
//! use webhook_ip_layer::{FeedHandle, IpLayer, feed};
//!
//! let stripe = FeedHandle::of(feed::provider("stripe").unwrap());
//! let layer = IpLayer::new().with_allow_feed(&stripe);
//!
//! let noon = Timestamp::from_unix_seconds(1_700_000_000);
//! stripe.refresh(br#"{"WEBHOOKS": ["3.18.12.63", "3.130.192.231"]}"#, noon)?;
//!
//! // An hour later the file is cut short: what was loaded at noon stays in force.
//! let later = noon.saturating_add(Duration::from_secs(3600));
//! assert!(stripe.refresh(br#"{"WEBHOOKS": ["3.18.1"#, later).is_err());
//! assert_eq!(stripe.current().unwrap().networks().len(), 2);
//! assert_eq!(stripe.age(later), Some(Duration::from_secs(3600)));
//! assert!(stripe.last_error().is_some());
//! # Ok::<_, webhook_ip_layer::FeedError>(())
//! ```

mod date;
mod error;
mod file;
mod format;
mod handle;
mod json;
mod lines;
mod providers;

#[cfg(test)]
mod tests;

pub use self::{
    error::FeedError,
    file::FeedFile,
    format::FeedFormat,
    handle::{Feed, FeedHandle},
    providers::{PROVIDERS, Provider, provider},
};

/// The most bytes of a list that are read. The largest that is published, Azure's, has about 5 MB.
/// While JSON is read it takes about a dozen times its size, and then only what is kept of it.
pub const MAX_FEED_BYTES: usize = 16 * 1024 * 1024;
/// The most networks of a list, once it is filtered.
pub const MAX_FEED_NETWORKS: usize = 200_000;
