//! What threads share without a lock: the standard library's and arc-swap's, or under the flag
//! `webhook_loom` stand-ins, with which loom tries every order of the threads' steps.

#[cfg(webhook_loom)]
mod model;

#[cfg(not(webhook_loom))]
pub(crate) use std::sync::{
    Mutex, OnceLock,
    atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering},
};

#[cfg(not(webhook_loom))]
pub(crate) use arc_swap::{ArcSwap, Guard};

#[cfg(webhook_loom)]
pub(crate) use self::model::{
    ArcSwap, AtomicU16, AtomicU32, AtomicU64, Guard, Mutex, OnceLock, Ordering,
};
