#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

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
