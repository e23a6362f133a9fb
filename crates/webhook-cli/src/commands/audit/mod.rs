//! `webhook audit`: asks and tends the audit in a database or a file.

mod args;
mod export;
mod list;
mod purge;
mod stats;
mod tail;
mod verify;

use webhook_sql::{AuditLog, SqlError, SqlErrorKind};

use crate::exit::{Failure, Outcome};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List records, the newest first
    List(list::Args),
    /// Follow the records that come
    Tail(tail::Args),
    /// Count per endpoint
    Stats(stats::Args),
    /// Write records out, the oldest first, as JSON lines or CSV
    Export(export::Args),
    /// Delete records, and say how many
    Purge(purge::Args),
    /// Follow the chain of hashes, and name the first record that was tampered with
    Verify(verify::Args),
}

pub(crate) fn run(command: &Command) -> Outcome {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime
        .enable_all()
        .build()
        .map_err(|error| Failure::Io(error.to_string()))?;
    runtime.block_on(async {
        match command {
            Command::List(args) => list::run(args).await,
            Command::Tail(args) => tail::run(args).await,
            Command::Stats(args) => stats::run(args).await,
            Command::Export(args) => export::run(args).await,
            Command::Purge(args) => purge::run(args).await,
            Command::Verify(args) => verify::run(args).await,
        }
    })
}

async fn open(store: &args::Store) -> Result<AuditLog, Failure> {
    Ok(AuditLog::open(&store.db).await?)
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        match error.kind() {
            SqlErrorKind::Configuration | SqlErrorKind::Unsupported => Self::usage(error),
            _ => Self::Io(error.to_string()),
        }
    }
}
