//! A guarded receiver in this process, without sockets: what goes in, what comes out, and what
//! happened in between.
//!
//! [`Stand`] has the whole stack of `WebhookLayers` over a handler that counts its calls. Requests
//! come from a [`Sender`] with a [`ScriptedBody`], whose polls are counted; records are kept in a
//! [`Ledger`], and what operators are told in a [`Log`].

mod body;
mod exchange;
mod ledger;
mod log;
mod now;
mod receiver;
mod sender;

pub use self::{
    body::{End, ScriptedBody},
    exchange::exchange,
    ledger::Ledger,
    log::Log,
    now::poll_once,
    receiver::{Setup, Stand},
    sender::{NOW, SECRET, Sender},
};
