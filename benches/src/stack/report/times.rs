use super::{line, size};
use crate::{
    loopback::Socketed,
    stack::{Outcome, SIZES, Server, Spread, compare::Time},
};

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
            let title = title(&time.server);
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

/// The servers over a socket, as ratios.
#[must_use]
pub fn loopback(rows: &[Socketed]) -> String {
    let mut text = String::new();
    for bytes in SIZES {
        for outcome in Outcome::ALL {
            let of_case = |row: &&Socketed| row.bytes == bytes && row.outcome == outcome.as_str();
            let rows: Vec<_> = rows.iter().filter(of_case).collect();
            if !rows.is_empty() {
                one_case(&mut text, outcome, bytes, &rows);
            }
        }
    }
    text
}

fn one_case(text: &mut String, outcome: Outcome, bytes: usize, rows: &[&Socketed]) {
    line(
        text,
        format_args!(
            "\n#### {}, {}\n\n| server | requests/s x(a) | time x(a) | time x(b) | p50, p99 us | lost |\n|---|--:|--:|--:|--:|--:|",
            outcome.title(),
            size(bytes)
        ),
    );
    for row in rows {
        line(
            text,
            format_args!(
                "| {} | {} | {} | {} | {}, {} | {:.1} % |",
                title(&row.server),
                spread(row.rate_to_bare),
                spread(row.time_to_bare),
                spread(row.time_to_by_hand),
                row.p50,
                row.p99,
                row.lost * 100.0
            ),
        );
    }
}

fn title(server: &str) -> &'static str {
    let found = Server::ALL.iter().find(|other| other.as_str() == server);
    found.map_or("", |server| server.title())
}

fn spread(spread: Spread) -> String {
    let Spread {
        median,
        minimum,
        maximum,
    } = spread;
    format!("{median:.2} ({minimum:.2} to {maximum:.2})")
}
