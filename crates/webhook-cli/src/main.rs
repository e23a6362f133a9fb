//! The program `webhook`: each command is a thin face on a public function of the `webhook-*` crates.
//!
//! * [`cli`] is the table of commands, one file each in [`commands`].
//! * [`args`] holds what several commands take: a scheme, secrets, a request.
//! * [`output`] writes to stdout, as text or JSON; [`exit`] says how it ended.

mod args;
mod cli;
mod commands;
mod exit;
mod output;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(),
    }
}
