use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::{runtime::Runtime, task::LocalSet};

use super::{CONNECTIONS, child, child::Served, load};
use crate::{
    latency::Latencies,
    stack::{BoxError, Case, Outcome, SIZES, Server, Spread, ratios, wire},
};

/// How one server did with one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Socketed {
    /// The server's name.
    pub server: String,
    /// The outcome's name.
    pub outcome: String,
    /// The body's length.
    pub bytes: usize,
    /// Requests a second.
    pub rate: Spread,
    /// The rate as a part of (a)'s in the same round, which accepts.
    pub rate_to_bare: Spread,
    /// The server's processor time of a request, in nanoseconds.
    pub nanoseconds: Spread,
    /// The time as a part of (a)'s in the same round.
    pub time_to_bare: Spread,
    /// The time as a part of (b)'s in the same round.
    pub time_to_by_hand: Spread,
    /// Half of the requests were answered within so many microseconds.
    pub p50: u64,
    /// And all but one of a hundred.
    pub p99: u64,
    /// Of all requests, the part whose answer was lost with the connection.
    pub lost: f64,
}

/// Every whole server with every outcome, in turn, round after round.
///
/// # Errors
/// A server answers wrongly, or `taskset` is not here.
pub fn compare(rounds: usize) -> Result<Vec<Socketed>, BoxError> {
    child::keep_off_the_server()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut told = Vec::new();
    for bytes in SIZES {
        let mut running = Vec::new();
        for case in cases(bytes) {
            running.push(Running::start(case, &runtime)?);
        }
        for _ in 0..rounds {
            for server in &mut running {
                server.take_turn(&runtime)?;
            }
        }
        told.extend(compared(&running));
    }
    Ok(told)
}

/// What is sent with bodies of this length; (a) and (b) first, whom the others are held against.
fn cases(bytes: usize) -> Vec<Case> {
    let outcomes: &[Outcome] = match bytes {
        2049..=65_536 => &[Outcome::Accepted],
        0..=2048 => &Outcome::ALL[..5],
        // What is refused before so long a body, not after it.
        _ => &Outcome::ALL[..4],
    };
    let of = |server: Server| {
        outcomes.iter().filter_map(move |&outcome| {
            server.outcomes().contains(&outcome).then_some(Case {
                server,
                outcome,
                bytes,
            })
        })
    };
    // Where deliveries are remembered each would have to be another.
    let servers = Server::WHOLE
        .into_iter()
        .filter(|server| !server.remembers());
    servers.flat_map(of).collect()
}

/// One server, what is sent to it, and what its rounds came to.
struct Running {
    case: Case,
    served: Served,
    requests: Vec<Bytes>,
    rates: Vec<f64>,
    times: Vec<f64>,
    latencies: Vec<Duration>,
    lost: usize,
}

impl Running {
    fn start(case: Case, runtime: &Runtime) -> Result<Self, BoxError> {
        let each = match case.bytes {
            0..=2048 => 100,
            2049..=65_536 => 40,
            _ => 4,
        };
        let (served, request) = (Served::start(case)?, wire(case)?);
        runtime.block_on(load::warm_up(case, served.address, &request))?;
        Ok(Self {
            case,
            served,
            requests: vec![request; CONNECTIONS * each],
            rates: Vec::new(),
            times: Vec::new(),
            latencies: Vec::new(),
            lost: 0,
        })
    }

    // Counts far below 2^52.
    #[allow(clippy::cast_precision_loss)]
    fn take_turn(&mut self, runtime: &Runtime) -> Result<(), BoxError> {
        let before = self.served.time()?;
        let load = load::send(self.case, self.served.address, &self.requests);
        let load = LocalSet::new().block_on(runtime, load)?;
        let took = self.served.time()?.saturating_sub(before);
        let requests = self.requests.len() as f64;
        self.rates.push(requests / load.took.as_secs_f64());
        self.times.push(took as f64 / requests);
        self.latencies.extend(load.met.latencies);
        self.lost += load.met.lost;
        Ok(())
    }
}

impl Running {
    // Counts far below 2^52.
    #[allow(clippy::cast_precision_loss)]
    fn lost(&self) -> f64 {
        self.lost as f64 / (self.lost + self.latencies.len()) as f64
    }
}

fn compared(running: &[Running]) -> Vec<Socketed> {
    let accepting = |wanted: Server| {
        running
            .iter()
            .find(|server| server.case.server == wanted && server.case.outcome == Outcome::Accepted)
    };
    let (Some(bare), Some(by_hand)) = (accepting(Server::Bare), accepting(Server::ByHand)) else {
        return Vec::new();
    };
    running
        .iter()
        .map(|server| {
            let latencies: Latencies = server.latencies.iter().copied().collect();
            let micros =
                |part| u64::try_from(latencies.quantile(part).as_micros()).unwrap_or(u64::MAX);
            Socketed {
                server: server.case.server.as_str().into(),
                outcome: server.case.outcome.as_str().into(),
                bytes: server.case.bytes,
                rate: Spread::of(server.rates.clone()),
                rate_to_bare: ratios(&server.rates, &bare.rates),
                nanoseconds: Spread::of(server.times.clone()),
                time_to_bare: ratios(&server.times, &bare.times),
                time_to_by_hand: ratios(&server.times, &by_hand.times),
                p50: micros(0.5),
                p99: micros(0.99),
                lost: server.lost(),
            }
        })
        .collect()
}
