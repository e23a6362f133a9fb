//! Whether a refusal's time tells anything of a secret.
//!
//! ```text
//! cargo run --release -p webhook-benches --features public-key --bin timing
//! cargo run --release -p webhook-benches --features public-key --bin timing -- --only token
//! cargo run --release -p webhook-benches --features public-key --bin timing -- --format json
//! ```
//!
//! It fails where a path of the family's leaks, and where a control, which is known to, is not seen to.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use webhook_benches::{
    BoxError,
    timing::{Random, judge::judge, paths, report},
};

/// Measures whether a refusal's time tells anything of a secret.
#[derive(Parser)]
struct Options {
    /// Measure the paths alone whose names contain this.
    #[arg(long, default_value = "")]
    only: String,
    /// How many samples each trial takes.
    #[arg(long, default_value_t = 100_000)]
    samples: usize,
    /// Choose inputs by these random numbers.
    #[arg(long)]
    seed: Option<u64>,
    /// How to tell.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<ExitCode, BoxError> {
    if cfg!(debug_assertions) {
        return Err("this build is not the one that is shipped; run it with `--release`".into());
    }
    let mut random = Random::new(options.seed.unwrap_or_else(Random::seed));
    let mut findings = Vec::new();
    for mut path in paths::all()? {
        if path.name().contains(&options.only) {
            findings.push(judge(&mut path, options.samples, &mut random)?);
        }
    }
    if findings.is_empty() {
        return Err(format!("no path has `{}` in its name", options.only).into());
    }
    match options.format {
        Format::Text => print!("{}", report::text(&findings)),
        Format::Json => println!("{}", serde_json::to_string_pretty(&findings)?),
    }
    Ok(if findings.iter().all(|finding| finding.holds) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
