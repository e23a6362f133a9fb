//! What the benchmarks share. Nothing here is published.

pub mod growth;
pub mod latency;
pub mod loopback;
pub mod receiver;
pub mod sender;
pub mod stack;
#[cfg(feature = "public-key")]
pub mod timing;

/// What anything that cannot be measured says.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
