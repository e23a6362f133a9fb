//! `webhook audit tail`: the records as they come.

use super::{
    args::{Store, Which},
    list::show,
};
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

    /// End after so many records; without it, tail ends when it is interrupted
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// How to answer; JSON has one line for each record
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) async fn run(args: &Args) -> Outcome {
    let log = super::open(&args.store).await?;
    let mut output = Output::new(args.format);
    let mut tail = log.tail(&args.which.filter()).await?;
    let mut left = args.limit.unwrap_or(usize::MAX);
    while left > 0 {
        let mut events = tail.next().await?;
        events.truncate(left);
        left = left.saturating_sub(events.len());
        show(&mut output, &events)?;
    }
    Ok(Exit::Done)
}
