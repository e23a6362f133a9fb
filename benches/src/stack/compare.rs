//! Processor time of one request, the servers in turn, round after round.

use cpu_time::ThreadTime;
use serde::{Deserialize, Serialize};

use super::{BoxError, Case, Server, run::Warm};

/// How the time of one server stands to another's, over all rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The middle of the rounds.
    pub median: f64,
    /// The least.
    pub minimum: f64,
    /// The most.
    pub maximum: f64,
}

impl Spread {
    /// Of these values.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        Self {
            median: at(values.len() / 2),
            minimum: at(0),
            maximum: at(values.len().saturating_sub(1)),
        }
    }
}

/// What one server took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Time {
    /// The server's name.
    pub server: String,
    /// The body's length.
    pub bytes: usize,
    /// Nanoseconds a request on the thread that serves.
    pub nanoseconds: Spread,
    /// As a part of (a)'s time in the same round.
    pub to_bare: Spread,
    /// As a part of (b)'s time in the same round.
    pub to_by_hand: Spread,
}

/// Accepted requests of one size to every whole server, in turn.
///
/// # Errors
/// A server answers wrongly.
pub fn compare(bytes: usize, rounds: usize) -> Result<Vec<Time>, BoxError> {
    let requests = match bytes {
        0..=2048 => 2000,
        2049..=65_536 => 300,
        _ => 10,
    };
    let mut servers = Vec::new();
    for server in Server::WHOLE {
        let case = Case {
            bytes,
            ..Case::accepted(server)
        };
        servers.push((server, Warm::new(case, requests)?, Vec::new()));
    }
    for _ in 0..rounds {
        for (_, warm, times) in &mut servers {
            times.push(time(warm, requests)?);
        }
    }
    let of = |wanted: Server| {
        let found = servers.iter().find(|(server, ..)| *server == wanted);
        found.map(|(.., times)| times.clone()).unwrap_or_default()
    };
    let (bare, by_hand) = (of(Server::Bare), of(Server::ByHand));
    Ok(servers
        .into_iter()
        .map(|(server, _, times)| Time {
            server: server.as_str().into(),
            bytes,
            to_bare: ratios(&times, &bare),
            to_by_hand: ratios(&times, &by_hand),
            nanoseconds: Spread::of(times),
        })
        .collect())
}

// A request's nanoseconds are far below 2^52.
#[allow(clippy::cast_precision_loss)]
fn time(warm: &mut Warm, requests: usize) -> Result<f64, BoxError> {
    let (before, after) = warm.measure(requests, ThreadTime::now)?;
    Ok(after.duration_since(before).as_nanos() as f64 / requests as f64)
}

/// What each value is of the one in the same place among the others.
#[must_use]
pub fn ratios(values: &[f64], others: &[f64]) -> Spread {
    let ratios = values
        .iter()
        .zip(others)
        .map(|(value, other)| value / other);
    Spread::of(ratios.collect())
}

#[cfg(test)]
mod tests {
    use super::{Spread, ratios};

    #[test]
    fn ratios_are_of_the_same_round() {
        let spread = ratios(&[2.0, 6.0, 4.0], &[1.0, 2.0, 4.0]);
        let expected = Spread {
            median: 2.0,
            minimum: 1.0,
            maximum: 3.0,
        };
        assert_eq!(spread, expected);
    }
}
