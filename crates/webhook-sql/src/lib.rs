#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// Without a database only files of lines are read, and much has no use.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(
        clippy::unused_async,
        dead_code,
        unreachable_code,
        unused_imports,
        unused_macros,
        unused_variables
    )
)]

mod capture;
mod cell;
mod chain;
mod column;
mod database;
mod error;
mod event;
mod jsonl;
mod log;
mod migrate;
mod pseudonym;
mod row;
mod schema;
mod sink;
mod time;
mod url;
mod write;

pub use self::{
    capture::{
        DEFAULT_CAPTURE_QUEUE_BYTES, DEFAULT_CAPTURES, SqlCaptureSettings, SqlCaptures,
        SqlCapturesHandle, StoredCapture,
    },
    error::{SqlError, SqlErrorKind},
    event::Event,
    log::{
        AuditLog, Break, BreakKind, Checkpoint, Cursor, EndpointStats, ExportFormat, Filter, Page,
        Retention, Tail, Verification,
    },
    pseudonym::Pseudonyms,
    sink::{DEFAULT_CAPACITY, Overflow, SqlHandle, SqlSink, SqlSinkSettings},
    time::parse_time,
    url::DatabaseUrl,
};
