//! What the benchmarks share. Nothing here is published.

pub mod latency;
pub mod receiver;
pub mod sender;
pub mod stack;
