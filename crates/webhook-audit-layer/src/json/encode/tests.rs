use http::{Request, StatusCode, Version};
use proptest::prelude::*;
use serde_json::{Value, json};
use webhook_core::{
    AddressError, Check, ClientAddr, Outcome, PeerAddr, Reason, Timestamp, Verdict,
    record::BodyDigest,
};

use super::{MAX_NAMES, encode, encode_dropped};
use crate::{
    AuditRecord, MAX_LINE_BYTES, SenderText,
    record::Checks,
    record::{record_of, sample},
};

fn line(record: &AuditRecord) -> String {
    let mut buffer = Vec::new();
    encode(record, &mut buffer);
    String::from_utf8(buffer).unwrap()
}

fn parsed(record: &AuditRecord) -> Value {
    let line = line(record);
    assert_is_one_safe_line(&line);
    serde_json::from_str(&line).unwrap()
}

/// Controls, line separators, and what turns the direction of writing or has no width: written out
/// again here, so that a gap in the code is none in the test.
fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Any text, and often what is hostile in one.
const TEXT: &str = "(.|[\u{0}-\u{1f}\u{7f}-\u{9f}\u{61c}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}\u{feff}]){0,300}";

fn assert_is_one_safe_line(line: &str) {
    let content = line.strip_suffix('\n').unwrap();
    assert!(!content.chars().any(is_hostile), "{content:?}");
    assert!(line.len() <= MAX_LINE_BYTES, "{}", line.len());
}

fn sent(text: &str) -> SenderText {
    SenderText::new(text, usize::MAX)
}

#[test]
fn a_full_record_has_the_members_of_the_convention() {
    let mut record = sample();
    record.outcome = Reason::SignatureMismatch.outcome();
    record.reason = Reason::SignatureMismatch;
    record.stage = Some(Check::Signature);
    record.method = sent("POST");
    record.path = Some(sent("/webhooks/github"));
    record.route = Some(sent("/webhooks/{provider}"));
    record.scheme = Some("https");
    record.version = Version::HTTP_2;
    record.user_agent = Some(sent("curl/8.5.0"));
    record.peer = Some(PeerAddr::new("10.0.3.7:4711".parse().unwrap()));
    record.client = Some(ClientAddr::new("203.0.113.9".parse().unwrap(), Some(99)));
    record.body_bytes = Some(812);
    record.body_digest = Some(BodyDigest::from_bytes([0x0f; BodyDigest::BYTES]));
    record.status = Some(StatusCode::UNAUTHORIZED);
    record.endpoint = Some("tenant-7".into());
    record.provider = Some("github".into());
    record.secrets_tried = vec!["2025-Q3".into(), "2025-Q4".into()];
    record.delivery_id = Some(sent("72d3"));
    record.note = Some(sent("order 7"));
    record.quota = Some("per-network".into());
    record.verify_time = Some(std::time::Duration::from_nanos(41_999));
    let id = record.id.to_string();
    assert_eq!(
        parsed(&record),
        json!({
            "ts": "2023-11-14T22:13:20.000000Z", "event": "webhook.rejected", "id": id,
            "outcome": "denied", "reason": "signature_mismatch",
            "webhook.reject.stage": "signature", "webhook.reject.reason": "signature_mismatch",
            "http.response.status_code": 401, "client.address": "203.0.113.9", "client.port": 99,
            "network.peer.address": "10.0.3.7", "network.peer.port": 4711,
            "network.protocol.version": "2", "url.scheme": "https",
            "http.request.body.size": 812,
            "webhook.body.digest": "hs256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", "webhook.provider": "github",
            "webhook.source.id": "tenant-7", "webhook.quota": "per-network",
            "secrets_tried": ["2025-Q3", "2025-Q4"], "checks": {}, "verify_us": 41, "total_us": 0,
            "http.request.method": "POST", "webhook.delivery.id.signed": false,
            "webhook.delivery.id": "72d3", "note": "order 7",
            "http.route": "/webhooks/{provider}", "url.path": "/webhooks/github",
            "user_agent.original": "curl/8.5.0",
        })
    );
}

#[test]
fn members_say_how_it_ended() {
    let mut record = sample();
    record.is_grpc = true;
    record.grpc_status = Some(13);
    record.outcome = Reason::HandlerPanic.outcome();
    record.reason = Reason::HandlerPanic;
    record.stage = Some(Check::Handler);
    record.checks = Checks::all(Verdict::ShadowFail);
    record.peer = Some(PeerAddr::Unix);
    record.address_error = Some(AddressError::NoPeer);
    let line = parsed(&record);
    assert_eq!(line["event"], "webhook.error");
    assert_eq!(line["error.type"], "handler_panic");
    assert_eq!(line["rpc.status_code"], "INTERNAL");
    assert_eq!(line["checks"]["rate_network"], "shadow_fail");
    assert_eq!(line["network.peer.address"], "unix:");
    assert_eq!(line["client.address.error"], "no_peer");
    record.outcome = Reason::Duplicate.outcome();
    record.reason = Reason::Duplicate;
    let line = parsed(&record);
    assert_eq!(
        (&line["event"], &line["webhook.duplicate"]),
        (&json!("webhook.duplicate"), &json!(true))
    );
    assert_eq!(line.get("webhook.reject.reason"), None);
}

#[test]
fn each_end_is_an_event_of_its_own() {
    let mut record = sample();
    for (outcome, reason, event) in [
        (Outcome::Accepted, Reason::Ok, "webhook.accepted"),
        (Outcome::Accepted, Reason::Duplicate, "webhook.duplicate"),
        (Outcome::Denied, Reason::IpDenied, "webhook.rejected"),
        (Outcome::Error, Reason::HandlerError, "webhook.error"),
        (Outcome::Aborted, Reason::ClientGone, "webhook.aborted"),
        (
            Outcome::ShadowDenied,
            Reason::IpDenied,
            "webhook.shadow_rejected",
        ),
    ] {
        (record.outcome, record.reason) = (outcome, reason);
        assert_eq!(parsed(&record)["event"], event);
        let mut buffer = b"before\n".to_vec();
        record.write_json_line(&mut buffer);
        assert_eq!(buffer, format!("before\n{}", line(&record)).as_bytes());
    }
}

/// Everything there is, as long as it can be, and all of it needing escapes.
fn largest(character: &str) -> AuditRecord {
    let long = character.repeat(5000);
    let name = || Some(long.clone().into());
    let mut record = sample();
    record.reason = Reason::SignatureDuplicateHeader;
    record.outcome = Outcome::Error;
    record.stage = Some(Check::RateEndpoint);
    record.checks = Checks::all(Verdict::ShadowFail);
    record.received_at = Timestamp::from_unix_seconds(i64::MAX / 2);
    record.is_grpc = true;
    record.grpc_status = Some(8);
    record.status = Some(StatusCode::OK);
    let address = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    record.client = Some(ClientAddr::new(address.parse().unwrap(), Some(65535)));
    record.peer = Some(PeerAddr::new(format!("[{address}]:65535").parse().unwrap()));
    record.address_error = Some(AddressError::MalformedHeader);
    record.scheme = Some("https");
    record.body_bytes = Some(u64::MAX);
    record.body_digest = Some(BodyDigest::from_bytes([0xff; BodyDigest::BYTES]));
    (record.provider, record.endpoint) = (name(), name());
    (record.secret_id, record.quota) = (name(), name());
    record.secrets_tried = vec![long.clone().into(); 16];
    record.verify_time = Some(std::time::Duration::MAX);
    record.handler_time = Some(std::time::Duration::MAX);
    record.total_time = std::time::Duration::MAX;
    record.method = sent(&long);
    record.delivery_id = Some(sent(&long));
    record.event_type = Some(sent(&long));
    record.note = Some(sent(&long));
    record.route = Some(sent(&long));
    record.path = Some(sent(&long));
    record.user_agent = Some(sent(&long));
    record
}

#[test]
fn the_largest_record_is_a_line_with_all_that_matters() {
    for character in ["a", "\"", "\u{9b}", "\u{202e}", "\u{10ffff}", "é", "🦀"] {
        let record = largest(character);
        let line = parsed(&record);
        // Nothing of the fixed part gave way, and nothing of ours to what a stranger chose.
        assert_eq!(line["checks"].as_object().unwrap().len(), Check::ALL.len());
        for member in [
            "id",
            "outcome",
            "reason",
            "client.address",
            "total_us",
            "webhook.quota",
        ] {
            assert!(
                line.get(member).is_some(),
                "{member} is missing for {character:?}"
            );
        }
    }
}

#[test]
fn what_a_stranger_usually_sends_is_not_cut() {
    let mut record = sample();
    let (path, agent) = ("p".repeat(512), "u".repeat(256));
    record.path = Some(sent(&path));
    record.user_agent = Some(sent(&agent));
    record.delivery_id = Some(sent("72d3162e-cc78-11e3-81ab-4c9367dc0958"));
    let line = parsed(&record);
    assert_eq!(line["url.path"], path);
    assert_eq!(line["user_agent.original"], agent);
}

#[test]
fn of_many_secrets_as_many_are_told_as_have_room() {
    let mut record = sample();
    record.secrets_tried = (10..26).map(|n| format!("quarter-{n}").into()).collect();
    let line = parsed(&record);
    let told = line["secrets_tried"].as_array().unwrap();
    // Each takes ten characters, its quotes and a comma.
    let expected: Vec<_> = (10..).take(MAX_NAMES / 13).collect();
    assert_eq!(told.len(), expected.len());
    for (name, n) in told.iter().zip(expected) {
        assert_eq!(name, &format!("quarter-{n}"));
    }
}

#[test]
fn dropped_records_are_a_line() {
    let mut buffer = Vec::new();
    encode_dropped(Timestamp::from_unix_seconds(0), 3, 5, &mut buffer);
    let line: Value = serde_json::from_slice(&buffer).unwrap();
    assert_eq!(line["event"], "webhook.audit_dropped");
    assert_eq!(
        (&line["dropped"], &line["dropped_total"]),
        (&json!(3), &json!(5))
    );
    assert!(buffer.ends_with(b"\n"));
}

/// Either the text itself, or its beginning and `…`.
fn is_kept(value: &Value, text: &str) -> bool {
    let value = value.as_str().unwrap();
    value == text
        || value
            .strip_suffix('…')
            .is_some_and(|head| text.starts_with(head))
}

/// Every byte that an HTTP library lets into a header's value.
fn header_byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        Just(b'\t'),
        0x20_u8..0x7f,
        0x80_u8..=0xff,
        Just(b'"'),
        Just(b'\\')
    ]
}

proptest! {
    #[test]
    fn promise_31_any_header_bytes_come_back(
        agent in proptest::collection::vec(header_byte(), 0..600),
        id in any::<String>(),
    ) {
        let value = http::HeaderValue::from_bytes(&agent).unwrap();
        let request = Request::post("/a").header("user-agent", value).body(()).unwrap();
        let mut record = sample();
        record.user_agent = record_of(&request).user_agent;
        record.delivery_id = Some(sent(&id));
        let line = parsed(&record);
        let mut expected = String::new();
        for chunk in agent.utf8_chunks() {
            expected.push_str(chunk.valid());
            expected.extend(chunk.invalid().iter().copied().map(char::from));
        }
        prop_assert!(is_kept(&line["user_agent.original"], &expected));
        prop_assert!(is_kept(&line["webhook.delivery.id"], &id));
    }

    #[test]
    fn promise_31_any_texts_at_once_make_one_safe_line(
        texts in proptest::collection::vec(TEXT, 8),
        reason in 0..Reason::ALL.len(),
        bytes in any::<Option<u64>>(),
    ) {
        let mut record = sample();
        record.reason = Reason::ALL[reason];
        record.outcome = record.reason.outcome();
        record.stage = Some(Check::Signature);
        record.body_bytes = bytes;
        record.method = sent(&texts[0]);
        record.path = Some(sent(&texts[1]));
        record.route = Some(sent(&texts[2]));
        record.user_agent = Some(sent(&texts[3]));
        record.delivery_id = Some(sent(&texts[4]));
        record.event_type = Some(sent(&texts[5]));
        record.note = Some(sent(&texts[6]));
        record.provider = Some(texts[7].clone().into());
        let line = parsed(&record);
        prop_assert_eq!(&line["reason"], record.reason.as_str());
        prop_assert_eq!(line.get("http.request.body.size").and_then(Value::as_u64), bytes);
        prop_assert!(is_kept(&line["webhook.provider"], &texts[7]));
        prop_assert!(is_kept(&line["note"], &texts[6]));
        for (member, text) in [("url.path", &texts[1]), ("user_agent.original", &texts[3])] {
            prop_assert!(line.get(member).is_none_or(|value| is_kept(value, text)));
        }
    }
}
