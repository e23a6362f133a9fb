//! One record, or one change, as one line of JSON.
//!
//! Written by hand into a buffer that is used again: a serializer on the way to it costs more than
//! the rest of the record.

mod encode;
mod line;

pub(crate) use self::encode::{encode, encode_change, encode_dropped};

/// The most bytes of a line, its newline included.
pub const MAX_LINE_BYTES: usize = 2048;
