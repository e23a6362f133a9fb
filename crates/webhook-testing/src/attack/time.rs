use std::time::Duration;

use http::HeaderValue;
use webhook_core::Timestamp;
use webhook_signature::Tolerance;

use super::{
    case::{Case, Family},
    delivery::Delivery,
    source::Source,
};

/// What is made of the right text.
type Change = fn(&str) -> String;

const HOUR: Duration = Duration::from_secs(3600);

/// What is written in the timestamp's place, and signed with the right secret.
const TEXTS: [(&str, Change); 9] = [
    ("timestamp-negative", |text| format!("-{text}")),
    ("timestamp-with-plus", |text| format!("+{text}")),
    ("timestamp-overlong", |text| format!("00000000{text}")),
    ("timestamp-fraction", |text| format!("{text}.0")),
    ("timestamp-exponent", |text| format!("{text}e0")),
    ("timestamp-largest", |_| i64::MAX.to_string()),
    ("timestamp-smallest", |_| i64::MIN.to_string()),
    ("timestamp-overflowing", |text| {
        format!("18446744073709551616{text}")
    }),
    ("timestamp-no-number", |_| "now".to_owned()),
];

pub(super) fn cases(source: &Source) -> Vec<Case> {
    let refused = |name, delivery| Case::refused(name, Family::Time, delivery);
    let is_timed = source.scheme.covers_timestamp();
    let tolerance = source.scheme.tolerance();
    let past = tolerance.and_then(Tolerance::past).unwrap_or(HOUR);
    let future = tolerance.and_then(Tolerance::future).unwrap_or(HOUR);
    let at = |millis: i64| {
        let time = Timestamp::from_unix_millis(millis);
        is_timed.then(|| source.at(&stamped(source, time), time))
    };
    let now = source.now.unix_millis();
    let mut cases = vec![
        refused(
            "timestamp-stale",
            at(now.saturating_sub(millis(past + HOUR))),
        ),
        refused(
            "timestamp-just-stale",
            at(now.saturating_sub(millis(past + HOUR / 60))),
        ),
        refused(
            "timestamp-future",
            at(now.saturating_add(millis(future + HOUR))),
        ),
        refused("timestamp-of-1970", at(1000)),
        refused(
            "timestamp-missing",
            header(source, |delivery, name| {
                delivery.headers.remove(name);
            }),
        ),
        refused(
            "timestamp-empty",
            header(source, |delivery, name| {
                delivery.headers.insert(name, HeaderValue::from_static(""));
            }),
        ),
        refused(
            "timestamp-twice",
            header(source, |delivery, name| {
                delivery
                    .headers
                    .append(name, HeaderValue::from_static("1700000000"));
            }),
        ),
        refused("timestamp-renewed", renewed(source)).forgery(),
    ];
    cases.extend(TEXTS.map(|(name, change)| refused(name, written(source, change))));
    // The text is signed as it is sent, so that zeros in front open nothing: some providers' own
    // libraries take them.
    let padded = written(source, |text| format!("0{text}"));
    let strange = padded.filter(|delivery| !source.takes(delivery));
    cases.push(refused("timestamp-with-zero", strange));
    cases
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The body, where the provider writes the time into it.
fn stamped(source: &Source, time: Timestamp) -> Vec<u8> {
    let body = source.fresh_body();
    let now = source.now.unix_millis().to_string();
    match String::from_utf8(body.clone()) {
        Ok(text) if text.contains(&now) => text
            .replace(&now, &time.unix_millis().to_string())
            .into_bytes(),
        _ => body,
    }
}

fn header(source: &Source, change: fn(&mut Delivery, http::HeaderName)) -> Option<Delivery> {
    let name = source.scheme.timestamp_header()?.clone();
    let mut delivery = source.fresh();
    (source.scheme.covers_timestamp() && delivery.headers.contains_key(&name)).then(|| {
        change(&mut delivery, name);
        delivery
    })
}

/// The timestamp as it was sent.
pub(super) fn text_of(source: &Source, delivery: &Delivery) -> Option<String> {
    let sent = source
        .scheme
        .timestamp_header()
        .and_then(|name| delivery.headers.get(name));
    if let Some(value) = sent {
        return Some(value.to_str().ok()?.to_owned());
    }
    let (_, line) = delivery.signature_header()?;
    let texts = [delivery.time.unix_millis(), delivery.time.unix_seconds()];
    texts
        .map(|number| number.to_string())
        .into_iter()
        .find(|text| line.contains(text.as_str()))
}

/// With another text in the timestamp's place, not signed again.
fn replaced(source: &Source, delivery: &Delivery, old: &str, new: &str) -> Option<Delivery> {
    let name = source.scheme.timestamp_header();
    if let Some(name) = name.filter(|name| delivery.headers.contains_key(*name)) {
        let mut other = delivery.clone();
        other.headers.insert(name.clone(), new.parse().ok()?);
        return Some(other);
    }
    delivery.with_header_text(|line| line.replacen(old, new, 1))
}

/// A captured delivery with a newer time.
fn renewed(source: &Source) -> Option<Delivery> {
    if !source.scheme.covers_timestamp() {
        return None;
    }
    let earlier = source.now.unix_seconds().saturating_sub(30);
    let old = source.at(&source.fresh_body(), Timestamp::from_unix_seconds(earlier));
    let (then, now) = (text_of(source, &old)?, text_of(source, &source.fresh())?);
    replaced(source, &old, &then, &now)
}

/// With another text in the timestamp's place, signed with the right secret.
fn written(source: &Source, change: fn(&str) -> String) -> Option<Delivery> {
    if !source.scheme.covers_timestamp() {
        return None;
    }
    let delivery = source.fresh();
    let old = text_of(source, &delivery)?;
    let new = change(&old);
    let primitive = source.scheme.primitive();
    // Only where the valid signature can be made again is another one known to be right.
    if source.raw(&delivery, primitive, &old)? != delivery.signature_text()? {
        return None;
    }
    let signature = source.raw(&delivery, primitive, &new)?;
    let signed = delivery.with_signature(|_| signature)?;
    replaced(source, &signed, &old, &new)
}
