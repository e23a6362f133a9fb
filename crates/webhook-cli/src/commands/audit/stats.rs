//! `webhook audit stats`: counts per endpoint.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;
use webhook_sql::EndpointStats;

use super::args::{Store, Which};
use crate::{
    exit::{Exit, Outcome},
    output::{Format, Output},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: Store,

    #[command(flatten)]
    which: Which,

    /// How to answer; JSON has one line for each endpoint
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) async fn run(args: &Args) -> Outcome {
    let log = super::open(&args.store).await?;
    let mut output = Output::new(args.format);
    for stats in log.stats(&args.which.filter()).await? {
        output.answer(&Answer::from(stats))?;
    }
    Ok(Exit::Done)
}

/// What is said of one endpoint, in the names of `--format json`.
#[derive(Serialize)]
struct Answer {
    endpoint: Option<String>,
    total: u64,
    accepted: u64,
    refused: BTreeMap<String, u64>,
    duplicates: u64,
    cancelled: u64,
    errors: u64,
    average_us: u64,
    p99_us: u64,
    last_delivery: Option<String>,
}

impl From<EndpointStats> for Answer {
    fn from(stats: EndpointStats) -> Self {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Self {
            endpoint: stats.endpoint,
            total: stats.total,
            accepted: stats.accepted,
            refused: stats.refused,
            duplicates: stats.duplicates,
            cancelled: stats.cancelled,
            errors: stats.errors,
            average_us: micros(stats.average_time),
            p99_us: micros(stats.p99_time),
            last_delivery: stats.last.map(|last| last.to_string()),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.endpoint.as_deref().unwrap_or("(no endpoint)"))?;
        writeln!(f, "  total       {}", self.total)?;
        writeln!(f, "  accepted    {}", self.accepted)?;
        writeln!(f, "  duplicates  {}", self.duplicates)?;
        for (reason, count) in &self.refused {
            writeln!(f, "  refused     {count} {reason}")?;
        }
        writeln!(f, "  cancelled   {}", self.cancelled)?;
        writeln!(f, "  errors      {}", self.errors)?;
        writeln!(
            f,
            "  time        {} µs on average, p99 {} µs",
            self.average_us, self.p99_us
        )?;
        let last = self.last_delivery.as_deref().unwrap_or("never");
        writeln!(f, "  last        {last}")
    }
}
