//! The words that layers, records, the command line and tests share.
//!
//! A request ends in an [`Outcome`] for a [`Reason`]. The reason stays inside; a caller whose
//! request was refused gets the external [`Code`] with its status and a fixed text, and so learns
//! nothing of how close a forgery was. Each [`Check`] leaves a [`Verdict`] in the delivery record.

mod check;
mod code;
mod outcome;
mod reason;

pub use self::{
    check::{Check, Verdict},
    code::Code,
    outcome::Outcome,
    reason::Reason,
};
