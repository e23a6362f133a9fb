//! `webhook ip`: explains client addresses, and matches them against lists.

mod explain;
mod list_error;
mod matching;

use crate::exit::Outcome;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Say which address is the client, and why
    Explain(explain::Args),
    /// Hold addresses against allow and deny lists
    Match(matching::Args),
}

pub(crate) fn run(command: &Command) -> Outcome {
    match command {
        Command::Explain(args) => explain::run(args),
        Command::Match(args) => matching::run(args),
    }
}
