//! Fuzz targets of the webhook layers; `fuzz/README.md` says how to run them.
//!
//! Each module is a target, and `src/bin` gives each to libFuzzer.

#![forbid(unsafe_code)]

mod calendar;
mod service;
mod support;

pub mod audit_line;
pub mod audit_log;
pub mod collector;
pub mod configuration;
pub mod endpoint_key;
pub mod explain;
pub mod feeds;
pub mod handshake;
pub mod networks;
pub mod presets;
pub mod public_key;
pub mod rate_fields;
pub mod readers;
pub mod token;
pub mod verify;
pub mod walk;
