//! `webhook ip`: the cases of `xff_cases.json` and `cidr_cases.json`, and the contract around them.
#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod common;

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStringExt as _,
};

use common::{Folder, Run, read_json, shared, webhook};
use serde_json::{Value, json};

/// The cases of a file beside the workspace.
fn cases(name: &str) -> Vec<Value> {
    let file = shared(name).map(|path| read_json(&path));
    file.map_or_else(Vec::new, |file| file["cases"].as_array().unwrap().clone())
}

fn option(name: &str, value: &Value) -> OsString {
    format!("{name}={}", value.as_str().unwrap()).into()
}

fn header(line: &Value) -> OsString {
    let mut bytes = format!("{}: ", line[0].as_str().unwrap()).into_bytes();
    match line[1].as_str() {
        Some(text) => bytes.extend(text.as_bytes()),
        None => bytes.extend(const_hex::decode(line[1]["hex"].as_str().unwrap()).unwrap()),
    }
    OsString::from_vec(bytes)
}

fn explain(case: &Value) -> Run {
    let mut arguments: Vec<OsString> = ["ip", "explain", "--format=json"].map(Into::into).into();
    if !case["peer"].is_null() {
        arguments.push(option("--peer", &case["peer"]));
    }
    let (source, trust) = (&case["config"]["source"], &case["config"]["trust"]);
    if source != "none" {
        arguments.push(option("--source", source));
    }
    for network in trust["cidrs"].as_array().into_iter().flatten() {
        arguments.push(option("--trust", network));
    }
    if let Some(hops) = trust["hops"].as_u64() {
        arguments.push(format!("--hops={hops}").into());
    }
    for line in case["headers"].as_array().unwrap() {
        arguments.extend(["-H".into(), header(line)]);
    }
    webhook(arguments)
}

#[test]
fn every_case_of_a_client_is_answered() {
    let (mut clients, mut errors) = (0, 0);
    let mut all = cases("xff_cases.json");
    // Only what no header says is left out.
    all.retain(|case| case["config"]["source"] != "proxy-protocol");
    for case in &all {
        let run = explain(case);
        let answer = run.json();
        let named = |name: &str| answer.get(name).cloned().unwrap_or_default();
        let expected = |name: &str| case["expect"].get(name).cloned().unwrap_or_default();
        assert_eq!(named("client"), expected("client"), "{case} {run:?}");
        assert_eq!(named("error"), expected("error"), "{case} {run:?}");
        assert!(!answer["why"].as_array().unwrap().is_empty());
        let failed = named("client").is_null();
        assert_eq!(run.code, i32::from(failed), "{case}");
        *(if failed { &mut errors } else { &mut clients }) += 1;
    }
    assert_eq!(clients + errors, all.len());
    assert!(
        all.is_empty() || (clients, errors) >= (73, 42),
        "{clients} {errors}"
    );
}

#[test]
fn every_case_of_a_list_is_answered() {
    let mut seen = 0;
    for case in cases("cidr_cases.json") {
        if case["kind"] == "parse" {
            check_parse(&case);
        } else {
            check_match(&case);
        }
        seen += 1;
    }
    assert!(seen == 0 || seen >= 75, "{seen}");
}

fn check_parse(case: &Value) {
    let expected = &case["expect"];
    let network = expected["network"].as_str();
    let address = network.and_then(|network| network.split('/').next());
    let entry = option("--allow", &case["input"]);
    let arguments = ["ip".into(), "match".into(), "--format=json".into(), entry];
    let run = webhook(
        arguments
            .into_iter()
            .chain([address.unwrap_or("192.0.2.1").into()]),
    );
    let answer = run.json();
    if network.is_some() {
        assert_eq!(
            (run.code, &answer["rule"]),
            (0, &expected["network"]),
            "{case}"
        );
    } else {
        assert_eq!(
            (run.code, &answer["error"]),
            (2, &expected["error"]),
            "{case}"
        );
        assert_eq!(answer["entry"], case["input"]);
        assert!(answer["nearest"].is_array());
    }
}

fn check_match(case: &Value) {
    let mut arguments: Vec<OsString> = ["ip", "match", "--format=json"].map(Into::into).into();
    for (name, list) in [("--allow", &case["allow"]), ("--deny", &case["deny"])] {
        let list = list.as_array().into_iter().flatten();
        arguments.extend(list.map(|entry| option(name, entry)));
    }
    if case["allow"].as_array().is_some_and(Vec::is_empty) {
        arguments.push("--allow-none".into());
    }
    // A client whose address is unknown, as behind a Unix socket.
    arguments.push(case["addr"].as_str().unwrap_or("unix:").into());
    let run = webhook(arguments);
    let permit = case["expect"]["permit"].as_bool().unwrap();
    assert_eq!(run.json()["allowed"], permit, "{case}");
    assert_eq!(run.code, i32::from(!permit), "{case}");
}

fn ip<S: AsRef<OsStr>>(command: &str, arguments: &[S]) -> Run {
    let arguments = arguments.iter().map(AsRef::as_ref);
    let start = ["ip", command, "--format", "json"].map(OsStr::new);
    webhook(start.into_iter().chain(arguments))
}

#[test]
fn peers_have_the_forms_that_sockets_have() {
    for (peer, client) in [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:0", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:80", "2001:db8::1"),
    ] {
        let answer = ip("explain", &["--peer", peer]).exits(0).json();
        assert_eq!(answer["client"], client, "{peer}");
    }
    for peer in ["", "localhost", "192.0.2.1:", "192.0.2.01", "[2001:db8::1"] {
        assert!(ip("explain", &["--peer", peer]).exits(2).stdout.is_empty());
    }
    for peer in [&["--peer", "unix:"][..], &[]] {
        assert_eq!(ip("explain", peer).exits(1).json()["error"], "no_peer");
    }
}

#[test]
fn trust_is_either_networks_or_hops() {
    let forwarded = [
        "--peer",
        "10.0.0.1",
        "--source",
        "x-forwarded-for",
        "-H",
        "X-Forwarded-For: 192.0.2.1",
    ];
    let with = |more: &[&str]| ip("explain", &[&forwarded[..], more].concat());
    assert_eq!(with(&["--hops", "0"]).exits(0).json()["client"], "10.0.0.1");
    assert_eq!(
        with(&["--hops", "1"]).exits(0).json()["client"],
        "192.0.2.1"
    );
    assert_eq!(
        with(&["--hops", "2"]).exits(1).json()["error"],
        "not_enough_hops"
    );
    assert!(with(&["--hops", "33"]).exits(2).stderr.contains("33"));
    with(&["--hops", "1", "--trust", "10.0.0.0/8"]).exits(2);
    let wrong = with(&["--trust", "10.0.0.1/8", "--trust", "x"])
        .exits(2)
        .lines();
    assert_eq!(wrong[0]["error"], "host_bits_set");
    assert_eq!(wrong[1]["error"], "invalid_address");
    with(&["--source", "x-forwarded"]).exits(2);
}

#[test]
fn matches_are_told_one_a_line() {
    let folder = Folder::new();
    let list = folder.file("list", "# proxies\n10.0.0.0/8 # all\r\n\n2001:db8::/32\n");
    let run = ip(
        "match",
        &[
            "--list",
            &list,
            "--deny",
            "10.9.0.0/16",
            "10.1.2.3",
            "10.9.1.1",
            "2001:DB8::1",
            "192.0.2.1",
        ],
    );
    assert_eq!(run.code, 1);
    assert_eq!(
        run.lines(),
        [
            json!({"address": "10.1.2.3", "allowed": true, "rule": "10.0.0.0/8"}),
            json!({"address": "10.9.1.1", "allowed": false, "rule": "10.9.0.0/16"}),
            json!({"address": "2001:DB8::1", "allowed": true, "rule": "2001:db8::/32"}),
            json!({"address": "192.0.2.1", "allowed": false, "rule": null}),
        ]
    );
    // A file without an entry is an allow list, too.
    let empty = folder.file("empty", "# nobody\n");
    ip("match", &["--list", &empty, "10.1.2.3"]).exits(1);
    ip("match", &["--allow-none", "10.1.2.3"]).exits(1);
    ip("match", &["--allow", "10.0.0.0/8", "10.1.2.3"]).exits(0);
    assert!(
        ip("match", &["10.1.2.3"])
            .exits(0)
            .stderr
            .contains("no list")
    );
}

#[test]
fn what_cannot_be_parsed_is_told_all_together() {
    let run = ip(
        "match",
        &["--allow", "10.0.0.1/8", "--deny", "10.0.0.0/33", "10.1.2.3"],
    )
    .exits(2);
    assert_eq!(
        run.lines(),
        [
            json!({"error": "host_bits_set", "entry": "10.0.0.1/8", "nearest": ["10.0.0.1/32", "10.0.0.0/8"]}),
            json!({"error": "invalid_prefix", "entry": "10.0.0.0/33", "nearest": ["10.0.0.0/32"]}),
        ]
    );
    let run = ip("match", &["--allow", "10.0.0.0/8", "10.0.0.0/8"]).exits(2);
    assert_eq!(run.json()["error"], "invalid_address");
    assert!(
        ip("match", &["--list", "/nowhere", "10.1.2.3"])
            .exits(3)
            .stdout
            .is_empty()
    );

    let text = webhook(["ip", "match", "--allow", "10.0.0.1/8", "10.1.2.3"]).exits(2);
    assert!(
        text.stdout.is_empty() && text.stderr.contains("the network is 10.0.0.0/8"),
        "{text:?}"
    );
}
