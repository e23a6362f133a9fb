//! The vectors of providers' documentation and libraries: a handful of them in this crate, all of
//! them where the workspace's shared data is there.
#![allow(
    clippy::panic,
    reason = "a test fails by panicking, and its helpers with it"
)]

mod common;

use std::collections::BTreeMap;

use common::{Vector, preset, read_json, shared};
use serde_json::Value;
use webhook_signature::presets;

/// The vectors are either a list, or in a member of that name.
fn vectors(file: &Value) -> &[Value] {
    let list = file.as_array().or_else(|| file["vectors"].as_array());
    list.map_or_else(|| panic!("no vectors in {file}"), Vec::as_slice)
}

#[test]
fn published_signatures_verify() {
    let file: Value = serde_json::from_str(include_str!("data/published.json")).unwrap();
    let mut seen = BTreeMap::new();
    for vector in vectors(&file).iter().map(Vector) {
        let name = vector.text("preset").unwrap();
        vector.check(preset(Some(name)).unwrap());
        *seen.entry(name.to_owned()).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 8, "{seen:?}");
}

/// Whether a scheme has no preset as the list of names says, or is one of public keys, whose vectors
/// are in the tests of that feature. Without it, those are unknown.
fn is_known_to_be_skipped(names: &Value, scheme: &str) -> bool {
    let name = match names.get(scheme) {
        Some(name) => name.as_str(),
        None => Some(scheme),
    };
    let is_public = name.is_some_and(|name| presets::by_name(name).is_some());
    names.get(scheme).is_some_and(Value::is_null) || is_public || cfg!(not(feature = "public-key"))
}

#[test]
fn every_shared_vector_answers_as_it_must() {
    let Some(folder) = shared("data/vectors") else {
        return;
    };
    let names = read_json(&folder.join("presets.json"));
    let (mut seen, mut skipped) = (BTreeMap::new(), BTreeMap::new());
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let is_json = path
            .extension()
            .is_some_and(|extension| extension == "json");
        if !is_json || matches!(name, "presets" | "challenges") {
            continue;
        }
        for vector in vectors(&read_json(&path)).iter().map(Vector) {
            let (scheme, provider) = (vector.text("scheme").unwrap(), vector.text("provider"));
            let mapped = match names.get(scheme) {
                Some(name) => [preset(name.as_str()), None],
                None if scheme == "standard-webhooks" => [preset(Some(scheme)), preset(provider)],
                None => [preset(Some(scheme)).or_else(|| preset(provider)), None],
            };
            if mapped.iter().all(Option::is_none) {
                let known = is_known_to_be_skipped(&names, scheme);
                assert!(known, "{} is skipped without a reason", vector.id());
                *skipped.entry(scheme.to_owned()).or_insert(0) += 1;
                continue;
            }
            for mapped in mapped.into_iter().flatten() {
                vector.check(mapped);
                *seen.entry(mapped.name()).or_insert(0) += 1;
            }
            // Under Standard Webhooks there are vectors with Svix's names, and the other way round.
            if scheme == "standard-webhooks" {
                vector.check(preset(Some("svix")).unwrap());
            }
        }
    }
    println!("answered: {seen:?}\nskipped: {skipped:?}");
    for (name, at_least) in [
        ("github", 21),
        ("stripe", 56),
        ("slack", 32),
        ("shopify", 12),
        ("standard-webhooks", 85),
    ] {
        assert!(
            seen.get(name).is_some_and(|count| *count >= at_least),
            "{name}: {seen:?}"
        );
    }
}
