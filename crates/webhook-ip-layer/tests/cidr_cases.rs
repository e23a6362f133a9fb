//! The cases of `cidr_cases.json`: entries that parse or do not, and who is let in.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod common;

use common::texts;
use serde_json::Value;
use webhook_ip_layer::{AccessList, Network};

fn check(case: &Value) {
    match case["kind"].as_str() {
        Some("parse") => check_parse(case),
        Some("match") => check_match(case),
        kind => panic!("{}: unknown kind {kind:?}", case["id"]),
    }
}

fn check_parse(case: &Value) {
    let parsed = case["input"].as_str().expect("a text").parse::<Network>();
    let (network, error) = match &parsed {
        Ok(network) => (Some(network.to_string()), None),
        Err(error) => (None, Some(error.kind().as_str())),
    };
    assert_eq!(
        network.as_deref(),
        case["expect"]["network"].as_str(),
        "{}",
        case["id"]
    );
    assert_eq!(error, case["expect"]["error"].as_str(), "{}", case["id"]);
}

fn check_match(case: &Value) {
    let mut list = AccessList::open();
    if !case["allow"].is_null() {
        list = list
            .with_allow(texts(&case["allow"]))
            .expect("an allow list");
    }
    if !case["deny"].is_null() {
        list = list.with_deny(texts(&case["deny"])).expect("a deny list");
    }
    let address = case["addr"]
        .as_str()
        .map(|text| text.parse().expect("an address"));
    let permit = case["expect"]["permit"].as_bool().expect("a verdict");
    assert_eq!(list.permits(address), permit, "{}", case["id"]);
}

#[test]
fn promise_34_rules_parse_strictly() {
    let cases = common::own("cidr_cases.json");
    assert!(cases.len() >= 20);
    cases.iter().for_each(check);
}

#[test]
fn promise_34_all_shared_cases() {
    common::shared("cidr_cases.json").iter().for_each(check);
}
