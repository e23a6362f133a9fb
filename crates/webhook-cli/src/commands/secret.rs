//! `webhook secret`: makes secrets.

use std::fmt;

use base64ct::{Base64, Encoding as _};
use clap::{ValueEnum, value_parser};
use serde::Serialize;

use crate::{
    exit::{Exit, Failure, Outcome},
    output::{Format, Output},
};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make a secret from the system's randomness
    New(NewArgs),
}

#[derive(clap::Args)]
pub(crate) struct NewArgs {
    /// How many random bytes: 16 or more, 24 to 64 are recommended
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = value_parser!(u16).range(16..=1024))]
    bytes: u16,

    /// How to write them
    #[arg(long, value_enum, default_value_t)]
    encoding: Text,

    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Text {
    #[default]
    Hex,
    Base64,
    /// `whsec_` and base64, as Standard Webhooks has it
    Whsec,
}

pub(crate) fn run(command: &Command) -> Outcome {
    let Command::New(args) = command;
    let mut bytes = vec![0; usize::from(args.bytes)];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Io(format!("no randomness: {error}")))?;
    let secret = match args.encoding {
        Text::Hex => const_hex::encode(&bytes),
        Text::Base64 => Base64::encode_string(&bytes),
        Text::Whsec => format!("whsec_{}", Base64::encode_string(&bytes)),
    };
    let made = Made {
        secret,
        encoding: args.encoding,
        bytes: args.bytes,
    };
    Output::new(args.format).answer(&made)?;
    Ok(Exit::Done)
}

/// What `--format json` says.
#[derive(Serialize)]
struct Made {
    secret: String,
    encoding: Text,
    bytes: u16,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.secret)
    }
}
