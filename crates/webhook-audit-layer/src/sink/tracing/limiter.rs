use std::{
    hash::{BuildHasher as _, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::AuditRecord;

/// How many warnings of refusals there are in a minute, at most.
pub const MAX_WARNINGS_PER_MINUTE: u64 = 128;

/// What was warned of lately is remembered in so many places.
const PLACES: usize = 1024;
const SECONDS_PER_MINUTE: i64 = 60;

/// Says once a minute for each reason and client network that a refusal is worth a warning.
///
/// Its memory is fixed. Where two pairs share a place, each makes the other be said again: a
/// warning too many, within the bound of the minute, and never one too few.
#[derive(Debug)]
pub(super) struct Limiter {
    /// A fingerprint of reason, network and minute; keyed, so that nobody chooses the place.
    said: Box<[AtomicU64]>,
    keys: RandomState,
    /// The minute in the upper 48 bits, its warnings in the lower 16.
    minute: AtomicU64,
    suppressed: AtomicU64,
}

impl Default for Limiter {
    fn default() -> Self {
        Self {
            said: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            keys: RandomState::new(),
            minute: AtomicU64::new(0),
            suppressed: AtomicU64::new(0),
        }
    }
}

impl Limiter {
    /// `Some` where the refusal is worth a warning: how many were not since the last that was.
    pub(super) fn admit(&self, record: &AuditRecord) -> Option<u64> {
        let minute = record
            .received_at
            .unix_seconds()
            .div_euclid(SECONDS_PER_MINUTE);
        let network = record.client.map(|client| client.network());
        // Never 0, which stands in a place where nothing was said.
        let print = self.keys.hash_one((record.reason, network, minute)) | 1;
        if self.is_new(print) && self.has_room(minute) {
            return Some(self.suppressed.swap(0, Ordering::Relaxed));
        }
        self.suppressed.fetch_add(1, Ordering::Relaxed);
        None
    }

    fn is_new(&self, print: u64) -> bool {
        let place = usize::try_from(print >> 32).unwrap_or_default() % PLACES;
        self.said
            .get(place)
            .is_none_or(|said| said.swap(print, Ordering::Relaxed) != print)
    }

    fn has_room(&self, minute: i64) -> bool {
        // Only told apart from its neighbours, so its lower bits are enough.
        #[allow(clippy::cast_sign_loss)]
        let minute = (minute as u64) << 16;
        let count = |state: u64| {
            if state & !0xffff == minute {
                state & 0xffff
            } else {
                0
            }
        };
        self.minute
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| {
                let next = count(state) + 1;
                (next <= MAX_WARNINGS_PER_MINUTE).then_some(minute | next)
            })
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use webhook_core::{ClientAddr, Reason, Timestamp};

    use super::{Limiter, MAX_WARNINGS_PER_MINUTE};
    use crate::{AuditRecord, record::sample};

    fn refusal(reason: Reason, client: &str, second: i64) -> AuditRecord {
        let mut record = sample();
        record.reason = reason;
        record.client = Some(ClientAddr::new(client.parse().unwrap(), None));
        record.received_at = Timestamp::from_unix_seconds(second);
        record
    }

    #[test]
    fn a_reason_of_a_network_is_said_once_a_minute_and_then_counted() {
        let limiter = Limiter::default();
        let admit = |reason, client, second| limiter.admit(&refusal(reason, client, second));
        assert_eq!(admit(Reason::IpDenied, "2001:db8::1", 600), Some(0));
        assert_eq!(admit(Reason::IpDenied, "2001:db8::2", 601), None);
        assert_eq!(admit(Reason::IpDenied, "2001:db8::3", 659), None);
        assert_eq!(admit(Reason::RateLimited, "2001:db8::1", 659), Some(2));
        assert_eq!(admit(Reason::IpDenied, "2001:db8::1", 660), Some(0));
    }

    #[test]
    fn networks_that_come_by_turns_are_said_once_each() {
        let limiter = Limiter::default();
        let mut warnings = 0;
        for n in (0..10).chain(0..10) {
            let record = refusal(Reason::IpDenied, &format!("192.0.2.{n}"), 600);
            warnings += u32::from(limiter.admit(&record).is_some());
        }
        // Two networks can share a place, in which case they take turns there; ten do not.
        assert!((10..20).contains(&warnings), "{warnings}");
    }

    #[test]
    fn a_flood_from_many_networks_is_bounded_in_each_minute() {
        let limiter = Limiter::default();
        for minute in [10, 11] {
            let warnings = (0..10_000_u32)
                .filter(|n| {
                    let client = std::net::Ipv4Addr::from(*n).to_string();
                    let record = refusal(Reason::SignatureMissing, &client, minute * 60);
                    limiter.admit(&record).is_some()
                })
                .count();
            assert_eq!(warnings as u64, MAX_WARNINGS_PER_MINUTE);
        }
        let later = Timestamp::from_unix_seconds(11 * 60).saturating_add(Duration::from_secs(60));
        let mut record = refusal(Reason::SignatureMissing, "192.0.2.1", 0);
        record.received_at = later;
        let suppressed = 2 * (10_000 - MAX_WARNINGS_PER_MINUTE);
        // Those of the first minute came with the first warning of the second.
        let first = 10_000 - MAX_WARNINGS_PER_MINUTE;
        assert_eq!(limiter.admit(&record), Some(suppressed - first));
    }
}
