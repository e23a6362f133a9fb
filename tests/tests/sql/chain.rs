//! The chain: what breaks it is named, and what is meant to be done to the log does not break it.

use std::net::IpAddr;

use webhook_sql::{Break, BreakKind, Filter, SqlErrorKind, SqlSink, Verification};
use webhook_tests::audit::Series;

use crate::{block_on, databases, fill, log, store};

fn verified(url: &str) -> Verification {
    block_on(log(url).verify(None)).unwrap()
}

fn broken(url: &str) -> Option<Break> {
    verified(url).broken
}

#[track_caller]
fn assert_broken(url: &str, number: i64, kind: BreakKind) {
    let broken = broken(url).unwrap_or_else(|| panic!("{url} verifies"));
    assert_eq!((broken.number, broken.kind), (number, kind), "{url}");
}

fn filled(name: &str, records: u32) -> webhook_tests::audit::Stores {
    let stores = databases().stores(name);
    for url in &stores.urls {
        fill(&SqlSink::open(url).unwrap(), &mut Series::new(), records);
        assert_eq!(broken(url), None);
    }
    stores
}

#[test]
fn one_changed_cell_names_the_record() {
    let stores = filled("tampered", 3000);
    let changes = [
        ("status_code = 401", "status_code = 200"),
        ("reason = 'okay'", "reason = 'ok'"),
        (
            "client_address = '203.0.113.1'",
            "client_address = '203.0.113.36'",
        ),
        (
            "received_at = received_at + 1",
            "received_at = received_at - 1",
        ),
        ("endpoint = NULL", "endpoint = 'acme'"),
        ("records = 0", "records = NULL"),
        ("details = details || ' '", "details = RTRIM(details)"),
        (
            "personal_details = personal_details || ' '",
            "personal_details = RTRIM(personal_details)",
        ),
    ];
    for url in &stores.urls {
        for (change, back) in changes {
            store::run(
                url,
                &format!("UPDATE webhook_event_log SET {change} WHERE id = 2137"),
            );
            assert_broken(url, 2137, BreakKind::Altered);
            store::run(
                url,
                &format!("UPDATE webhook_event_log SET {back} WHERE id = 2137"),
            );
            assert_eq!(broken(url), None, "{url} {back}");
        }
        for hash in ["hash", "salt"] {
            let sql = if url.starts_with("sqlite") {
                format!("UPDATE webhook_event_log SET {hash} = zeroblob(16) WHERE id = 17")
            } else {
                format!("UPDATE webhook_event_log SET {hash} = '\\x00' WHERE id = 17")
            };
            store::run(url, &sql);
            assert_broken(url, 17, BreakKind::Altered);
        }
    }
}

#[test]
fn a_deleted_record_is_missed() {
    let stores = filled("deleted", 300);
    for url in &stores.urls {
        let before = block_on(log(url).checkpoint()).unwrap();
        store::run(url, "DELETE FROM webhook_event_log WHERE id = 300");
        assert_broken(url, 300, BreakKind::Missing);
        // Also where the head is moved back; what was noted elsewhere tells of it.
        store::run(
            url,
            "UPDATE webhook_event_head SET last_id = 299, \
             hash = (SELECT hash FROM webhook_event_log WHERE id = 299)",
        );
        assert_eq!(broken(url), None);
        let found = block_on(log(url).verify(Some(before))).unwrap();
        assert_eq!(found.broken.unwrap().number, 300);
        store::run(url, "DELETE FROM webhook_event_log WHERE id = 7");
        assert_broken(url, 7, BreakKind::Missing);
    }
}

#[test]
fn a_cut_that_no_purge_vouches_for_is_no_cut() {
    let stores = filled("forged_cut", 300);
    for url in &stores.urls {
        store::run(
            url,
            "INSERT INTO webhook_event_cut SELECT id, id, hash, 299 FROM webhook_event_log WHERE id = 42;
             DELETE FROM webhook_event_log WHERE id = 42",
        );
        assert_broken(url, 42, BreakKind::Missing);
    }
}

#[test]
fn a_purge_says_how_many_and_the_chain_holds() {
    let stores = filled("purged", 3000);
    for url in &stores.urls {
        let log = log(url);
        let client: IpAddr = [203, 0, 113, 7].into();
        let filter = Filter::new().client(client, 32);
        let before = block_on(log.checkpoint()).unwrap();
        assert_eq!(block_on(log.purge(&filter)).unwrap(), 30, "{url}");
        assert!(
            block_on(log.list(&filter, None, 10))
                .unwrap()
                .events
                .is_empty()
        );
        assert_eq!(block_on(log.purge(&filter)).unwrap(), 0);
        let found = block_on(log.verify(Some(before))).unwrap();
        assert_eq!(
            (found.broken, found.purged, found.records),
            (None, 30, 2971),
            "{url}"
        );
        let total: u64 = block_on(log.stats(&Filter::new()))
            .unwrap()
            .iter()
            .map(|stats| stats.total)
            .sum();
        assert_eq!(total, 2970);

        let filter = Filter::new().endpoint("globex");
        let purged = block_on(log.purge(&filter)).unwrap();
        assert_eq!(purged, 750);
        assert_eq!(broken(url), None, "{url}");
        let time = webhook_core::Timestamp::from_unix_seconds(1_700_001_000);
        let purged = block_on(log.purge(&Filter::new().until(time))).unwrap();
        assert!((700..=750).contains(&purged), "{purged}");
        let found = verified(url);
        assert_eq!(found.broken, None, "{url}");

        // New records go on where the chain was.
        fill(&SqlSink::open(url).unwrap(), &mut Series::new(), 50);
        assert_eq!(broken(url), None, "{url}");

        let error = block_on(log.purge(&Filter::new())).unwrap_err();
        assert_eq!(error.kind(), SqlErrorKind::Configuration);
    }
}

#[test]
fn erasing_what_is_personal_does_not_break_the_chain() {
    let stores = filled("erased", 1000);
    for url in &stores.urls {
        let log = log(url);
        let filter = Filter::new().client([203, 0, 113, 7].into(), 32);
        assert_eq!(block_on(log.erase(&filter)).unwrap(), 10, "{url}");
        assert!(
            block_on(log.list(&filter, None, 10))
                .unwrap()
                .events
                .is_empty()
        );
        let found = verified(url);
        assert_eq!(
            (found.broken, found.erased, found.records),
            (None, 10, 1001),
            "{url}"
        );
        let sql = "SELECT COUNT(*) FROM webhook_event_log WHERE client_address IS NULL \
                   AND personal_details IS NULL AND salt IS NULL AND outcome IS NOT NULL";
        assert_eq!(store::numbers(url, sql), [10]);
        // Nobody fills the gap in unnoticed.
        store::run(
            url,
            "UPDATE webhook_event_log SET client_address = '192.0.2.1' WHERE id = 8",
        );
        assert_broken(url, 8, BreakKind::Altered);
    }
}
