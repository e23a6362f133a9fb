//! What was captured of deliveries: in a table of its own, `webhook_event_capture`, with a retention of
//! its own.

mod handle;
mod queue;
mod schema;
mod settings;
mod sink;
pub(crate) mod store;
mod writer;

pub use self::{
    handle::SqlCapturesHandle,
    settings::{DEFAULT_CAPTURE_QUEUE_BYTES, DEFAULT_CAPTURES, SqlCaptureSettings},
    sink::SqlCaptures,
    store::StoredCapture,
};
