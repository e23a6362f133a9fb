//! The tables.

use std::{fmt::Write as _, fs, process::Command};

use super::{
    BoxError, Case, Outcome, SIZES, Server,
    compare::{Spread, Time},
    cost::{self, Cost, Row},
};

/// The counts of the gate, one a line.
#[must_use]
pub fn gated(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        line(
            &mut text,
            format_args!(
                "{:18} {:7.0} instructions {:5.1} allocations",
                row.outcome, row.cost.instructions, row.cost.allocations
            ),
        );
    }
    text
}

/// The accepted requests and the refusals, in instructions.
#[must_use]
pub fn instructions(rows: &[Row]) -> String {
    let mut text = String::new();
    for bytes in SIZES {
        accepted(&mut text, rows, bytes);
    }
    refused(&mut text, rows);
    text
}

fn accepted(text: &mut String, rows: &[Row], bytes: usize) {
    let case = |server| Case {
        bytes,
        ..Case::accepted(server)
    };
    let (Some(bare), by_hand) = (
        cost::find(rows, case(Server::Bare)),
        cost::find(rows, case(Server::ByHand)),
    ) else {
        return;
    };
    line(
        text,
        format_args!(
            "\n### Accepted, {}\n\n| server | instructions | over (a) | over (a), x(b) | allocations | over (a) | bytes allocated | over (a) |\n|---|--:|--:|--:|--:|--:|--:|--:|",
            size(bytes)
        ),
    );
    for server in Server::ALL {
        let Some(cost) = cost::find(rows, case(server)) else {
            continue;
        };
        let over = cost.instructions - bare.instructions;
        let to_by_hand = by_hand.map_or(f64::NAN, |by_hand| {
            over / (by_hand.instructions - bare.instructions)
        });
        line(
            text,
            format_args!(
                "| {} | {:.0} | {over:+.0} | {to_by_hand:.2} | {:.1} | {:+.1} | {} |",
                server.title(),
                cost.instructions,
                cost.allocations,
                cost.allocations - bare.allocations,
                allocated(cost, bare),
            ),
        );
    }
}

/// The bytes and what of them is over (a), where they are counted.
fn allocated(cost: Cost, bare: Cost) -> String {
    if cost.allocated > 0.0 {
        let over = cost.allocated - bare.allocated;
        format!("{:.0} | {over:+.0}", cost.allocated)
    } else {
        "- | -".into()
    }
}

fn refused(text: &mut String, rows: &[Row]) {
    let Some(bare) = cost::find(rows, Case::accepted(Server::Bare)) else {
        return;
    };
    line(
        text,
        format_args!(
            "\n### Refused, 1 KiB: instructions over (a)'s accepted request (allocations)\n"
        ),
    );
    let outcomes = &Outcome::ALL[1..];
    let titles: Vec<_> = outcomes.iter().map(|outcome| outcome.title()).collect();
    line(
        text,
        format_args!(
            "| server | {} |\n|---|{}",
            titles.join(" | "),
            "--:|".repeat(titles.len())
        ),
    );
    for server in Server::ALL {
        let cells: Vec<_> = outcomes
            .iter()
            .map(|&outcome| {
                let case = Case {
                    outcome,
                    ..Case::accepted(server)
                };
                cost::find(rows, case).map_or_else(
                    || "-".into(),
                    |cost| {
                        format!(
                            "{:+.0} ({:.0})",
                            cost.instructions - bare.instructions,
                            cost.allocations
                        )
                    },
                )
            })
            .collect();
        if cells.iter().any(|cell| cell != "-") {
            line(
                text,
                format_args!("| {} | {} |", server.title(), cells.join(" | ")),
            );
        }
    }
}

/// The processor time of the whole servers, as ratios.
#[must_use]
pub fn times(times: &[Time]) -> String {
    let mut text = String::new();
    for bytes in SIZES {
        line(
            &mut text,
            format_args!(
                "\n### Processor time, accepted, {}\n\n| server | ns a request | x(a) | x(b) |\n|---|--:|--:|--:|",
                size(bytes)
            ),
        );
        for time in times.iter().filter(|time| time.bytes == bytes) {
            let title = Server::ALL
                .iter()
                .find(|server| server.as_str() == time.server)
                .map_or("", |server| server.title());
            line(
                &mut text,
                format_args!(
                    "| {title} | {:.0} | {} | {} |",
                    time.nanoseconds.median,
                    spread(time.to_bare),
                    spread(time.to_by_hand)
                ),
            );
        }
    }
    text
}

/// The whole page.
///
/// # Errors
/// The date or the compiler's version cannot be told.
pub fn page(rows: &[Row], measured: &[Time]) -> Result<String, BoxError> {
    let mut text = include_str!("head.md").to_owned();
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
    text.push_str(include_str!("targets.md"));
    text.push_str(&instructions(rows));
    text.push_str(&times(measured));
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

fn spread(spread: Spread) -> String {
    let Spread {
        median,
        minimum,
        maximum,
    } = spread;
    format!("{median:.2} ({minimum:.2} to {maximum:.2})")
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // A string takes everything.
    let _infallible = writeln!(text, "{arguments}");
}
