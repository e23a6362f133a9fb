//! `webhook audit verify`: follows the chain.

use std::fmt;

use serde::Serialize;
use webhook_sql::{Checkpoint, Verification};

use super::args::Store;
use crate::{
    exit::{Exit, Outcome},
    output::{Format, Output},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: Store,

    /// What an earlier run gave as its head: the chain must go through it
    #[arg(long, value_name = "NUMBER:HASH")]
    checkpoint: Option<Checkpoint>,

    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) async fn run(args: &Args) -> Outcome {
    let log = super::open(&args.store).await?;
    let answer = Answer::from(log.verify(args.checkpoint).await?);
    Output::new(args.format).verdict(answer.valid, &answer)?;
    Ok(Exit::refused_unless(answer.valid))
}

/// What `--format json` says.
#[derive(Serialize)]
struct Answer {
    valid: bool,
    records: u64,
    begins_at: i64,
    purged: u64,
    erased: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_broken: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    head: String,
}

impl From<Verification> for Answer {
    fn from(found: Verification) -> Self {
        Self {
            valid: found.broken.is_none(),
            records: found.records,
            begins_at: found.begins_at,
            purged: found.purged,
            erased: found.erased,
            first_broken: found.broken.map(|broken| broken.number),
            error: found.broken.map(|broken| broken.kind.as_str()),
            head: found.head.to_string(),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first_broken, self.error) {
            (Some(number), Some(error)) => writeln!(f, "broken: record {number} is {error}")?,
            _ => writeln!(f, "intact")?,
        }
        writeln!(
            f,
            "{} records hold, from {} on",
            self.records, self.begins_at
        )?;
        if self.purged > 0 || self.erased > 0 {
            writeln!(f, "{} were purged, {} erased", self.purged, self.erased)?;
        }
        write!(f, "head {}", self.head)
    }
}
