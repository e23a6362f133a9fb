//! 19: a signed timestamp is near the clock, both ways, and is digits and nothing else.

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use proptest::prelude::*;
use sha2::Sha256;
use webhook_tests::stand::{NOW, SECRET, ScriptedBody, Stand};

use crate::{generous, judged, request, value};

const TOLERANCE: i64 = 300;

/// A delivery whose timestamp is this text, signed as it is: no signer of ours would.
fn signed(timestamp: &[u8]) -> HeaderMap {
    let key = Base64::decode_vec(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    for part in [b"msg_1.", timestamp, b".{}"] {
        mac.update(part);
    }
    let tag = Base64::encode_string(&mac.finalize().into_bytes());
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", value("msg_1"));
    headers.insert("webhook-timestamp", value(timestamp));
    headers.insert("webhook-signature", value(format!("v1,{tag}")));
    headers
}

/// What a text says: digits alone, up to the twelve that a time in seconds has.
fn said(text: &[u8]) -> Option<i64> {
    let is_number = (1..=12).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(text).ok()?;
    is_number.then(|| text.parse().ok())?
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    let now = NOW.unix_seconds();
    prop_oneof![
        // Every time there is.
        any::<i64>().prop_map(|seconds| seconds.to_string().into_bytes()),
        // Those around the edges, in this unit and in others.
        (-310_i64..310).prop_map(move |ahead| (now + ahead).to_string().into_bytes()),
        (-310_i64..310).prop_map(move |ahead| format!("{}000", now + ahead).into_bytes()),
        // The right time with something about it.
        "( |\\+|-|0x|0|00)?1700000000( |\\.0|e0|s|_|,1|\t)?".prop_map(String::into_bytes),
        "[+-]?[0-9]{0,25}(\\.[0-9]{1,3})?(e[0-9]{1,2})?".prop_map(String::into_bytes),
        proptest::collection::vec(0x20_u8..0x7f, 0..30),
        proptest::collection::vec(0x80_u8..=0xff, 1..12),
    ]
}

#[test]
fn promise_19_a_timestamp_is_fresh_both_ways_and_nothing_but_digits() {
    let stand = Stand::with(generous);
    let judge = |text: &[u8]| judged(&stand, request(signed(text), ScriptedBody::new("{}")));
    let now = NOW.unix_seconds();
    let at = |seconds: i64| judge(seconds.to_string().as_bytes());

    // The exact edges, under a clock that stands still.
    assert_eq!(at(now), (200, "ok"));
    assert_eq!(at(now - TOLERANCE), (200, "ok"));
    assert_eq!(at(now + TOLERANCE), (200, "ok"));
    assert_eq!(at(now - TOLERANCE - 1), (401, "timestamp_too_old"));
    assert_eq!(at(now + TOLERANCE + 1), (401, "timestamp_in_future"));

    proptest!(ProptestConfig::with_cases(1000), |(text in texts())| {
        let trimmed = text.trim_ascii();
        prop_assume!(text.len() == trimmed.len(), "no server hands on white space around a value");
        let is_fresh = said(&text).is_some_and(|seconds| (seconds - now).abs() <= TOLERANCE);
        let calls = stand.calls();
        let (status, reason) = judge(&text);
        if text.first() == Some(&b'0') {
            // Whether zeros may stand in front is the provider's rule; the time has to be near.
            prop_assert!(is_fresh || status == 401, "{reason}");
        } else {
            prop_assert_eq!(status, if is_fresh { 200 } else { 401 }, "{}", reason);
        }
        prop_assert_eq!(stand.calls() - calls, usize::from(status == 200));
    });
}
