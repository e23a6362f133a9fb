//! The fields that tell a sender of its quota: read back by a strict reader of structured fields, and
//! held to what a bucket must have left.

use std::{collections::HashMap, time::Duration};

use http::{HeaderMap, Request, Response};
use webhook_core::{BufferedBody, Clock, Facts, Timestamp, Verification};
use webhook_ratelimit_layer::{Key, Quota, RateLimitLayer, Unit};

use crate::{
    service::{Answered, Handler, answered},
    support::{Input, planted, reached},
};

const LARGEST: u64 = 999_999_999_999_999;

/// An item of RFC 9651: a string with parameters, each an integer or a string.
fn item(value: &str) -> Option<(String, HashMap<String, String>)> {
    let (name, mut rest) = value.strip_prefix('"')?.split_once('"')?;
    if !name
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\')
    {
        return None;
    }
    let mut parameters = HashMap::new();
    while let Some(parameter) = rest.strip_prefix(';') {
        let (key, value) = parameter.split_once('=')?;
        let is_key = key
            .bytes()
            .enumerate()
            .all(|(at, byte)| byte.is_ascii_lowercase() || (at > 0 && byte == b'-'));
        let (value, behind) = match value.strip_prefix('"') {
            Some(text) => text.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        let is_number =
            value.bytes().all(|byte| byte.is_ascii_digit()) && (1..=15).contains(&value.len());
        let is_text = parameter.contains("=\"");
        if key.is_empty()
            || !is_key
            || !(is_number || is_text)
            || parameters
                .insert(key.to_owned(), value.to_owned())
                .is_some()
        {
            return None;
        }
        rest = behind;
    }
    rest.is_empty().then(|| (name.to_owned(), parameters))
}

/// Up to eight bytes as a number of any size.
fn any(input: &mut Input<'_>) -> u64 {
    let bits = input.byte() % 64;
    (0..8).fold(0_u64, |number, _| number << 8 | u64::from(input.byte())) >> bits
}

fn quota(input: &mut Input<'_>) -> Option<Quota> {
    let count = any(input);
    let short = u32::try_from(count).unwrap_or(u32::MAX);
    let period = Duration::from_nanos(any(input));
    let quota = match input.byte() % 6 {
        0 => Quota::per_second(short),
        1 => Quota::per_minute(short),
        2 => Quota::per_period(short, period),
        3 => Quota::bytes_per_second(count),
        4 => Quota::bytes_per_period(count, period),
        _ => Quota::concurrent(short),
    };
    let quota = if input.flag() {
        quota.and_then(|quota| quota.with_burst(any(input)))
    } else {
        quota
    };
    let quota = if input.flag() {
        quota.and_then(Quota::with_fixed_windows)
    } else {
        quota
    };
    if let Err(error) = &quota {
        assert!(!error.to_string().is_empty());
    }
    quota.ok()
}

fn send(layer: &RateLimitLayer, verified: bool, size: usize) -> Answered<BufferedBody> {
    let mut request = Request::new(BufferedBody::new(vec![0; size]));
    let facts = Facts::of_mut(request.extensions_mut());
    facts.set_client(webhook_core::ClientAddr::new([192, 0, 2, 1].into(), None));
    if verified {
        facts.set_verification(Verification::new("fuzz").with_signed_body());
    }
    answered::<_, _, _, BufferedBody>(layer, request)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?.to_str().expect("visible");
    assert!(lines.next().is_none());
    Some(line)
}

/// What the fields of a response say: the quota, and how much is left.
fn told(name: &str, quota: &Quota, response: &Response<BufferedBody>) -> Option<u64> {
    let policy = text(response.headers(), "ratelimit-policy")?;
    let (policy_name, policy) = item(policy).unwrap_or_else(|| panic!("{policy}"));
    let limit = text(response.headers(), "ratelimit").expect("policy and limit come together");
    let (limit_name, limit) = item(limit).unwrap_or_else(|| panic!("{limit}"));
    assert_eq!((policy_name.as_str(), limit_name.as_str()), (name, name));
    let number = |key: &str| {
        limit
            .get(key)
            .or_else(|| policy.get(key))
            .map(|text| text.parse::<u64>().expect("digits"))
    };
    assert_eq!(number("q"), Some(quota.count().min(LARGEST)));
    let period = quota.period();
    let seconds = period.as_secs() + u64::from(period.subsec_nanos() > 0 && !planted(1));
    let is_permit = quota.unit() == Unit::Concurrent;
    assert_eq!(number("w"), (!is_permit).then_some(seconds.max(1)));
    let burst = quota.burst().min(LARGEST);
    assert_eq!(
        number("webhook-burst"),
        (burst != quota.count().min(LARGEST)).then_some(burst)
    );
    let unit = match quota.unit() {
        Unit::Bytes => Some("content-bytes"),
        Unit::Concurrent => Some("concurrent-requests"),
        _ => None,
    };
    assert_eq!(policy.get("qu").map(String::as_str), unit);
    assert_eq!(limit.contains_key("t"), !is_permit);
    let left = number("r").expect("what is left");
    assert!(left <= burst);
    Some(left)
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 48);
    let Some(quota) = quota(&mut input) else {
        return;
    };
    let name = String::from_utf8_lossy(input.text).into_owned();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_name = (1..=64).contains(&name.len()) && name.bytes().all(plain);
    let layer = RateLimitLayer::new(name.clone(), Key::endpoint(), quota);
    assert_eq!(layer.is_ok(), is_name, "{name:?}");
    let Ok(layer) = layer else {
        return;
    };
    let (clock, _hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
    let layer = layer
        .with_clock(clock)
        .with_capacity(64)
        .expect("a capacity");
    let cost = match quota.unit() {
        Unit::Bytes => usize::from(input.byte()) + 1,
        _ => 1,
    };
    let mut before = None;
    for _ in 0..6 {
        let answer = send(&layer, true, cost);
        let left = told(&name, &quota, &answer.response);
        if answer.reached_handler.is_none() {
            let status = answer.response.status().as_u16();
            assert!([429, 413].contains(&status), "{status}");
            let wait = text(answer.response.headers(), "retry-after");
            assert!(
                status == 413
                    || wait.is_some_and(|wait| wait.parse::<u64>().is_ok_and(|wait| wait > 0))
            );
            reached("a refusal with the wait");
            break;
        }
        let left = left.expect("a verified sender is told");
        if quota.unit() == Unit::Requests && !quota.has_fixed_windows() {
            if let Some(before) = before {
                assert!(
                    left + 1 == before || before == LARGEST,
                    "{before} became {left}: {quota:?}"
                );
                reached("one less than before");
            }
            before = Some(left);
        }
    }
    // A stranger is told nothing.
    let _: Handler;
    let stranger = send(&layer, false, cost);
    assert!(!stranger.response.headers().contains_key("ratelimit"));
}
