//! How many records a second go into a database and how large they are, what the hand-over costs a
//! request, how long questions and `verify` take afterwards, and how long a commit takes: while
//! nothing is removed, and while retention removes half of the records.
//!
//! Run with `cargo run --release -p webhook-sql --all-features --example throughput -- sqlite:/tmp/audit.db 1000000`
//! or with `postgres://…` in its place. It adds so many records to the audit that is there, and removes
//! the oldest until half as many are left.
#![allow(clippy::print_stdout, reason = "it is what this program is for")]

use std::{
    convert::Infallible,
    error::Error,
    hint::black_box,
    sync::mpsc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use cpu_time::ProcessTime;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_audit_layer::{AuditLayer, AuditRecord, SenderText, Sink as _};
use webhook_core::{ClientAddr, Clock, PeerAddr, Reason, RequestId, Timestamp};
use webhook_sql::{AuditLog, DEFAULT_CAPACITY, Filter, Retention, SqlSink, SqlSinkSettings};

/// How many records are made ahead, so that the hand-over is measured without making them.
const AHEAD: u32 = 2000;

/// How long a question may take over a million records.
const TARGET_MS: f64 = 300.0;

/// How many commits are measured before the next look at how far the removal is.
const COMMITS: u32 = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments
        .next()
        .ok_or("say where: sqlite:PATH or postgres://…")?;
    let records: u32 = arguments.next().map_or(Ok(200_000), |text| text.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;

    let pattern = runtime.block_on(pattern())?;
    let clock = Clock::system();
    let sink = SqlSink::open(&url)?;
    let (mut pushing, mut made) = (Duration::ZERO, 0);
    let (started, cpu) = (Instant::now(), ProcessTime::now());
    let mut making = Duration::ZERO;
    while made < records {
        let begun = Instant::now();
        let ahead: Vec<_> = (made..records.min(made + AHEAD))
            .map(|n| record(&pattern, &clock, n))
            .collect();
        making += begun.elapsed();
        made += u32::try_from(ahead.len())?;
        let begun = Instant::now();
        for record in ahead {
            sink.record(record);
        }
        pushing += begun.elapsed();
        // The next have to find room.
        while sink.handle().waiting() + u64::from(AHEAD) > DEFAULT_CAPACITY as u64 {
            std::thread::sleep(Duration::from_micros(500));
        }
    }
    sink.handle().shutdown(Duration::from_secs(60))?;
    let (taken, cpu) = (started.elapsed(), cpu.elapsed());
    println!(
        "{:>9.2} us of this process's processor time a record",
        cpu.as_secs_f64() * 1e6 / f64::from(records)
    );
    println!(
        "{:>9.0} records/s ({taken:.2?} for {records}, {making:.2?} of it making them)",
        f64::from(records) / taken.as_secs_f64()
    );
    println!(
        "{:>9} ns for a request to hand one over",
        pushing.as_nanos() / u128::from(records)
    );
    println!("{:>9} dropped", sink.handle().dropped());
    drop(sink);
    runtime.block_on(size(&url, records))?;
    runtime.block_on(ask(&url))?;

    let kept = u64::from(records) / 2;
    let rest = Retention::forever();
    let half = rest.with_max_records(kept);
    let mut both = Vec::new();
    for (name, retention) in [("nothing", rest), ("half", half)] {
        let settings = SqlSinkSettings::new(url.parse()?).with_retention(retention);
        let sink = SqlSink::open_with(settings)?;
        let begun = Instant::now();
        let mut commits = Vec::new();
        loop {
            for n in 0..COMMITS {
                commits.push(commit(&sink, record(&pattern, &clock, records + n))?);
            }
            let left = runtime.block_on(count(&url))?;
            if name == "nothing" || left <= kept + u64::from(COMMITS) {
                break;
            }
        }
        both.push(report(name, begun, commits));
    }
    if let [nothing, half] = both.as_slice() {
        println!(
            "{:>9.1} times the p99 of a commit, for the removal",
            half / nothing
        );
    }
    Ok(())
}

/// How long it takes until a record is committed.
fn commit(sink: &SqlSink, record: AuditRecord) -> Result<Duration, Box<dyn Error>> {
    std::thread::sleep(Duration::from_millis(1));
    let begun = Instant::now();
    sink.record(record);
    sink.handle().flush(Duration::from_secs(60))?;
    Ok(begun.elapsed())
}

async fn count(url: &str) -> Result<u64, Box<dyn Error>> {
    let log = AuditLog::open(&url.parse()?).await?;
    let stats = log.stats(&Filter::new()).await?;
    Ok(stats.iter().map(|stats| stats.total).sum())
}

/// Prints the percentiles, and returns the p99 in milliseconds.
fn report(name: &str, begun: Instant, mut commits: Vec<Duration>) -> f64 {
    commits.sort_unstable();
    let percentile = |percent: usize| {
        let commit = commits.get(commits.len() * percent / 100);
        commit.copied().unwrap_or_default().as_secs_f64() * 1000.0
    };
    println!(
        "{:>9.1} ms: p99 of {} commits while {name} is removed, p50 {:.1} ms, in {:.1?}",
        percentile(99),
        commits.len(),
        percentile(50),
        begun.elapsed()
    );
    percentile(99)
}

/// How many bytes a record has, as the line that it is exported as, and in SQLite's file, its part
/// of the indexes included.
async fn size(url: &str, records: u32) -> Result<(), Box<dyn Error>> {
    let log = AuditLog::open(&url.parse()?).await?;
    let mut lines = Vec::new();
    let page = log.list(&Filter::new(), None, 1000).await?;
    for event in &page.events {
        event.write_json_line(&mut lines);
    }
    println!(
        "{:>9} bytes a record, as a line",
        lines.len() / page.events.len().max(1)
    );
    if let Some(path) = url.strip_prefix("sqlite:") {
        let bytes = std::fs::metadata(path)?.len() / u64::from(records.max(1));
        println!("{bytes:>9} bytes a record, in the file");
    }
    Ok(())
}

async fn ask(url: &str) -> Result<(), Box<dyn Error>> {
    let log = AuditLog::open(&url.parse()?).await?;
    let begun = Instant::now();
    let stats = log.stats(&Filter::new()).await?;
    println!(
        "{:>9.1} ms of {TARGET_MS}: stats of {} endpoints",
        millis(begun),
        stats.len()
    );
    let since = Timestamp::from_unix_seconds(1_700_000_000 + 1000);
    let questions = [
        ("all", Filter::new()),
        ("since", Filter::new().since(since)),
        ("until", Filter::new().until(since)),
        ("an endpoint", Filter::new().endpoint("endpoint-7")),
        ("a reason", Filter::new().reason("signature_mismatch")),
        ("an outcome", Filter::new().outcome("denied")),
        (
            "a reason and endpoint",
            Filter::new().reason("rate_limited").endpoint("endpoint-7"),
        ),
        (
            "a client",
            Filter::new().client([203, 0, 113, 9].into(), 32),
        ),
        ("a network", Filter::new().client([203, 0, 0, 0].into(), 8)),
        ("everybody", Filter::new().client([0, 0, 0, 0].into(), 0)),
        (
            "a network and outcome",
            Filter::new()
                .client([203, 0, 113, 0].into(), 24)
                .outcome("aborted"),
        ),
    ];
    for (name, filter) in questions {
        let begun = Instant::now();
        let page = log.list(&filter, None, 100).await?;
        println!(
            "{:>9.1} ms of {TARGET_MS}: list {name} ({})",
            millis(begun),
            page.events.len()
        );
    }
    let begun = Instant::now();
    let found = log
        .stats(&Filter::new().since(since).endpoint("endpoint-7"))
        .await?;
    println!(
        "{:>9.1} ms of {TARGET_MS}: stats of an endpoint since a time ({})",
        millis(begun),
        found.len()
    );
    let (begun, cpu) = (Instant::now(), ProcessTime::now());
    let found = log.verify(None).await?;
    println!(
        "{:>9.1} ms, {:.1} of processor time: verify {} records, broken: {:?}",
        millis(begun),
        cpu.elapsed().as_secs_f64() * 1000.0,
        found.records,
        found.broken
    );
    Ok(())
}

fn millis(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1000.0
}

/// A record as the layer makes it.
async fn pattern() -> Result<AuditRecord, Box<dyn Error>> {
    let (sender, records) = mpsc::channel();
    let sink = move |record: AuditRecord| {
        let _receiver_lives = sender.send(record);
    };
    let handler = service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let request = Request::post("https://hooks.test/webhooks/github")
        .header("user-agent", "GitHub-Hookshot/044aadd")
        .body(())?;
    AuditLayer::new(sink)
        .layer(handler)
        .oneshot(request)
        .await?;
    Ok(records.recv()?)
}

fn record(pattern: &AuditRecord, clock: &Clock, n: u32) -> AuditRecord {
    let mut record = pattern.clone();
    record.id = RequestId::generate(clock);
    record.received_at = Timestamp::from_unix_millis(1_700_000_000_000 + i64::from(n) * 20);
    record.endpoint = Some(format!("endpoint-{}", n % 20).into());
    record.provider = Some("github".into());
    record.peer = Some(PeerAddr::new(([10, 0, 3, 7], 4711).into()));
    let [_, _, high, low] = n.wrapping_mul(2_654_435_761).to_be_bytes();
    record.client = Some(ClientAddr::new([203, 0, high, low].into(), Some(4711)));
    record.body_bytes = Some(812);
    record.secret_id = Some("2026-q4".into());
    record.is_verified = true;
    record.delivery_id = Some(SenderText::new(&record.id.to_string(), 128));
    record.event_type = Some(SenderText::new("push", 64));
    record.verify_time = Some(Duration::from_micros(41));
    record.total_time = Duration::from_micros(u64::from(100 + black_box(n) % 500));
    let refusal = match n % 50 {
        3 => Some(Reason::SignatureMismatch),
        7 => Some(Reason::RateLimited),
        11 => Some(Reason::ClientGone),
        _ => None,
    };
    if let Some(reason) = refusal {
        record.reason = reason;
        record.outcome = reason.outcome();
        record.status = reason.code().map(webhook_core::Code::status);
    }
    record
}
