//! Every published vector whose provider is a preset, through `webhook verify`.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use base64ct::{Base64, Encoding as _};
use common::{Folder, providers, read_json, shared, webhook};
use serde_json::Value;

/// What a scheme may need and this command line has no option for.
const OTHER_INPUT: &str = "response_body";

/// What an option tells, by the vector's name for it.
const KNOWN: [(&str, &str); 2] = [("api_key", "--issuer"), ("webhook_id", "--webhook-id")];

fn body(vector: &Value) -> Vec<u8> {
    if let Some(text) = vector["body"].as_str() {
        return text.into();
    }
    if let Some(text) = vector["body_base64"].as_str() {
        return Base64::decode_vec(text).unwrap();
    }
    let rule = &vector["body_rule"];
    let text = |field: &str| rule[field].as_str().unwrap_or_default();
    let count = usize::try_from(rule["count"].as_u64().unwrap()).unwrap();
    [
        text("prefix"),
        &text("repeat").repeat(count),
        text("suffix"),
    ]
    .concat()
    .into()
}

fn headers(vector: &Value) -> String {
    let mut lines = String::new();
    for (name, values) in vector["headers"].as_object().unwrap() {
        let values = values
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![values.clone()]);
        for value in values {
            lines += &[name, ": ", value.as_str().unwrap(), "\n"].concat();
        }
    }
    lines
}

/// How the time of a vector is judged.
fn time(vector: &Value, provider: &str) -> Vec<String> {
    let Some(at) = vector["timestamp"].as_i64() else {
        return vec!["--ignore-time".to_owned()];
    };
    let judged = match vector.get("tolerance_seconds") {
        None => None,
        Some(Value::Null) => Some("--ignore-time".to_owned()),
        // An age of exactly 30 s is too old already, which is the preset's own rule.
        Some(_) if provider == "contentful" => None,
        Some(seconds) => Some(format!("--tolerance={seconds}")),
    };
    judged.into_iter().chain([format!("--at={at}")]).collect()
}

/// What is wrong with the answer, if anything is.
fn check(vector: &Value, provider: &str, folder: &Folder) -> Option<String> {
    let text = |field: &str| vector[field].as_str().unwrap();
    // Where a token says `none`, the vector has no secret: any will do.
    let secret = match text("secret") {
        "" => "another secret, of a good length",
        secret => secret,
    };
    let secret = folder.file("secret", format!("{secret}\n"));
    let secret = match vector["key_id"].as_str() {
        Some(id) => format!("{id}={secret}"),
        None => secret,
    };
    let files = [
        ("--secret-file", secret),
        ("--headers", folder.file("headers", headers(vector))),
        ("--body", folder.file("body", body(vector))),
        ("--url", text("url").to_owned()),
        ("--method", text("method").to_owned()),
        ("--provider", provider.to_owned()),
    ];
    let mut arguments = vec!["verify".to_owned(), "--format=json".to_owned()];
    arguments.push("--insecure-short-secret".to_owned());
    arguments.extend(
        files
            .into_iter()
            .flat_map(|(option, value)| [option.to_owned(), value]),
    );
    for (field, option) in KNOWN {
        if let Some(value) = vector[field].as_str() {
            arguments.push(format!("{option}={value}"));
        }
    }
    arguments.extend(time(vector, provider));
    let run = webhook(arguments);
    let valid = match vector["recomputed"]
        .as_str()
        .or(vector["expected"].as_str())
    {
        Some("valid") => true,
        Some("invalid") => false,
        other => panic!("{other:?}"),
    };
    if run.code != i32::from(!valid) {
        return Some(format!("{}: {run:?}", text("id")));
    }
    let answer = run.json();
    assert_eq!(
        (&answer["valid"], &answer["provider"]),
        (&valid.into(), &provider.into())
    );
    assert_eq!(answer.get("reason").is_some(), !valid);
    None
}

#[test]
fn every_vector_answers_as_it_must() {
    let Some(data) = shared("vectors") else {
        return;
    };
    let names = read_json(&data.join("presets.json"));
    let known: BTreeSet<String> = providers()
        .iter()
        .map(|provider| provider["name"].as_str().unwrap().to_owned())
        .collect();
    let (mut seen, mut wrong, folder) = (BTreeMap::new(), Vec::new(), Folder::new());
    for entry in std::fs::read_dir(data).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        if path.extension().is_none_or(|end| end != "json")
            || matches!(stem, "presets" | "challenges")
        {
            continue;
        }
        let file = read_json(&path);
        let vectors = file
            .as_array()
            .or_else(|| file["vectors"].as_array())
            .unwrap();
        for vector in vectors {
            let (scheme, provider) = (&vector["scheme"], &vector["provider"]);
            let mapped = match names.get(scheme.as_str().unwrap()) {
                Some(name) => name.as_str(),
                None => [scheme, provider]
                    .into_iter()
                    .filter_map(Value::as_str)
                    .find(|name| known.contains(*name)),
            };
            let needs_more = vector.get(OTHER_INPUT).is_some();
            let Some(name) = mapped.filter(|name| known.contains(*name) && !needs_more) else {
                // Nothing is left out but what the list of names has no preset for.
                assert!(mapped.is_none() || needs_more, "{vector}");
                let scheme = scheme.as_str().unwrap();
                assert!(needs_more || names[scheme].is_null(), "{vector}");
                assert!(needs_more || names.get(scheme).is_some(), "{vector}");
                continue;
            };
            wrong.extend(check(vector, name, &folder));
            *seen.entry(name.to_owned()).or_insert(0) += 1;
        }
    }
    println!("{seen:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(
        seen["stripe"] >= 56 && seen["github"] >= 21 && seen["slack"] >= 32,
        "{seen:?}"
    );
    assert!(
        seen["discord"] >= 15 && seen["sendgrid"] >= 19 && seen["livekit"] >= 11,
        "{seen:?}"
    );
}
