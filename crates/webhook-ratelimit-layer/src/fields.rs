use std::{
    io::{self, Write as _},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{Quota, limiter::whole_seconds};

/// Which fields tell a verified sender about its quota.
///
/// A request that nothing verified is never told: capacity is nothing for strangers to know
/// ([draft-ietf-httpapi-ratelimit-headers], security considerations). A refusal carries
/// `Retry-After` in any case.
///
/// [draft-ietf-httpapi-ratelimit-headers]: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeaderStyle {
    /// `RateLimit-Policy: "endpoint";q=100;w=60` and `RateLimit: "endpoint";r=99;t=1`, as the
    /// draft says since its version 08. This is the default.
    ///
    /// `q` deliveries may come in `w` seconds; a period that is no whole number of seconds is
    /// rounded up, for the draft knows no smaller unit. `r` more could come at once, and `t` seconds
    /// from now there is room for one more. Where the burst is not the quota,
    /// `webhook-burst` says it. Several limits give several lines, as the draft has it.
    #[default]
    Draft,
    /// `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`, as the draft said up to its
    /// version 06: the burst, what is left of it, and in how many seconds there is room for one
    /// more. They can be told for one limit only: an inner one's stay.
    Legacy,
    /// No field at all.
    None,
}

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const LEGACY_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const LEGACY_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const LEGACY_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The fields of one quota, as far as they are the same in each response.
#[derive(Clone, Debug)]
pub(crate) enum Fields {
    Draft { name: Box<str>, policy: HeaderValue },
    Legacy { burst: u32 },
    None,
}

impl Fields {
    /// `name` holds nothing that would need an escape in a String of RFC 9651.
    pub(crate) fn new(style: HeaderStyle, name: &str, quota: Quota) -> Self {
        match style {
            HeaderStyle::Draft => match HeaderValue::try_from(policy_text(name, quota)) {
                Ok(policy) => Self::Draft {
                    name: name.into(),
                    policy,
                },
                // Not with a valid name; if it were, saying nothing is the safe thing.
                Err(_) => Self::None,
            },
            HeaderStyle::Legacy => Self::Legacy {
                burst: quota.burst(),
            },
            HeaderStyle::None => Self::None,
        }
    }

    pub(crate) const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Tells the sender that `remaining` more could come now, and the next one after `wait`.
    pub(crate) fn write(&self, headers: &mut HeaderMap, remaining: u32, wait: Duration) {
        let seconds = whole_seconds(wait);
        match self {
            Self::Draft { name, policy } => {
                if let Some(limit) = limit_value(name, remaining, seconds) {
                    headers.append(POLICY, policy.clone());
                    headers.append(LIMIT, limit);
                }
            }
            Self::Legacy { burst } if !headers.contains_key(LEGACY_LIMIT) => {
                headers.insert(LEGACY_LIMIT, HeaderValue::from(*burst));
                headers.insert(LEGACY_REMAINING, HeaderValue::from(remaining));
                headers.insert(LEGACY_RESET, HeaderValue::from(seconds));
            }
            Self::Legacy { .. } | Self::None => {}
        }
    }
}

/// The item of `RateLimit`. It is written on the stack, so that it costs the one allocation of its
/// value. A valid name and two numbers always fit, and always make a value.
fn limit_value(name: &str, remaining: u32, seconds: u64) -> Option<HeaderValue> {
    let mut buffer = [0; 128];
    let mut text = io::Cursor::new(buffer.as_mut_slice());
    write!(text, "\"{name}\";r={remaining};t={seconds}").ok()?;
    let length = usize::try_from(text.position()).ok()?;
    HeaderValue::from_bytes(buffer.get(..length)?).ok()
}

/// The item of `RateLimit-Policy`, serialised as RFC 9651 section 4.1 says: no space after `;`.
fn policy_text(name: &str, quota: Quota) -> String {
    let (count, burst) = (quota.count(), quota.burst());
    let window = whole_seconds(quota.period());
    let mut text = format!("\"{name}\";q={count};w={window}");
    if burst != count {
        text.push_str(";webhook-burst=");
        text.push_str(&burst.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderMap;

    use super::{Fields, HeaderStyle};
    use crate::Quota;

    fn written(style: HeaderStyle, quota: Quota) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        Fields::new(style, "github", quota).write(&mut headers, 599, Duration::from_millis(16_001));
        headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_draft_is_serialised_without_spaces_and_in_whole_seconds() {
        let quota = Quota::per_minute(600).unwrap();
        assert_eq!(
            written(HeaderStyle::Draft, quota),
            [
                pair("ratelimit-policy", "\"github\";q=600;w=60"),
                pair("ratelimit", "\"github\";r=599;t=17"),
            ]
        );
        let short = Quota::per_period(5, Duration::from_millis(100)).unwrap();
        let short = short.with_burst(700).unwrap();
        let policy = pair("ratelimit-policy", "\"github\";q=5;w=1;webhook-burst=700");
        assert_eq!(written(HeaderStyle::Draft, short)[0], policy);
    }

    #[test]
    fn the_longest_name_and_numbers_fit() {
        let name = "n".repeat(64);
        let value = super::limit_value(&name, u32::MAX, u64::MAX).unwrap();
        assert_eq!(
            value,
            format!("\"{name}\";r={};t={}", u32::MAX, u64::MAX).as_str()
        );
    }

    #[test]
    fn the_older_fields_hold_plain_numbers() {
        let quota = Quota::per_minute(600).unwrap();
        assert_eq!(
            written(HeaderStyle::Legacy, quota),
            [
                pair("ratelimit-limit", "600"),
                pair("ratelimit-remaining", "599"),
                pair("ratelimit-reset", "17"),
            ]
        );
        assert!(written(HeaderStyle::None, quota).is_empty());
    }

    #[test]
    fn several_limits_are_several_lines_of_the_draft_and_one_set_of_the_older_fields() {
        let mut headers = HeaderMap::new();
        for (style, count) in [(HeaderStyle::Draft, 10), (HeaderStyle::Legacy, 10)] {
            for quota in [count, 2 * count].map(|count| Quota::per_second(count).unwrap()) {
                Fields::new(style, "q", quota).write(&mut headers, 1, Duration::ZERO);
            }
        }
        assert_eq!(headers.get_all("ratelimit-policy").iter().count(), 2);
        assert_eq!(headers.get_all("ratelimit").iter().count(), 2);
        assert_eq!(headers.get_all("ratelimit-limit").iter().count(), 1);
        assert_eq!(headers["ratelimit-limit"], "10");
    }
}
