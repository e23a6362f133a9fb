use std::num::NonZeroU64;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{Quota, Unit};

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
    /// `webhook-burst` says it. Bytes say `qu="content-bytes"`, permits `qu="concurrent-requests"`
    /// and neither `w` nor `t`. Several quotas give several lines, as the draft has it; a refusal
    /// tells the one that refused.
    #[default]
    Draft,
    /// `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`, as the draft said up to its
    /// version 06: the burst, what is left of it, and in how many seconds there is room for one
    /// more. They can be told for one limit only: an inner one's stay, and of several quotas the first
    /// is told. They have no word for bytes, for permits, or for quotas per endpoint.
    Legacy,
    /// No field at all.
    None,
}

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const LEGACY_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const LEGACY_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const LEGACY_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The largest Integer of [RFC 9651 section 3.3.1](https://www.rfc-editor.org/rfc/rfc9651#section-3.3.1).
const LARGEST: u64 = 999_999_999_999_999;

/// The fields of one quota, as far as they are the same in each response.
#[derive(Clone, Debug)]
pub(crate) enum Fields {
    Draft {
        name: Box<str>,
        /// The item of `RateLimit` up to its first number.
        limit: Box<[u8]>,
        common: Option<Common>,
    },
    Legacy {
        burst: u64,
    },
    None,
}

/// What most deliveries are told: the layer's own quota, and a bucket that was full before them.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    quota: Quota,
    policy: HeaderValue,
    remaining: u64,
    wait: Option<NonZeroU64>,
    /// What says so: a clone of it costs a tenth of writing it.
    limit: HeaderValue,
}

impl Common {
    fn new(name: &str, start: &[u8], quota: Quota) -> Option<Self> {
        let remaining = quota.burst().saturating_sub(1);
        let has_wait = quota.unit() == Unit::Requests && !quota.has_fixed_windows();
        let wait = NonZeroU64::new(quota.cost(1)).filter(|_| has_wait);
        Some(Self {
            quota,
            policy: shared(&policy_value(name, &quota)?),
            remaining,
            wait,
            limit: shared(&limit_value(start, remaining, wait)?),
        })
    }

    /// Whether `limit` says this.
    #[inline]
    fn says(&self, remaining: u64, wait: Option<NonZeroU64>) -> bool {
        (remaining, wait) == (self.remaining, self.wait)
    }
}

/// The value, to be cloned often: a clone's clones need not look how the bytes are held, which is a
/// third of what they cost.
fn shared(value: &HeaderValue) -> HeaderValue {
    value.clone()
}

impl Fields {
    /// `name` holds nothing that would need an escape in a String of RFC 9651. `quota` is that of
    /// most requests, where it is known.
    pub(crate) fn new(style: HeaderStyle, name: &str, quota: Option<Quota>) -> Self {
        match (style, quota) {
            (HeaderStyle::Draft, _) => {
                let limit = format!("\"{name}\";r=").into_bytes();
                Self::Draft {
                    name: name.into(),
                    common: quota.and_then(|quota| Common::new(name, &limit, quota)),
                    limit: limit.into(),
                }
            }
            (HeaderStyle::Legacy, Some(quota)) if quota.unit() == Unit::Requests => Self::Legacy {
                burst: quota.burst(),
            },
            // The older fields have no word for another unit, nor for a quota that varies.
            (HeaderStyle::Legacy | HeaderStyle::None, _) => Self::None,
        }
    }

    pub(crate) const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The policy of a quota that is not the one of most requests.
    #[inline]
    pub(crate) fn other_policy(&self, quota: &Quota) -> Option<Box<HeaderValue>> {
        match self {
            Self::Draft {
                common: Some(common),
                ..
            } if common.quota.has_same_policy(quota) => None,
            Self::Draft { name, .. } => boxed_policy(name, quota),
            Self::Legacy { .. } | Self::None => None,
        }
    }

    /// Tells the sender that `remaining` more could come now, and the next one after `wait`
    /// nanoseconds.
    pub(crate) fn write(
        &self,
        headers: &mut HeaderMap,
        other_policy: Option<&HeaderValue>,
        remaining: u64,
        wait: Option<NonZeroU64>,
    ) {
        match self {
            Self::Draft {
                common: Some(common),
                ..
            } if other_policy.is_none() && common.says(remaining, wait) => {
                headers.append(POLICY, common.policy.clone());
                headers.append(LIMIT, common.limit.clone());
            }
            Self::Draft { limit, common, .. } => {
                let common = common.as_ref().map(|common| &common.policy);
                let limit = limit_value(limit, remaining, wait);
                if let (Some(policy), Some(limit)) = (other_policy.or(common), limit) {
                    headers.append(POLICY, policy.clone());
                    headers.append(LIMIT, limit);
                }
            }
            Self::Legacy { burst } if !headers.contains_key(LEGACY_LIMIT) => {
                let seconds = wait.map_or(1, whole_seconds);
                headers.insert(LEGACY_LIMIT, HeaderValue::from(*burst));
                headers.insert(LEGACY_REMAINING, HeaderValue::from(remaining));
                headers.insert(LEGACY_RESET, HeaderValue::from(seconds));
            }
            Self::Legacy { .. } | Self::None => {}
        }
    }
}

/// So many nanoseconds in whole seconds, rounded up.
const fn whole_seconds(nanos: NonZeroU64) -> u64 {
    nanos.get().div_ceil(1_000_000_000)
}

/// The item of `RateLimit`. It is written on the stack, so that it costs the one allocation of its
/// value, and by hand: formatting costs 800 instructions. A valid name and two numbers always fit,
/// and always make a value.
fn limit_value(start: &[u8], remaining: u64, wait: Option<NonZeroU64>) -> Option<HeaderValue> {
    let mut text = Text::default();
    text.add(start)?;
    text.add_number(remaining)?;
    if let Some(wait) = wait {
        text.add(b";t=")?;
        text.add_number(whole_seconds(wait))?;
    }
    HeaderValue::from_bytes(text.written()?).ok()
}

/// A text that is written on the stack.
struct Text {
    bytes: [u8; 112],
    length: usize,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            bytes: [0; 112],
            length: 0,
        }
    }
}

impl Text {
    fn add(&mut self, more: &[u8]) -> Option<()> {
        let rest = self.bytes.get_mut(self.length..)?;
        rest.get_mut(..more.len())?.copy_from_slice(more);
        self.length += more.len();
        Some(())
    }

    /// The number, and at most [`LARGEST`].
    fn add_number(&mut self, number: u64) -> Option<()> {
        let mut digits = [b'0'; 15];
        let mut rest = number.min(LARGEST);
        let mut first = digits.len() - 1;
        for (place, digit) in digits.iter_mut().enumerate().rev() {
            // The remainder is a digit.
            #[allow(clippy::cast_possible_truncation)]
            let value = (rest % 10) as u8;
            *digit = b'0' + value;
            (rest, first) = (rest / 10, place);
            if rest == 0 {
                break;
            }
        }
        self.add(digits.get(first..)?)
    }

    fn written(&self) -> Option<&[u8]> {
        self.bytes.get(..self.length)
    }
}

#[cold]
fn boxed_policy(name: &str, quota: &Quota) -> Option<Box<HeaderValue>> {
    policy_value(name, quota).map(Box::new)
}

/// The item of `RateLimit-Policy`, serialised as RFC 9651 section 4.1 says: no space after `;`.
/// With a valid name it always makes a value.
fn policy_value(name: &str, quota: &Quota) -> Option<HeaderValue> {
    let [count, burst] = [quota.count(), quota.burst()].map(|number| number.min(LARGEST));
    let window = NonZeroU64::new(quota.period_nanos()).map_or(1, whole_seconds);
    let rate = match quota.unit() {
        Unit::Requests => format!(";w={window}"),
        Unit::Bytes => format!(";w={window};qu=\"content-bytes\""),
        Unit::Concurrent => ";qu=\"concurrent-requests\"".to_owned(),
    };
    let burst = match burst {
        _ if burst == count => String::new(),
        _ => format!(";webhook-burst={burst}"),
    };
    HeaderValue::try_from(format!("\"{name}\";q={count}{rate}{burst}")).ok()
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU64, time::Duration};

    use http::HeaderMap;

    use super::{Fields, HeaderStyle};
    use crate::Quota;

    const SECOND: u64 = 1_000_000_000;

    fn written(style: HeaderStyle, quota: Quota) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        let wait = NonZeroU64::new(16 * SECOND + 1);
        Fields::new(style, "github", Some(quota)).write(&mut headers, None, 599, wait);
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
    fn other_units_are_named_and_permits_have_no_window() {
        let bytes = Quota::bytes_per_minute(1000).unwrap().with_burst(2000);
        assert_eq!(
            written(HeaderStyle::Draft, bytes.unwrap())[0].1,
            "\"github\";q=1000;w=60;qu=\"content-bytes\";webhook-burst=2000"
        );
        let permits = Quota::concurrent(7).unwrap();
        assert_eq!(
            written(HeaderStyle::Draft, permits)[0].1,
            "\"github\";q=7;qu=\"concurrent-requests\""
        );
        assert!(written(HeaderStyle::Legacy, permits).is_empty());
    }

    #[test]
    fn the_longest_name_and_numbers_fit() {
        let name = "n".repeat(64);
        let start = format!("\"{name}\";r=");
        let value = super::limit_value(start.as_bytes(), u64::MAX, NonZeroU64::new(u64::MAX));
        let (most, longest) = ("999999999999999", "18446744074");
        assert_eq!(
            value.unwrap(),
            format!("\"{name}\";r={most};t={longest}").as_str()
        );
    }

    #[test]
    fn numbers_are_written_as_they_are_printed() {
        for number in [0, 1, 9, 10, 99, 100, 4_294_967_295, 999_999_999_999_999] {
            let value = super::limit_value(b"r=", number, None).unwrap();
            assert_eq!(value, format!("r={number}").as_str());
        }
    }

    #[test]
    fn what_most_are_told_is_ready_and_says_what_would_be_written() {
        let quota = Quota::per_minute(600).unwrap();
        let Fields::Draft {
            limit,
            common: Some(common),
            ..
        } = Fields::new(HeaderStyle::Draft, "github", Some(quota))
        else {
            panic!("the draft's fields");
        };
        assert_eq!(common.limit, "\"github\";r=599;t=1");
        let [told, other] = [SECOND / 10, SECOND + 1].map(NonZeroU64::new);
        assert_eq!(
            super::limit_value(&limit, 599, told),
            Some(common.limit.clone())
        );
        assert!(common.says(599, told));
        assert!(!common.says(598, told) && !common.says(599, other) && !common.says(599, None));
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
                let fields = Fields::new(style, "q", Some(quota));
                fields.write(&mut headers, None, 1, NonZeroU64::new(SECOND));
            }
        }
        assert_eq!(headers.get_all("ratelimit-policy").iter().count(), 2);
        assert_eq!(headers.get_all("ratelimit").iter().count(), 2);
        assert_eq!(headers.get_all("ratelimit-limit").iter().count(), 1);
        assert_eq!(headers["ratelimit-limit"], "10");
    }
}
