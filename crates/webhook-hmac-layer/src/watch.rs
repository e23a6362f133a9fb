//! What is noticed about the deliveries of one endpoint, for diagnoses.

use std::{
    sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use http::request::Parts;
use webhook_core::{BufferedBody, Timestamp};
use webhook_signature::Verifier;

use crate::diagnosis;

/// How many deliveries in a row make a diagnosis.
const SAMPLE: usize = 20;

/// How many wrong signatures at most are tried once more: an attack costs no more than that.
const MAX_TRIES: usize = 256;

/// How long a secret has to be unused to be spoken of.
const UNUSED: Duration = Duration::from_secs(14 * 86_400);

/// How often unused secrets are looked for, in seconds.
const LOOK: i64 = 3600;

/// Counters, each of which a refused delivery changes and an accepted one only reads. Two
/// deliveries at once may count as one: a diagnosis then waits for the next.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Whether the streaks below are not empty.
    has_streak: AtomicBool,
    /// Wrong signatures in a row that would have been right but for a newline.
    newlines: AtomicUsize,
    tries: AtomicUsize,
    /// Deliveries in a row that were refused for their time, and how far off they were.
    stale: AtomicUsize,
    skews: [AtomicI64; SAMPLE],
    /// Whether it was said that nobody tells the URL.
    said_no_origin: AtomicBool,
    /// When to look for unused secrets again, in seconds since the epoch.
    next_look: AtomicI64,
}

impl Watch {
    /// A delivery was verified: two loads, as a rule.
    pub(crate) fn accepted(&self, verifier: &Verifier, now: Timestamp) {
        if self.has_streak.load(Relaxed) {
            self.has_streak.store(false, Relaxed);
            self.newlines.store(0, Relaxed);
            self.stale.store(0, Relaxed);
        }
        let seconds = now.unix_seconds();
        if seconds >= self.next_look.load(Relaxed) {
            self.next_look.store(seconds.saturating_add(LOOK), Relaxed);
            look(verifier, now);
        }
    }

    /// A signature was wrong.
    pub(crate) fn mismatched(
        &self,
        verifier: &Verifier,
        parts: &Parts,
        body: &BufferedBody,
        now: Timestamp,
    ) {
        if self.tries.load(Relaxed) >= MAX_TRIES || self.tries.fetch_add(1, Relaxed) >= MAX_TRIES {
            return;
        }
        let Some(mistake) = verifier.newline_mistake(parts, body.chunks(), now) else {
            self.newlines.store(0, Relaxed);
            return;
        };
        self.has_streak.store(true, Relaxed);
        if self.newlines.fetch_add(1, Relaxed) + 1 == SAMPLE {
            diagnosis::newline(verifier.scheme().name(), &mistake, SAMPLE);
        }
    }

    /// The URL is signed, and no proxy told it.
    pub(crate) fn no_origin(&self, verifier: &Verifier) {
        if !self.said_no_origin.load(Relaxed) && !self.said_no_origin.swap(true, Relaxed) {
            diagnosis::no_origin(verifier.scheme().name());
        }
    }

    /// A timestamp was too far from the clock.
    pub(crate) fn stale(&self, verifier: &Verifier, parts: &Parts, now: Timestamp) {
        if self.stale.load(Relaxed) >= SAMPLE {
            return;
        }
        let Some(claimed) = verifier.claimed_timestamp(parts) else {
            return;
        };
        self.has_streak.store(true, Relaxed);
        let skew = claimed.unix_seconds().saturating_sub(now.unix_seconds());
        let at = self.stale.fetch_add(1, Relaxed);
        if let Some(place) = self.skews.get(at) {
            place.store(skew, Relaxed);
        }
        if at + 1 == SAMPLE {
            let mut skews = self.skews.each_ref().map(|skew| skew.load(Relaxed));
            skews.sort_unstable();
            let median = skews.get(SAMPLE / 2).copied().unwrap_or_default();
            diagnosis::skew(verifier.scheme().name(), median, SAMPLE);
        }
    }
}

/// Speaks of secrets that are valid and were not used for long, while another one just was.
fn look(verifier: &Verifier, now: Timestamp) {
    for secret in verifier.secret_uses() {
        let is_over = secret.not_after.is_some_and(|last| last < now);
        match secret.unused_for(now) {
            Some(unused) if unused >= UNUSED && !is_over => {
                diagnosis::unused(verifier.scheme().name(), &secret.id, unused);
            }
            _ => {}
        }
    }
}
