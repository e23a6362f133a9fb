//! The wire-level cases of the class `idempotency`. Those that the shared data has are read from it,
//! and skipped where it is not there; each is also told in this file's sibling tests.

use std::path::Path;

use http::HeaderMap;
use serde_json::Value;
use webhook_layers::{Secret, SignRequest, Timestamp, Verifier, presets};
use webhook_tests::{cargo::root, hosts::START};

use crate::{bare::Stack, receiver::FAIL};

#[test]
fn every_case_ends_as_it_should() {
    let path = root().join("../shared/data/http_attacks.json");
    let Some(cases) = read(&path) else {
        println!("skipped: the shared data is not there");
        return;
    };
    let mut seen = 0;
    for case in cases["cases"].as_array().unwrap() {
        if case["class"] == "idempotency" {
            replay(case);
            seen += 1;
        }
    }
    assert!(seen >= 7, "{seen} cases");
}

fn read(path: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

fn replay(case: &Value) {
    let (stack, expect) = (Stack::new(&presets::STANDARD_WEBHOOKS), &case["expect"]);
    let body: &'static str = case["body"]["text"].as_str().unwrap().to_owned().leak();
    let steps = case["steps"].as_array().unwrap();
    let statuses: Vec<_> = steps
        .iter()
        .map(|step| {
            let headers = headers(&stack, step["send"].as_str().unwrap(), body);
            stack.send(headers, body).status().as_u16()
        })
        .collect();
    let due: Vec<_> = expect["statuses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|status| status.as_u64().unwrap())
        .collect();
    let statuses: Vec<_> = statuses.into_iter().map(u64::from).collect();
    assert_eq!(statuses, due, "{case}");
    let runs = u64::try_from(stack.handler.runs()).unwrap();
    assert_eq!(Some(runs), expect["handler_calls"].as_u64(), "{case}");
    let due: Vec<_> = expect["audit"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            let text = |name: &str| record[name].as_str().unwrap();
            (text("outcome"), text("reason"))
        })
        .collect();
    assert_eq!(stack.ledger.conclusions(), due, "{case}");
}

/// The headers of one step: id, seconds off the clock, and secret are taken from its text, and the
/// signature is made anew.
fn headers(stack: &Stack, text: &str, body: &'static str) -> HeaderMap {
    let line = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map(|line| line.trim_start_matches(':').trim())
    };
    let id = line("webhook-id").unwrap().replace("{{UID}}", "4f1c");
    let offset = line("webhook-timestamp").unwrap();
    let offset = offset
        .strip_prefix("{{T")
        .and_then(|text| text.strip_suffix("}}"));
    let offset: i64 = offset.unwrap().parse().unwrap();
    let at = Timestamp::from_unix_seconds(START.unix_seconds() + offset);
    let signature = line("webhook-signature").unwrap();
    let mut headers = if signature.contains(":K1:") {
        stack.sign(body, &id, at)
    } else {
        let other = Secret::new("whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhlc2UgdGVz").unwrap();
        let other = Verifier::new(presets::STANDARD_WEBHOOKS.scheme(), other).unwrap();
        let sign = SignRequest::new(body.as_bytes(), at).with_id(&id);
        other.sign(&sign).unwrap().into_iter().collect()
    };
    if line("X-Test-Fail").is_some() {
        headers.insert(FAIL, "1".parse().unwrap());
    }
    headers
}
