//! What a request costs: bare axum, by hand, with the best existing parts, and with this family.
//!
//! ```text
//! cargo run --release -p webhook-benches --bin stack -- --instructions
//! cargo run --release -p webhook-benches --bin stack -- --compare
//! cargo run --release -p webhook-benches --bin stack -- --growth
//! cargo run --release -p webhook-benches --bin stack -- --gate
//! cargo run --release -p webhook-benches --bin stack -- --write BENCHMARKS.md
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use webhook_benches::{
    growth::{self, Chart, plot, table},
    loopback,
    stack::{
        BoxError, Case, MAX_BODY, Outcome, Server,
        baseline::{self, Baseline},
        callgrind,
        compare::{self, Time},
        cost::Row,
        report::{self, Measured},
        run::Warm,
    },
};

/// Measures what a request costs.
#[derive(Parser)]
// Each is a flag of the command line.
#[allow(clippy::struct_excessive_bools)]
struct Options {
    /// Count instructions and allocations with valgrind.
    #[arg(long)]
    instructions: bool,
    /// Compare the whole servers, in turn: processor time in process, and over loopback.
    #[arg(long)]
    compare: bool,
    /// Fail where the whole stack costs more than the baseline.
    #[arg(long)]
    gate: bool,
    /// Make what is counted now the baseline.
    #[arg(long)]
    bless: bool,
    /// Tell the most costly functions of one case.
    #[arg(long)]
    places: bool,
    /// Measure how costs grow with what is held, and draw it into `benches/plots`.
    #[arg(long)]
    growth: bool,
    /// Measure everything and write it into this file.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Whom to measure; all where nobody is named.
    #[arg(long, value_enum)]
    server: Vec<Server>,
    /// What becomes of the requests of one case.
    #[arg(long, value_enum, default_value = "accepted")]
    outcome: Outcome,
    /// The length of the bodies of one case.
    #[arg(long, default_value_t = 1024)]
    bytes: usize,
    /// Send this many requests to the one server, and say nothing.
    #[arg(long)]
    requests: Option<usize>,
    /// Serve the one case over loopback, for `--compare`.
    #[arg(long)]
    listen: bool,
    /// Make the requests, and send none.
    #[arg(long, requires = "requests")]
    idle: bool,
    /// How often each server has its turn.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
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
    if let Some(requests) = options.requests {
        serve(options, requests)?;
    } else if options.gate || options.bless {
        return gate(options.bless);
    } else if options.listen {
        loopback::serve(one(options))?;
    } else if let Some(path) = &options.write {
        let measured = Measured {
            counts: instructions(&Server::ALL)?,
            times: compared(options.rounds)?,
            growth: grown(options.rounds)?,
            // Last, as it holds this process to one core.
            loopback: loopback::compare(options.rounds)?,
        };
        std::fs::write(path, report::page(&measured)?)?;
    } else if options.places {
        places(options)?;
    } else {
        measure(options)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(options: &Options) -> Result<(), BoxError> {
    let servers = if options.server.is_empty() {
        &Server::ALL[..]
    } else {
        &options.server
    };
    if options.instructions {
        let rows = instructions(servers)?;
        match options.format {
            Format::Text => println!("{}", report::instructions(&rows)),
            Format::Json => println!("{}", serde_json::to_string_pretty(&rows)?),
        }
    }
    if options.growth {
        let charts = grown(options.rounds)?;
        match options.format {
            Format::Text => charts
                .iter()
                .for_each(|chart| println!("{}", table::markdown(chart))),
            Format::Json => println!("{}", serde_json::to_string_pretty(&charts)?),
        }
    }
    if options.compare {
        let times = compared(options.rounds)?;
        let loopback = loopback::compare(options.rounds)?;
        match options.format {
            Format::Text => println!("{}{}", report::times(&times), report::loopback(&loopback)),
            Format::Json => {
                let both = serde_json::json!({ "in_process": times, "loopback": loopback });
                println!("{}", serde_json::to_string_pretty(&both)?);
            }
        }
    }
    if !(options.instructions || options.compare || options.growth) {
        return Err("nothing to do; see `--help`".into());
    }
    Ok(())
}

fn one(options: &Options) -> Case {
    Case {
        server: options.server.first().copied().unwrap_or(Server::Ours),
        outcome: options.outcome,
        bytes: options.bytes,
    }
}

/// What valgrind runs.
fn serve(options: &Options, requests: usize) -> Result<(), BoxError> {
    let case = one(options);
    let mut warm = Warm::new(case, case.counts().0)?;
    if options.idle {
        warm.idle(requests)
    } else {
        warm.count(requests)
    }
}

fn instructions(servers: &[Server]) -> Result<Vec<Row>, BoxError> {
    let mut rows = Vec::new();
    for case in Case::all(servers) {
        eprintln!("{case}");
        let mut cost = callgrind::cost(case)?;
        // Those of the longest bodies take long, and are those of the others and the body.
        if case.outcome == Outcome::Accepted && case.bytes < MAX_BODY {
            cost.allocated = callgrind::allocated(case)?;
        }
        rows.push(Row::new(case, cost));
    }
    Ok(rows)
}

fn compared(rounds: usize) -> Result<Vec<Time>, BoxError> {
    let mut times = Vec::new();
    for bytes in webhook_benches::stack::SIZES {
        eprintln!("compare {bytes}");
        times.extend(compare::compare(bytes, rounds)?);
    }
    Ok(times)
}

/// Measures how costs grow, and draws it.
fn grown(rounds: usize) -> Result<Vec<Chart>, BoxError> {
    eprintln!("growth");
    let charts = growth::charts(rounds)?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plots");
    std::fs::create_dir_all(&folder)?;
    for chart in &charts {
        let file = folder.join(&chart.name).with_extension("svg");
        std::fs::write(file, plot::svg(chart)?)?;
    }
    Ok(charts)
}

fn places(options: &Options) -> Result<(), BoxError> {
    for place in callgrind::places(one(options))?.iter().take(60) {
        println!("{:8.1}  {}", place.instructions, place.name);
    }
    Ok(())
}

fn gate(bless: bool) -> Result<ExitCode, BoxError> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline.json");
    if !callgrind::is_there()? {
        if env::var_os("CI").is_some_and(|ci| ci == "true") {
            return Err("valgrind is missing; install it, the gate counts with it".into());
        }
        println!("skipped: valgrind is missing, and the gate counts with it");
        return Ok(ExitCode::SUCCESS);
    }
    if bless {
        let now = Baseline::here(baseline::measure()?)?;
        print!("{}", report::gated(&now.rows));
        baseline::write(&path, &now)?;
        return Ok(ExitCode::SUCCESS);
    }
    let committed = baseline::read(&path)?;
    if let Some(difference) = committed.differs_from(&Baseline::here(Vec::new())?) {
        println!("skipped: the baseline was {difference}");
        return Ok(ExitCode::SUCCESS);
    }
    let (committed, mut now) = (committed.rows, baseline::measure()?);
    baseline::again(&committed, &mut now)?;
    print!("{}", report::gated(&now));
    let complaints = baseline::worse(&committed, &now);
    for complaint in &complaints {
        eprintln!("worse: {complaint}");
    }
    Ok(if complaints.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
