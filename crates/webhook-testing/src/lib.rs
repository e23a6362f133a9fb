//! Tests for webhook receivers, for your `dev-dependencies`: signed requests, an app under test, and
//! attacks on your own router.
//!
//! - [`TestApp`] sends requests to any tower service from a chosen peer, and [`TestAnswer`] asserts
//!   what came of them.
//! - [`signed()`] makes the signed request of a provider, with the feature `public-key` also of those
//!   that sign with a private key: a `TestKey` stands for it.
//! - [`TestApp::assert_every_route_protected`] finds the route that was added outside the layer.
//! - [`attack()`] sends mutations of one valid delivery and reports what got through.
//! - [`HandlerProbe`] counts the handler's runs; [`TestBody`] is a body that can stall, break off,
//!   lie about its length and count what was read.
//!
//! Nothing here sleeps or opens a socket: a stalled body is judged on a runtime of its own whose time
//! is paused.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![allow(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test kit fails a test by panicking with a message, and prints its table there"
)]

mod answer;
mod app;
mod attack;
mod body;
mod exchange;
mod probe;
#[cfg(feature = "public-key")]
mod public;
mod routes;
mod sample;
mod signed;
mod signer;

#[cfg(feature = "public-key")]
#[cfg_attr(docsrs, doc(cfg(feature = "public-key")))]
pub use self::public::{TestKey, TestKeyError};
pub use self::{
    answer::TestAnswer,
    app::TestApp,
    attack::{Attack, Family, Outcome, Report, Row, attack},
    body::{End, TestBody},
    probe::{HandlerProbe, Probed},
    signed::{IntoRequest, SignedRequest, signed},
    signer::TestSecret,
};

/// Compiles the README's examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
