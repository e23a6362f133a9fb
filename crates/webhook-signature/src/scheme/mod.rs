//! Schemes: how a provider signs, as data.
//!
//! A [`Scheme`] says what makes the signature, in which header it stands and how it is written
//! there, which text it covers, where timestamp and delivery id are, and how the secret's text
//! becomes a key. Which of them a signature covers is derived from the signed text, never declared.

mod base64;
mod builder;
mod definition;
mod encoding;
mod error;
#[cfg(feature = "toml")]
mod file;
mod grammar;
mod lines;
mod location;
mod place;
mod primitive;
pub(crate) mod query;
pub(crate) mod rfc3339;
mod signature;
mod sought;
mod template;
mod timestamp;
mod tolerance;
mod url;

#[cfg(feature = "toml")]
pub use self::file::SchemeFileError;
pub use self::{
    builder::SchemeBuilder, definition::Scheme, encoding::Encoding, error::SchemeError,
    primitive::Primitive, template::Part, timestamp::TimestampUnit, tolerance::Tolerance,
};
pub(crate) use self::{
    definition::Covered,
    grammar::{Elements, Grammar},
    lines::{Line, only},
    location::Location,
    place::{Found, Place},
    primitive::MAX_SIGNATURE_BYTES,
    sought::Sought,
    template::{HeaderTrouble, SignedText, Source, Template},
    timestamp::TimestampRule,
};
