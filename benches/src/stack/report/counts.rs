use super::{line, size};
use crate::stack::{
    Case, Outcome, SIZES, Server,
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
                "{:12} {:10} {:7.0} instructions {:5.1} allocations",
                row.server, row.outcome, row.cost.instructions, row.cost.allocations
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
