//! Forged deliveries from very many addresses while a real sender delivers: is it served as before?
//!
//! ```text
//! cargo run --release -p webhook-benches --bin flood
//! ```
//!
//! For each pace it sends 50,000 bad signatures, each from an address of its own, in ten rounds, and
//! compares what the real sender meets with what it met right before each round: refusals, and its
//! 99th percentile. The last pace is as fast as two connections go; it shares the machine's cores
//! with the receiver, and is told for what it is.
#![allow(clippy::print_stdout)]

use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use webhook_benches::{
    latency::Latencies,
    receiver,
    sender::{Sender, delivery},
};
use webhook_layers::{Secret, SignRequest, Timestamp, Verifier, presets};

type BoxError = Box<dyn Error + Send + Sync>;

const FORGERIES: u32 = 50_000;
const ROUNDS: u32 = 10;
/// Forgeries a second; 0 for as fast as they go.
const PACES: [u32; 4] = [1_000, 5_000, 10_000, 0];
/// Deliveries of the real sender before each round.
const IDLE_DELIVERIES: u32 = 300;
const SENDER_PAUSE: Duration = Duration::from_millis(2);
const FORGERS: u32 = 2;

fn main() -> Result<(), BoxError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run())
}

async fn run() -> Result<(), BoxError> {
    let body = format!("{{\"ref\":\"{}\"}}", "x".repeat(1000));
    let genuine = delivery(Ipv4Addr::new(192, 0, 2, 1), &signature(&body)?, &body);
    for pace in PACES {
        // A receiver of its own for each pace: no quota of one meets the next.
        let receiver = receiver::start(600_000)?;
        let (mut idle, mut flooded) = (Met::default(), Met::default());
        let (mut ratios, mut taken) = (Vec::new(), Duration::ZERO);
        for round in 0..ROUNDS {
            let before = deliver(receiver, &genuine, |sent| sent < IDLE_DELIVERIES).await?;
            let (during, time) = flood(receiver, &genuine, &body, pace, round).await?;
            ratios.push(during.p99() / before.p99());
            idle.add(before);
            flooded.add(during);
            taken += time;
        }
        report(pace, taken, &idle, &flooded, ratios);
    }
    Ok(())
}

/// What the real sender met.
#[derive(Default)]
struct Met {
    refused: usize,
    latencies: Latencies,
}

impl Met {
    fn add(&mut self, other: Self) {
        self.refused += other.refused;
        self.latencies.add(other.latencies);
    }

    fn p99(&self) -> f64 {
        self.latencies.quantile(0.99).as_secs_f64()
    }
}

/// Delivers for as long as it should.
async fn deliver(
    receiver: SocketAddr,
    request: &[u8],
    goes_on: impl Fn(u32) -> bool,
) -> Result<Met, BoxError> {
    let mut sender = Sender::connect(receiver).await?;
    let (mut refused, mut latencies) = (0, Latencies::default());
    let mut sent = 0;
    while goes_on(sent) {
        let answer = sender.send(request).await?;
        refused += usize::from(answer.status != 200);
        latencies.push(answer.took);
        sent += 1;
        tokio::time::sleep(SENDER_PAUSE).await;
    }
    Ok(Met { refused, latencies })
}

/// The real sender delivers until the last forgery is sent.
async fn flood(
    receiver: SocketAddr,
    genuine: &[u8],
    body: &str,
    pace: u32,
    round: u32,
) -> Result<(Met, Duration), BoxError> {
    const EACH: u32 = FORGERIES / ROUNDS;
    let is_over = Arc::new(AtomicBool::new(false));
    let next = Arc::new(AtomicU32::new(0));
    let start = Instant::now();
    let forgers: Vec<_> = (0..FORGERS)
        .map(|_| {
            tokio::spawn(forge(
                receiver,
                Arc::clone(&next),
                round * EACH..(round + 1) * EACH,
                body.to_owned(),
                pace,
                start,
            ))
        })
        .collect();
    let over = Arc::clone(&is_over);
    let watch = tokio::spawn(async move {
        for forger in forgers {
            forger.await??;
        }
        over.store(true, Ordering::Release);
        Ok::<_, BoxError>(start.elapsed())
    });
    let met = deliver(receiver, genuine, |_| !is_over.load(Ordering::Acquire)).await?;
    Ok((met, watch.await??))
}

/// Sends forgeries, each from an address of its own, until all are sent.
async fn forge(
    receiver: SocketAddr,
    next: Arc<AtomicU32>,
    numbers: Range<u32>,
    body: String,
    pace: u32,
    start: Instant,
) -> Result<(), BoxError> {
    let forged = format!("sha256={}", "0".repeat(64));
    let mut sender = Sender::connect(receiver).await?;
    loop {
        let taken = next.fetch_add(1, Ordering::Relaxed);
        let number = numbers.start + taken;
        if number >= numbers.end {
            return Ok(());
        }
        if let Some(due) = (taken * 1000).checked_div(pace) {
            let due = start + Duration::from_millis(due.into());
            tokio::time::sleep_until(due.into()).await;
        }
        let client = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits() + number);
        let answer = sender.send(&delivery(client, &forged, &body)).await?;
        if answer.status != 401 {
            return Err(format!("a forgery was answered with {}", answer.status).into());
        }
    }
}

fn signature(body: &str) -> Result<String, BoxError> {
    let sender = Verifier::new(&presets::GITHUB, Secret::new(receiver::SECRET)?)?;
    let request = SignRequest::new(body.as_bytes(), Timestamp::from_unix_seconds(0));
    let headers = sender.sign(&request)?;
    let (_, value) = headers.into_iter().next().ok_or("no signature")?;
    Ok(value.to_str()?.to_owned())
}

fn report(pace: u32, taken: Duration, idle: &Met, flooded: &Met, mut ratios: Vec<f64>) {
    let rate = f64::from(FORGERIES) / taken.as_secs_f64();
    let pace = match pace {
        0 => "as fast as they go".to_owned(),
        pace => format!("{pace} a second"),
    };
    println!("{FORGERIES} forgeries, {pace}: {rate:.0} a second were sent");
    for (name, met) in [("before", idle), ("flooded", flooded)] {
        let (count, refused) = (met.latencies.count(), met.refused);
        println!(
            "  {name}: {count} deliveries, {refused} refused, {}",
            met.latencies
        );
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    println!("  p99 flooded / before, median of {ROUNDS} rounds: {median:.2}");
}
