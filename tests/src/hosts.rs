//! One guarded receiver on a real loopback socket, in each host that the family supports.
//!
//! A [`Receiver`] has the whole stack, a handler that says the length and digest of what it read, a
//! clock that stands still until the test turns it, and counters of everything that a refusal must
//! leave untouched: calls of the handler, and polls of the body from outside the layers.

mod events;
mod handler;
mod on_axum;
mod on_hyper;
mod on_tonic;
mod receiver;
mod stage;
mod watch;

pub use self::{
    events::{DELIVER, Event, Receipt},
    handler::PANIC_HEADER,
    receiver::{Configure, Receiver, Records, SECRET, START, verifier},
    stage::{Host, STAGES, Stage},
    watch::{Watch, WatchedBody, Watching},
};
