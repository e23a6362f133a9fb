//! List, stats, tail and export say the same on SQLite, PostgreSQL and a file of JSON lines.

use std::{net::IpAddr, time::Duration};

use webhook_audit_layer::{JsonLinesSink, Sink as _};
use webhook_core::Timestamp;
use webhook_sql::{AuditLog, EndpointStats, ExportFormat, Filter, SqlSink};
use webhook_tests::audit::{Series, Stores};

use crate::{PATIENCE, block_on, databases, log};

/// The same records in every store, a file of lines among them.
fn filled(name: &str, records: u32) -> Stores {
    let mut stores = databases().stores(name);
    let lines = stores.folder.path().join("audit.jsonl");
    let file = JsonLinesSink::append(&lines).unwrap();
    let sinks: Vec<_> = stores
        .urls
        .iter()
        .map(|url| SqlSink::open(url).unwrap())
        .collect();
    let mut series = Series::new();
    for _ in 0..records {
        let record = series.one();
        file.record(record.clone());
        for sink in &sinks {
            sink.record(record.clone());
        }
    }
    file.handle().flush(PATIENCE).unwrap();
    for sink in &sinks {
        sink.handle().flush(PATIENCE).unwrap();
        assert_eq!(sink.handle().dropped(), 0);
    }
    stores.urls.push(format!("jsonl:{}", lines.display()));
    stores
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000 + seconds)
}

fn filters() -> Vec<Filter> {
    let client: IpAddr = [203, 0, 113, 7].into();
    vec![
        Filter::new(),
        Filter::new().since(at(500)).until(at(4500)),
        Filter::new().since(at(10_000)),
        Filter::new().endpoint("acme"),
        Filter::new().endpoint("nobody"),
        Filter::new().outcome("accepted"),
        Filter::new().outcome("denied"),
        Filter::new().outcome("aborted").since(at(100)),
        Filter::new().reason("ok"),
        Filter::new().reason("rate_limited").endpoint("umbrella"),
        Filter::new().outcome("accepted").endpoint("acme"),
        Filter::new().client(client, 8).since(at(100)),
        Filter::new().client(client, 16).outcome("denied"),
        Filter::new().client(client, 32),
        Filter::new()
            .client(client, 24)
            .reason("signature_mismatch"),
        Filter::new().client([0, 0, 0, 0].into(), 0).until(at(50)),
        Filter::new().client("2001:db8::".parse().unwrap(), 32),
    ]
}

/// The ids of all pages.
fn listed(log: &AuditLog, filter: &Filter) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = block_on(log.list(filter, after, 700)).unwrap();
        ids.extend(
            page.events
                .iter()
                .map(|event| event.id().unwrap().to_owned()),
        );
        match page.next {
            Some(next) => after = Some(next),
            None => return ids,
        }
    }
}

#[test]
fn every_store_gives_the_same_answers() {
    let stores = filled("same_answers", 5000);
    let logs: Vec<_> = stores.urls.iter().map(|url| log(url)).collect();
    let (file, databases) = logs.split_last().unwrap();
    let mut found = 0;
    for filter in filters() {
        let (ids, stats) = (
            listed(file, &filter),
            block_on(file.stats(&filter)).unwrap(),
        );
        found += ids.len();
        let total: u64 = stats.iter().map(|stats| stats.total).sum();
        assert_eq!(total, ids.len() as u64, "{filter:?}");
        for log in databases {
            assert_eq!(listed(log, &filter), ids, "{filter:?} {log:?}");
            assert_eq!(
                block_on(log.stats(&filter)).unwrap(),
                stats,
                "{filter:?} {log:?}"
            );
        }
    }
    assert!(found > 15_000, "{found}");
}

#[test]
fn stats_count_what_the_series_holds() {
    let stores = filled("stats", 2000);
    for url in &stores.urls {
        let stats = block_on(log(url).stats(&Filter::new())).unwrap();
        let names: Vec<_> = stats
            .iter()
            .map(|stats| stats.endpoint.as_deref().unwrap())
            .collect();
        assert_eq!(names, ["acme", "globex", "initech", "umbrella"], "{url}");
        let sum = |count: fn(&EndpointStats) -> u64| stats.iter().map(count).sum::<u64>();
        assert_eq!(sum(|stats| stats.total), 2000);
        assert_eq!(sum(|stats| stats.duplicates), 100);
        assert_eq!(sum(|stats| stats.cancelled), 100);
        assert_eq!(sum(|stats| stats.accepted), 1600);
        assert_eq!(sum(|stats| stats.refused.values().sum()), 200);
        assert_eq!(stats[3].refused["rate_limited"], 100);
        // From 100 to 590 µs, evenly.
        let acme = &stats[0];
        assert!(
            (340..=350).contains(&acme.average_time.as_micros()),
            "{acme:?}"
        );
        let p99 = acme.p99_time;
        assert!(
            p99 >= Duration::from_micros(580) && p99 <= Duration::from_micros(660),
            "{acme:?}"
        );
        assert_eq!(acme.last, Some(at(1996)));
    }
}

#[test]
fn the_view_says_it_in_sql() {
    let stores = filled("detailed", 400);
    let sql = "SELECT total_requests, successful_requests, failed_requests, rate_limited_requests, \
               hmac_failures, duplicates FROM webhook_stats_detailed WHERE endpoint = 'umbrella'";
    for url in &stores.urls[..stores.urls.len() - 1] {
        let row = crate::store::numbers(url, sql);
        assert_eq!(row, [100, 60, 40, 20, 20, 20], "{url}");
    }
}

#[test]
fn an_export_can_be_read_again() {
    let stores = filled("exported", 1500);
    let (file, databases) = stores.urls.split_last().unwrap();
    let expected = listed(&log(file), &Filter::new());
    for url in databases {
        let mut out = Vec::new();
        let export = async |format, out: &mut Vec<u8>| {
            let log = AuditLog::open(&url.parse().unwrap()).await.unwrap();
            log.export(&Filter::new(), format, out).await.unwrap()
        };
        assert_eq!(block_on(export(ExportFormat::JsonLines, &mut out)), 1500);
        let copy = stores.folder.path().join("copy.jsonl");
        std::fs::write(&copy, &out).unwrap();
        let copy = log(&format!("jsonl:{}", copy.display()));
        assert_eq!(listed(&copy, &Filter::new()), expected, "{url}");

        let mut out = Vec::new();
        assert_eq!(block_on(export(ExportFormat::Csv, &mut out)), 1500);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 1501);
        assert!(
            text.starts_with("number,received_at,event,"),
            "{}",
            &text[..60]
        );
    }
}

#[test]
fn a_tail_sees_each_record_once() {
    let mut stores = databases().stores("tailed");
    let lines = stores.folder.path().join("audit.jsonl");
    let file = JsonLinesSink::append(&lines).unwrap();
    let sinks: Vec<_> = stores
        .urls
        .iter()
        .map(|url| SqlSink::open(url).unwrap())
        .collect();
    stores.urls.push(format!("jsonl:{}", lines.display()));
    for (place, url) in stores.urls.iter().enumerate() {
        let mut series = Series::new();
        let mut keep = |count: u32| {
            for _ in 0..count {
                match sinks.get(place) {
                    Some(sink) => sink.record(series.one()),
                    None => file.record(series.one()),
                }
            }
            match sinks.get(place) {
                Some(sink) => sink.handle().flush(PATIENCE).unwrap(),
                None => file.handle().flush(PATIENCE).unwrap(),
            }
        };
        keep(50);
        block_on(async {
            let log = AuditLog::open(&url.parse().unwrap()).await.unwrap();
            let filter = Filter::new().endpoint("acme");
            let mut tail = log.tail(&filter).await.unwrap();
            let mut seen = Vec::new();
            for _ in 0..3 {
                keep(40);
                let events = tail.next().await.unwrap();
                seen.extend(events.iter().map(|event| event.id().unwrap().to_owned()));
            }
            let unique: std::collections::BTreeSet<_> = seen.iter().collect();
            assert_eq!((seen.len(), unique.len()), (30, 30), "{url}");
        });
    }
}
