//! One detector a file. Each is told what it needs of a record, and answers where its alert begins
//! or ends.

mod edge;
mod failures;
mod networks;
mod rate;
mod secrets;
mod silence;
mod sizes;
mod skew;

#[cfg(test)]
pub(super) use self::failures::MAX_FAILING;
pub(super) use self::{
    edge::{Edge, Episode, elapsed},
    failures::{Ended, Failing, Tally},
    networks::Networks,
    rate::Rate,
    secrets::Secrets,
    silence::Silence,
    sizes::Sizes,
    skew::Skew,
};
