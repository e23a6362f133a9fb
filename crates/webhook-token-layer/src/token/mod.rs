//! Tokens: what is configured of one, and the ring of those that are in use.

mod entry;
mod error;
mod hash;
mod ring;
mod usage;

pub use self::{
    entry::{MAX_TOKEN_BYTES, Token},
    error::{TokenError, TokenHashError},
    hash::TokenHash,
    ring::{MAX_TOKENS, TokenRing},
    usage::TokenUsage,
};
