//! The tables.

mod counts;
mod times;

use std::{fmt::Write as _, fs, process::Command};

pub use self::{
    counts::{gated, instructions},
    times::{loopback, times},
};
use super::{BoxError, compare::Time, cost::Row};
use crate::{
    growth::{Chart, table},
    loopback::Socketed,
};

/// Everything that is measured.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Instructions and allocations.
    pub counts: Vec<Row>,
    /// Processor time in process.
    pub times: Vec<Time>,
    /// The same over a socket, and how many requests a second.
    pub loopback: Vec<Socketed>,
    /// How costs grow.
    pub growth: Vec<Chart>,
}

/// The whole page.
///
/// # Errors
/// The date or the compiler's version cannot be told.
pub fn page(measured: &Measured) -> Result<String, BoxError> {
    let mut text = include_str!("../head.md").to_owned();
    line(
        &mut text,
        format_args!(
            "| date | {} |\n| machine | {} |\n| compiler | {} |\n| valgrind | {} |",
            told("date", &["-u", "+%F"])?,
            machine()?,
            told("rustc", &["--version"])?,
            told("valgrind", &["--version"])?
        ),
    );
    text.push_str(include_str!("../targets.md"));
    text.push_str(&instructions(&measured.counts));
    text.push_str(&times(&measured.times));
    text.push_str(include_str!("../sockets.md"));
    text.push_str(&loopback(&measured.loopback));
    text.push_str(include_str!("../growth.md"));
    for chart in &measured.growth {
        let Chart { name, title, .. } = chart;
        line(
            &mut text,
            format_args!("\n### {title}\n\n![{title}](benches/plots/{name}.svg)\n"),
        );
        text.push_str(&table::markdown(chart));
    }
    Ok(text)
}

fn told(program: &str, arguments: &[&str]) -> Result<String, BoxError> {
    let output = Command::new(program).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn machine() -> Result<String, BoxError> {
    let told = fs::read_to_string("/proc/cpuinfo")?;
    let of = |key| {
        let found = told.lines().find(|line| line.starts_with(key));
        found
            .and_then(|line| line.split_once(": "))
            .map_or("?", |(_, value)| value)
    };
    let cores = told
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let hash = if told.contains(" sha_ni") {
        "with"
    } else {
        "without"
    };
    Ok(format!(
        "{cores} x {}, family {} model {}, {hash} SHA instructions",
        of("model name"),
        of("cpu family"),
        of("model\t")
    ))
}

const fn size(bytes: usize) -> &'static str {
    match bytes {
        0..=2048 => "1 KiB",
        2049..=65_536 => "25 KiB",
        _ => "1 MiB",
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // A string takes everything.
    let _infallible = writeln!(text, "{arguments}");
}
