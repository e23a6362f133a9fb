//! What every webhook layer shares: the buffered body, rejections, the delivery record, client
//! addresses, settings, clock and secrets.
//!
//! - [`body`]: a request body read once, within bounds on bytes, frames, time and memory.
//! - [`rejection`]: refusals as responses, in the words of a closed vocabulary: [`Reason`] inside,
//!   [`Code`] outside.
//! - [`Facts`]: what the layers found out about a request, the one extension of the family;
//!   [`record`]: the same for whoever keeps records, in slots that survive a dropped future.
//! - [`address`]: the peer, and the client behind trusted proxies.
//! - [`change`]: what is changed at run time, by whom and why.
//! - [`introduction`]: how a provider introduces itself, and an answer in the handler's place.
//! - [`settings`]: fixed, swappable at run time, or per [`Endpoint`].
//! - [`secret`] and [`time`]: secrets that are never printed, and a clock that a test can turn;
//!   [`Seed`]: a keyed hash for what strangers choose.
//!
//! A layer of the family takes any request body it needs to read and hands [`BufferedBody`] inward,
//! leaves the response's body type and the service's error type alone, and fails closed where a
//! fact is missing.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod address;
pub mod body;
pub mod change;
mod deferred;
mod endpoint;
mod facts;
pub mod introduction;
pub mod record;
pub mod rejection;
pub mod secret;
mod seed;
pub mod settings;
mod sync;
mod text;
pub mod time;
mod verification;
#[cfg(feature = "axum")]
mod verified;
mod vocabulary;

#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub use self::verified::{Verified, VerifiedRejection};
pub use self::{
    address::{AddressError, ClientAddr, ClientNetwork, Origin, PeerAddr, Transport},
    body::BufferedBody,
    deferred::Deferred,
    endpoint::Endpoint,
    facts::Facts,
    record::{DeliveryRecord, RequestId},
    rejection::{Problem, Reject, Rejection},
    secret::{Secret, SecretError, SecretErrorKind},
    seed::{Seed, WordHasher},
    settings::{Settings, SettingsHandle},
    text::{Name, ShortText},
    time::{Clock, ManualClock, Moment, Ticks, Timestamp},
    verification::Verification,
    vocabulary::{Check, Code, Outcome, Reason, Verdict},
};

/// Compiles the README's examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
