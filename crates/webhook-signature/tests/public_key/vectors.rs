//! The shared vectors of the schemes that need the feature.

use std::collections::BTreeMap;

use serde_json::Value;
use webhook_core::{Secret, Timestamp};
use webhook_signature::{Part, Preset, Scheme, SecretEncoding, Tolerance, Verifier, presets};

use crate::common::{parts, read_json, shared};

#[test]
fn every_shared_vector_answers_as_it_must() {
    let Some(folder) = shared("data/vectors") else {
        return;
    };
    let names = read_json(&folder.join("presets.json"));
    let mut seen = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file = read_json(&path);
        let Some(vectors) = file.as_array().or_else(|| file["vectors"].as_array()) else {
            continue;
        };
        for vector in vectors.iter().filter(|vector| vector["scheme"].is_string()) {
            let scheme = vector["scheme"].as_str().unwrap();
            let preset = match names.get(scheme) {
                Some(name) => name.as_str().and_then(presets::by_name),
                None => presets::by_name(scheme),
            };
            let ours = |preset: &&Preset| {
                preset.scheme().is_token() || preset.scheme().primitive().is_public_key()
            };
            if let Some(preset) = preset.filter(ours) {
                check(vector, preset);
                *seen.entry(preset.name()).or_insert(0) += 1;
            }
        }
    }
    println!("{seen:?}");
    for (name, at_least) in [
        ("aws-sns", 12),
        ("discord", 15),
        ("livekit", 11),
        ("messagebird", 28),
        ("sendgrid", 19),
        ("truelayer", 1),
    ] {
        let count = seen.get(name).copied().unwrap_or_default();
        assert!(count >= at_least, "{name}: {seen:?}");
    }
}

fn check(vector: &Value, preset: &Preset) {
    let id = vector["id"].as_str().unwrap();
    let expected = vector.get("recomputed").unwrap_or(&vector["expected"]);
    let (scheme, now) = timed(vector, preset.scheme());
    let scheme = told(vector, scheme);
    let encoding = match vector["secret_encoding"].as_str().unwrap() {
        "utf8" => SecretEncoding::Raw,
        _ => SecretEncoding::PublicKey,
    };
    assert_eq!(scheme.secret_encoding(), encoding, "{id}");
    // Where a token says `none`, the vector has no secret: any will do.
    let secret = match vector["secret"].as_str().unwrap() {
        "" => "another secret, of a good length",
        secret => secret,
    };
    let verifier = Verifier::new(scheme, Secret::insecure_short(secret).unwrap()).unwrap();

    let headers = vector["headers"].as_object().unwrap();
    let headers = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap().as_bytes()));
    let mut head = parts(headers);
    let url: http::Uri = vector["url"].as_str().unwrap().parse().unwrap();
    head.uri = url.path_and_query().unwrap().as_str().parse().unwrap();
    head.method = vector["method"].as_str().unwrap().parse().unwrap();
    let body = body(vector);
    let now = Timestamp::from_unix_seconds(now);

    let whole = verifier.verify(&head, &body, now);
    assert_eq!(whole.is_ok(), expected == "valid", "{id}: {whole:?}");
    let in_pieces = verifier.begin(&head, now).and_then(|mut pending| {
        body.chunks(7).for_each(|piece| pending.update(piece));
        pending.finish(body.chunks(11))
    });
    assert_eq!(in_pieces, whole, "{id}");
}

fn timed(vector: &Value, scheme: Scheme) -> (Scheme, i64) {
    match (
        vector["timestamp"].as_i64(),
        vector.get("tolerance_seconds"),
    ) {
        (Some(now), None) => (scheme, now),
        (Some(now), Some(Value::Number(seconds))) => {
            let past = scheme.tolerance().and_then(Tolerance::past);
            assert_eq!(past.map(|past| past.as_secs()), seconds.as_u64());
            (scheme, now)
        }
        (now, _) => (
            scheme.with_tolerance(Tolerance::insecure_unbounded()),
            now.unwrap_or_default(),
        ),
    }
}

/// What the operator knows.
fn told(vector: &Value, mut scheme: Scheme) -> Scheme {
    if scheme.signed_text().contains(&Part::Url) {
        let url: http::Uri = vector["url"].as_str().unwrap().parse().unwrap();
        let base = format!(
            "{}://{}",
            url.scheme_str().unwrap(),
            url.authority().unwrap()
        );
        scheme = scheme.with_base_url(base).unwrap();
    }
    if let Some(key) = vector["api_key"].as_str() {
        scheme = scheme.with_issuer(key.to_owned());
    }
    if let Some(id) = vector["webhook_id"].as_str() {
        scheme = scheme.with_webhook_id(id.to_owned());
    }
    scheme
}

fn body(vector: &Value) -> Vec<u8> {
    let base64 = |text: &str| <base64ct::Base64 as base64ct::Encoding>::decode_vec(text).unwrap();
    if let Some(text) = vector["body_base64"].as_str() {
        return base64(text);
    }
    if let Some(text) = vector["body"].as_str() {
        return text.into();
    }
    let rule = &vector["body_rule"];
    let text = |field: &str| rule[field].as_str().unwrap_or_default().as_bytes().to_vec();
    let repeat = match rule["repeat_base64"].as_str() {
        Some(encoded) => base64(encoded),
        None => text("repeat"),
    };
    let count = usize::try_from(rule["count"].as_u64().unwrap()).unwrap();
    [text("prefix"), repeat.repeat(count), text("suffix")].concat()
}
