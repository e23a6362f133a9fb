//! Adding records to the log.

mod append;
mod rollup;
#[cfg(feature = "sqlite")]
pub(crate) mod statement;

pub(crate) use self::{
    append::{Rows, append, append_in, head_and_count_in, head_in, holds, read_head, set_head},
    rollup::{Rollup, bucket_of, end_of_bucket},
};
