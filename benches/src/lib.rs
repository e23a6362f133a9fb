//! What the benchmarks share. Nothing here is published.

pub mod growth;
pub mod latency;
pub mod loopback;
pub mod receiver;
pub mod sender;
pub mod stack;
