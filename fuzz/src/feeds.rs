//! Published lists of networks: JSON and lines, read by a naive reader too, and what a bad one leaves
//! in force.

use std::collections::BTreeSet;

use serde_json::Value;
use webhook_core::Timestamp;
use webhook_ip_layer::{FeedError, FeedFormat, FeedHandle, Network, feed};

use crate::support::{Input, planted, reached};

type Only = Option<(&'static str, &'static str)>;

/// Places, and the member and value that elements must have.
const PLACES: [(&[&str], Only); 5] = [
    (
        &["prefixes[].ip_prefix", "ipv6_prefixes[].ipv6_prefix"],
        Some(("service", "EC2")),
    ),
    (&["a[]"], None),
    (&["*.cidr[]"], None),
    (&["[]"], None),
    (&["items[].cidr", "hooks[]"], Some(("product", "jira"))),
];

/// The texts at a place; `None` where something of another type stands there.
fn at<'v>(value: &'v Value, place: &str, only: Option<(&str, &str)>) -> Option<Vec<&'v str>> {
    let steps: Vec<String> = place
        .replace("[]", ".[]")
        .split('.')
        .map(str::to_owned)
        .collect();
    let mut here = vec![value];
    for step in steps.iter().filter(|step| !step.is_empty()) {
        let mut next = Vec::new();
        for value in here {
            match step.as_str() {
                "[]" => {
                    for element in value.as_array()? {
                        let has = |(member, wanted): (&str, &str)| match &element[member] {
                            Value::Array(values) => values.iter().any(|value| value == wanted),
                            value => value == wanted,
                        };
                        if !element.is_object() || planted(1) || only.is_none_or(has) {
                            next.push(element);
                        }
                    }
                }
                "*" => next.extend(
                    value
                        .as_object()?
                        .values()
                        .filter(|value| value.is_object() || value.is_array()),
                ),
                name => next.extend(value.as_object()?.get(name)),
            }
        }
        here = next;
    }
    here.into_iter().map(Value::as_str).collect()
}

fn naive(places: &[&str], only: Option<(&str, &str)>, bytes: &[u8]) -> Option<BTreeSet<Network>> {
    let document: Value = serde_json::from_slice(bytes).ok()?;
    let mut entries = Vec::new();
    for place in places {
        entries.extend(at(&document, place, only)?);
    }
    entries
        .into_iter()
        .map(|entry| entry.parse().ok())
        .collect()
}

fn naive_lines(bytes: &[u8]) -> Option<BTreeSet<Network>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let lines = text
        .split('\n')
        .map(|line| line.trim_matches([' ', '\t', '\r']));
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    entries.map(|entry| entry.parse().ok()).collect()
}

/// From here on a reason is cut, in bytes.
const LONG_REASON: usize = 200;

/// What is in force changes by a good list and by nothing else.
fn refresh(handle: &FeedHandle, format: &FeedFormat, bytes: &[u8], now: Timestamp) {
    let before = handle.current();
    let parsed = format.parse(bytes);
    match handle.refresh(bytes, now) {
        Ok(after) => {
            let (set, published) = parsed.expect("what is put in force was read");
            assert_eq!(after.networks().networks(), set.networks());
            assert!(!set.is_empty() && handle.last_error().is_none());
            assert!(
                published.is_none_or(|published| published
                    <= now.saturating_add(std::time::Duration::from_secs(86_400)))
            );
            if let Some(before) = before {
                let kept = before.networks().networks().iter();
                let kept = kept.filter(|network| {
                    set.contains(network.address()) && set.contains(network.last_address())
                });
                assert!(
                    kept.count() * 2 >= before.networks().len(),
                    "most of the networks are gone"
                );
                reached("a list in the place of another");
            }
        }
        Err(error) => {
            let told = error.to_string();
            assert!(
                told.chars().all(|char| char == '\n' || !char.is_control()),
                "{told:?}"
            );
            assert_eq!(handle.last_error(), Some(error.clone()));
            let after = handle.current();
            let networks = |feed: &Option<std::sync::Arc<feed::Feed>>| {
                feed.as_ref()
                    .map(|feed| feed.networks().networks().to_vec())
            };
            assert_eq!(networks(&before), networks(&after));
            if matches!(error, FeedError::Shrunk { .. }) {
                reached("a list that shrank");
            }
        }
    }
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 4);
    let (which, cut) = (usize::from(input.byte()), usize::from(input.byte()) * 8);
    let (first, second) = input.text.split_at(cut.min(input.text.len()));
    let format = match which % 4 {
        0 => feed::PROVIDERS[which / 4 % feed::PROVIDERS.len()].format(),
        1 => FeedFormat::lines(),
        _ => {
            let (places, only) = PLACES[which / 4 % PLACES.len()];
            let format = FeedFormat::json(places.iter().copied()).with_date("createDate");
            match only {
                Some((member, value)) => format.only(member, [value]),
                None => format,
            }
        }
    };
    for bytes in [first, second] {
        let expected = match which % 4 {
            0 => break,
            1 => naive_lines(bytes),
            _ => {
                let (places, only) = PLACES[which / 4 % PLACES.len()];
                naive(places, only, bytes)
            }
        };
        match format.parse(bytes) {
            Ok((set, _)) => {
                let ours: BTreeSet<Network> = set.networks().iter().copied().collect();
                assert_eq!(Some(ours), expected);
                if set.len() > 1 {
                    reached("a list of several networks");
                }
            }
            // A date that is none is our own reason, of which a long date leaves the beginning.
            Err(FeedError::Malformed(why))
                if why.as_str().ends_with("is no date") || why.as_str().len() > LONG_REASON => {}
            Err(error) => assert_eq!(expected, None, "{error}"),
        }
    }
    let handle = FeedHandle::new("fuzz", format.clone());
    let now = Timestamp::from_unix_seconds(1_700_000_000);
    refresh(&handle, &format, first, now);
    refresh(&handle, &format, second, now);
}
