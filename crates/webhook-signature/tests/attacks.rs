//! The wire-level attack cases that headers, body and time alone decide, each with the reason that is
//! due. Skipped where the workspace's shared data is not there.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

mod common;

use std::{collections::BTreeMap, time::Duration};

use base64ct::{Base64, Encoding as _};
use common::{parts, preset, read_json, secret, shared};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use webhook_core::Timestamp;
use webhook_signature::{KeyRing, SecretEncoding, Verifier};

const NOW: i64 = 1_700_000_000;
const FIVE_MINUTES: Duration = Duration::from_secs(300);

#[test]
fn every_case_gets_the_reason_that_is_due() {
    let Some(path) = shared("data/http_attacks.json") else {
        return;
    };
    let file = read_json(&path);
    let mut seen = BTreeMap::new();
    for case in file["cases"].as_array().unwrap() {
        let Some((reason, verdict)) = judge(case) else {
            continue;
        };
        assert_eq!(
            verdict, reason,
            "{} {}: {}",
            case["id"], case["class"], case["why"]
        );
        *seen.entry(reason).or_insert(0) += 1;
    }
    println!("{seen:?}");
    assert!(seen.values().sum::<i32>() >= 75, "{seen:?}");
    assert!(seen.len() >= 12, "{seen:?}");
}

/// The reason due and ours, for a case of one request whose fate is decided here.
fn judge(case: &Value) -> Option<(String, String)> {
    let [step] = case["steps"].as_array()?.as_slice() else {
        return None;
    };
    let [record] = case["expect"]["audit"].as_array()?.as_slice() else {
        return None;
    };
    let reason = record["reason"].as_str()?;
    let ours = [
        "signature_",
        "timestamp_",
        "id_",
        "too_many_signatures",
        "ok",
    ];
    // Where a body ends is the server's business.
    if case["class"] == "framing" || !ours.iter().any(|prefix| reason.starts_with(prefix)) {
        return None;
    }
    let body = body(&case["body"])?;
    let text = expand(step["send"].as_str()?, &body)?;
    let (head, _) = text.split_once("\r\n\r\n")?;
    let lines: Option<Vec<_>> = head
        .lines()
        .skip(1)
        .map(|line| line.split_once(':'))
        .collect();
    let lines = lines?
        .into_iter()
        .map(|(name, value)| (name, value.trim_matches([' ', '\t']).as_bytes()));
    let verdict = endpoint(case["endpoint"].as_str()?)?.verify(
        &parts(lines),
        &body,
        Timestamp::from_unix_seconds(NOW),
    );
    let verdict = verdict.map_or_else(|refusal| refusal.reason().as_str(), |_| "ok");
    Some((reason.to_owned(), verdict.to_owned()))
}

/// The endpoints as the cases describe them: two secrets, 300 s both ways, either case of digits,
/// and only the configured names of headers.
fn endpoint(name: &str) -> Option<Verifier> {
    let name = if name == "std" {
        "standard-webhooks"
    } else {
        name
    };
    let mut scheme = preset(Some(name))?
        .scheme()
        .with_secret_encoding(SecretEncoding::Raw)
        .with_first_headers_only()
        .with_any_hex_case();
    if let Some(tolerance) = scheme.tolerance() {
        scheme = scheme.with_tolerance(tolerance.both_ways(FIVE_MINUTES));
    }
    let ring = KeyRing::new("current", secret(key("K1")?)).ok()?;
    Verifier::new(scheme, ring.with("previous", secret(key("K2")?)).ok()?).ok()
}

fn key(name: &str) -> Option<&'static str> {
    Some(match name {
        "K1" => "current-secret-0123456789abcdef",
        "K2" => "previous-secret-0123456789abcdef",
        "KR" => "retired-secret-0123456789abcdef",
        "KX" => "wrong",
        "KU" => "undefined",
        "K0" => "",
        _ => return None,
    })
}

fn body(body: &Value) -> Option<Vec<u8>> {
    match (body["text"].as_str(), body["hex"].as_str()) {
        (Some(text), _) => Some(text.into()),
        (_, Some(hex)) => const_hex::decode(hex).ok(),
        _ => None,
    }
}

/// Expands the macros that the file explains; `None` for one that needs a connection. The body
/// itself is left out.
fn expand(template: &str, body: &[u8]) -> Option<String> {
    let template = template.replace("{{UID}}", "4f1c");
    let mut text = String::new();
    let mut rest = template.as_str();
    while let Some((before, behind)) = rest.split_once("{{") {
        text.push_str(before);
        let end = end_of_macro(behind)?;
        let (name, after) = behind.split_at(end);
        text.push_str(&value(name, body)?);
        rest = after.strip_prefix("}}")?;
    }
    text.push_str(rest);
    Some(text)
}

/// Where the braces close, those in a quoted literal left aside.
fn end_of_macro(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, char)| {
        quoted ^= char == '\'';
        let (_, rest) = text.split_at(at);
        (!quoted && rest.starts_with("}}")).then_some(at)
    })
}

fn value(name: &str, body: &[u8]) -> Option<String> {
    let fields: Vec<_> = name.splitn(2, ':').collect();
    match fields.as_slice() {
        ["BODY"] => Some(String::new()),
        ["LEN"] => Some(body.len().to_string()),
        ["cut", rest] => {
            let (length, rest) = rest.split_once(':')?;
            value(rest, body)?
                .get(..length.parse().ok()?)
                .map(str::to_owned)
        }
        ["upper", rest] => Some(value(rest, body)?.to_uppercase()),
        ["nopad", rest] => Some(value(rest, body)?.trim_end_matches('=').to_owned()),
        ["urlsafe", rest] => Some(value(rest, body)?.replace('+', "-").replace('/', "_")),
        ["half", rest] => {
            let mut bytes = Base64::decode_vec(&value(rest, body)?).ok()?;
            bytes.truncate(bytes.len() / 2);
            Some(Base64::encode_string(&bytes))
        }
        ["hash", rest] => {
            let (_, text) = rest.split_once("sha256:")?;
            Some(const_hex::encode(Sha256::digest(signed(text, body)?)))
        }
        [encoding @ ("hex" | "b64"), rest] => {
            let mut fields = rest.splitn(3, ':');
            let tag = mac(
                fields.next()?,
                key(fields.next()?)?,
                &signed(fields.next()?, body)?,
            )?;
            Some(if *encoding == "hex" {
                const_hex::encode(tag)
            } else {
                Base64::encode_string(&tag)
            })
        }
        [time] => self::time(time),
        _ => None,
    }
}

fn time(name: &str) -> Option<String> {
    if name == "TMS" {
        return Some((NOW * 1000).to_string());
    }
    let offset: i64 = name.strip_prefix('T')?.parse().ok()?;
    Some((NOW + offset).to_string())
}

fn signed(text: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for piece in text.split('~') {
        match piece {
            "BODY" => bytes.extend_from_slice(body),
            "K1BODY" => bytes.extend([key("K1")?.as_bytes(), body].concat()),
            _ => match piece.strip_prefix('\'') {
                Some(literal) => bytes.extend_from_slice(literal.strip_suffix('\'')?.as_bytes()),
                None => bytes.extend_from_slice(time(piece)?.as_bytes()),
            },
        }
    }
    Some(bytes)
}

fn mac(algorithm: &str, key: &str, text: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        "sha1" => Some(
            Hmac::<Sha1>::new_from_slice(key.as_bytes())
                .ok()?
                .chain_update(text)
                .finalize()
                .as_bytes()
                .to_vec(),
        ),
        "sha256" => Some(
            Hmac::<Sha256>::new_from_slice(key.as_bytes())
                .ok()?
                .chain_update(text)
                .finalize()
                .as_bytes()
                .to_vec(),
        ),
        _ => None,
    }
}
