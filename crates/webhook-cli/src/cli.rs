//! The commands.

use clap::{Parser, Subcommand};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::commands::audit;
use crate::{
    commands::{ip, providers, secret, send, sign, verify},
    exit::Outcome,
};

/// Verify, sign and send webhook deliveries, and ask why.
///
/// Exit codes: 0 done, valid or allowed; 1 refused, invalid or not allowed; 2 wrong usage or
/// configuration; 3 could not do it.
#[derive(Parser)]
// As the texts stand: another crate of the same build may turn the wrapping of lines on.
#[command(
    name = "webhook",
    version,
    disable_help_subcommand = true,
    term_width = 0
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Verify one recorded delivery
    Verify(verify::Args),
    /// Print what the sender would have sent
    Sign(sign::Args),
    /// Sign a delivery and send it
    Send(send::Args),
    /// List the providers that are known, or show one of them
    Providers(providers::Args),
    /// Make secrets
    #[command(subcommand)]
    Secret(secret::Command),
    /// Explain client addresses, and match them against lists
    #[command(subcommand)]
    Ip(ip::Command),
    /// Ask and tend the audit in a database or a file
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    #[command(subcommand)]
    Audit(audit::Command),
}

impl Cli {
    pub(crate) fn run(self) -> Outcome {
        match self.command {
            Command::Verify(args) => verify::run(&args),
            Command::Sign(args) => sign::run(args),
            Command::Send(args) => send::run(args),
            Command::Providers(args) => providers::run(&args),
            Command::Secret(command) => secret::run(&command),
            Command::Ip(command) => ip::run(&command),
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            Command::Audit(command) => audit::run(&command),
        }
    }
}
