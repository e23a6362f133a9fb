//! `webhook audit list`: the newest records.

use webhook_sql::Event;

use super::args::{Store, Which};
use crate::{
    exit::{Exit, Failure, Outcome},
    output::{Format, Output},
};

/// How many records are asked for at once.
const PAGE: usize = 1000;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: Store,

    #[command(flatten)]
    which: Which,

    /// At most so many records
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,

    /// How to answer; JSON has one line for each record
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) async fn run(args: &Args) -> Outcome {
    let log = super::open(&args.store).await?;
    let mut output = Output::new(args.format);
    let filter = args.which.filter();
    let (mut left, mut after) = (args.limit, None);
    while left > 0 {
        let page = log.list(&filter, after, left.min(PAGE)).await?;
        left = left.saturating_sub(page.events.len());
        show(&mut output, &page.events)?;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(Exit::Done)
}

/// Writes a line for each record.
pub(super) fn show(output: &mut Output, events: &[Event]) -> Result<(), Failure> {
    let mut lines = Vec::new();
    for event in events {
        if output.is_json() {
            event.write_json_line(&mut lines);
        } else {
            output.text(event)?;
        }
    }
    output.bytes(&lines)?;
    Ok(())
}
