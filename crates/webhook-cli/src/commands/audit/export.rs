//! `webhook audit export`: records for other programs.

use std::{fs::File, io, path::PathBuf};

use clap::ValueEnum;
use webhook_sql::ExportFormat;

use super::args::{Store, Which};
use crate::exit::{Exit, Failure, Outcome, say};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: Store,

    #[command(flatten)]
    which: Which,

    /// How to write the records
    #[arg(long, value_enum, default_value_t)]
    format: Written,

    /// Where to; without it, to stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Written {
    /// A line of JSON for each record
    #[default]
    Json,
    /// Comma-separated values, with a line of names
    Csv,
}

pub(crate) async fn run(args: &Args) -> Outcome {
    let log = super::open(&args.store).await?;
    let format = match args.format {
        Written::Json => ExportFormat::JsonLines,
        Written::Csv => ExportFormat::Csv,
    };
    let filter = args.which.filter();
    let written = match &args.output {
        None => log.export(&filter, format, &mut io::stdout()).await?,
        Some(path) => {
            let failed = |error| Failure::Io(format!("cannot write {}: {error}", path.display()));
            let mut file = File::create(path).map_err(failed)?;
            log.export(&filter, format, &mut file).await?
        }
    };
    say(format_args!("exported {written} records"));
    Ok(Exit::Done)
}
