//! What the commands on the audit take: where it is, and which records are meant.

use std::time::Duration;

use clap::builder::PossibleValuesParser;
use webhook_core::{Clock, Outcome, Reason, Timestamp};
use webhook_ip_layer::Network;
use webhook_sql::{DatabaseUrl, Filter, parse_time};

#[derive(clap::Args)]
pub(crate) struct Store {
    /// Where the audit is: sqlite:PATH, postgres://… or jsonl:PATH
    #[arg(long, value_name = "URL")]
    pub(crate) db: DatabaseUrl,
}

#[derive(clap::Args)]
pub(crate) struct Which {
    /// Received at this time or later: RFC 3339 in UTC, a date, Unix seconds, or an age such as 15m, 24h, 90d
    #[arg(long, value_name = "T", value_parser = time)]
    since: Option<Timestamp>,

    /// Received before this time
    #[arg(long, value_name = "T", value_parser = time)]
    until: Option<Timestamp>,

    /// For this endpoint
    #[arg(long, value_name = "E")]
    endpoint: Option<String>,

    /// With this outcome
    #[arg(long, value_name = "O", value_parser = outcomes())]
    outcome: Option<String>,

    /// With this reason
    #[arg(long, value_name = "R", value_parser = reasons(), hide_possible_values = true)]
    reason: Option<String>,

    /// From a client of this network
    #[arg(long, value_name = "CIDR")]
    client: Option<Network>,
}

impl Which {
    pub(crate) fn filter(&self) -> Filter {
        let mut filter = Filter::new();
        if let Some(time) = self.since {
            filter = filter.since(time);
        }
        if let Some(time) = self.until {
            filter = filter.until(time);
        }
        if let Some(endpoint) = &self.endpoint {
            filter = filter.endpoint(endpoint);
        }
        if let Some(outcome) = &self.outcome {
            filter = filter.outcome(outcome);
        }
        if let Some(reason) = &self.reason {
            filter = filter.reason(reason);
        }
        if let Some(network) = &self.client {
            filter = filter.client(network.address(), network.prefix_len());
        }
        filter
    }
}

fn outcomes() -> PossibleValuesParser {
    let outcomes = [
        Outcome::Accepted,
        Outcome::Denied,
        Outcome::Error,
        Outcome::Aborted,
        Outcome::ShadowDenied,
    ];
    PossibleValuesParser::new(outcomes.map(Outcome::as_str))
}

fn reasons() -> PossibleValuesParser {
    PossibleValuesParser::new(Reason::ALL.map(Reason::as_str))
}

/// A point in time, or how long ago it was.
pub(super) fn time(text: &str) -> Result<Timestamp, &'static str> {
    const FORMS: &str =
        "write 2026-11-22T04:00:01Z, 2026-11-22, Unix seconds, or an age such as 15m, 24h or 90d";
    if let Ok(seconds) = text.parse() {
        return Ok(Timestamp::from_unix_seconds(seconds));
    }
    let age = age(text).map(|age| {
        let now = Clock::system().now();
        let seconds = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
        Timestamp::from_unix_seconds(now.unix_seconds().saturating_sub(seconds))
    });
    age.or_else(|| parse_time(text)).ok_or(FORMS)
}

fn age(text: &str) -> Option<Duration> {
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
    let (digits, unit) = units
        .iter()
        .find_map(|(letter, seconds)| Some((text.strip_suffix(*letter)?, *seconds)))?;
    let count: u64 = digits.trim_end().parse().ok()?;
    count.checked_mul(unit).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn a_time_is_written_in_several_ways() {
        assert_eq!(time("1700000000").unwrap().unix_seconds(), 1_700_000_000);
        assert_eq!(
            time("2023-11-14T22:13:20Z").unwrap().unix_seconds(),
            1_700_000_000
        );
        assert!(time("1h").unwrap() > time("2d").unwrap());
        for wrong in ["", "yesterday", "h", "-5h", "5w", "2023-11-14T22:13:20"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
