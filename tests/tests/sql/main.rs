//! The audit in a database: what is kept, what can be asked, and what survives. Shown on SQLite, and
//! on PostgreSQL where it is installed.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod canaries;
mod captures;
mod chain;
mod failing;
mod faults;
mod questions;
mod retention;
mod spilled;
mod store;
mod survival;

use std::{future::Future, sync::LazyLock, time::Duration};

use webhook_audit_layer::Sink as _;
use webhook_sql::{AuditLog, SqlSink};
use webhook_tests::audit::{Databases, Series};

const PATIENCE: Duration = Duration::from_secs(20);

/// A server for each test would cost more than the tests.
pub(crate) fn databases() -> &'static Databases {
    static DATABASES: LazyLock<Databases> = LazyLock::new(Databases::start);
    &DATABASES
}

/// Runs to its end, on one runtime for all tests, which is none of the sink's.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().unwrap()
    });
    RUNTIME.block_on(future)
}

/// Keeps so many records of the series.
pub(crate) fn fill(sink: &SqlSink, series: &mut Series, records: u32) {
    for count in 0..records {
        sink.record(series.one());
        if count % 4000 == 3999 {
            sink.handle().flush(PATIENCE).unwrap();
        }
    }
    sink.handle().flush(PATIENCE).unwrap();
}

pub(crate) fn log(url: &str) -> AuditLog {
    block_on(AuditLog::open(&url.parse().unwrap())).unwrap()
}
