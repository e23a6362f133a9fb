use std::time::Duration;

use webhook_core::Timestamp;

use super::{Edge, Episode};

/// Two for each doubling, up to 8 GiB.
const BUCKETS: usize = 64;
/// Before so many bodies have been seen, none is large.
const WARM_UP: u32 = 100;
/// After so many, all counts are halved, so that the past fades.
const MEMORY: u32 = 10_000;

/// Sizes of bodies, against the p99 of the verified ones before.
#[derive(Debug)]
pub(crate) struct Sizes {
    counts: [u32; BUCKETS],
    total: u32,
    episode: Episode,
    largest: u64,
    threshold: f64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            counts: [0; BUCKETS],
            total: 0,
            episode: Episode::default(),
            largest: 0,
            threshold: 0.0,
        }
    }
}

impl Sizes {
    /// Judges a body, and learns from it where it is a verified delivery's: strangers do not shift
    /// what is usual.
    pub(crate) fn note(
        &mut self,
        bytes: u64,
        is_verified: bool,
        now: Timestamp,
        (factor, minimum): (u32, u64),
    ) -> Option<Edge> {
        let threshold = self.p99().saturating_mul(factor.into()).max(minimum);
        let is_large = self.total >= WARM_UP && bytes > threshold;
        if is_verified {
            self.learn(bytes);
        }
        if !is_large {
            return None;
        }
        self.largest = self.largest.max(bytes);
        self.threshold = double(threshold);
        self.episode
            .sign(now)
            .then(|| Edge::begin(double(bytes), self.threshold))
    }

    pub(crate) fn turn(&mut self, now: Timestamp, quiet: Duration) -> Option<Edge> {
        self.episode.ends_after(quiet, now).then(|| {
            let largest = std::mem::take(&mut self.largest);
            Edge::end(double(largest), self.threshold)
        })
    }

    fn learn(&mut self, bytes: u64) {
        if self.total >= MEMORY {
            self.counts.iter_mut().for_each(|count| *count /= 2);
            self.total = self.counts.iter().sum();
        }
        if let Some(count) = self.counts.get_mut(bucket(bytes)) {
            *count += 1;
            self.total += 1;
        }
    }

    /// The upper bound of the bucket that has 99 of 100 bodies in it or below it.
    fn p99(&self) -> u64 {
        let mut above = 0;
        for (bucket, count) in self.counts.iter().enumerate().rev() {
            above += count;
            if above > self.total / 100 {
                return upper_bound(bucket);
            }
        }
        0
    }
}

/// Twice the binary logarithm, and one more in the upper half of a doubling.
fn bucket(bytes: u64) -> usize {
    let bytes = bytes.max(2);
    let exponent = bytes.ilog2();
    let half = (bytes >> (exponent - 1)) & 1;
    let bucket = u64::from(exponent - 1) * 2 + half;
    usize::try_from(bucket).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

fn upper_bound(bucket: usize) -> u64 {
    let exponent = bucket / 2 + 1;
    let lower = 1_u64 << exponent.min(40);
    let half = lower / 2;
    if bucket.is_multiple_of(2) {
        lower + half
    } else {
        lower + 2 * half
    }
}

/// No body has 2^53 bytes.
#[allow(clippy::cast_precision_loss)]
const fn double(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use webhook_core::Timestamp;

    use super::{BUCKETS, MEMORY, Sizes, WARM_UP, bucket, upper_bound};

    const USUAL: u64 = 1000;
    const MINIMUM: u64 = 64 * 1024;

    /// Whether a body is large where this one is added to what was seen.
    fn is_large(sizes: &mut Sizes, bytes: u64) -> bool {
        let now = Timestamp::from_unix_seconds(0);
        let edge = sizes.note(bytes, true, now, (4, MINIMUM));
        sizes.episode.close();
        edge.is_some()
    }

    fn seen(usual: u32, others: u32, bytes: u64) -> Sizes {
        let mut sizes = Sizes::default();
        (0..usual).for_each(|_| sizes.learn(USUAL));
        (0..others).for_each(|_| sizes.learn(bytes));
        sizes
    }

    #[test]
    fn one_in_a_hundred_does_not_make_large_bodies_usual() {
        let large = 1 << 20;
        assert!(is_large(&mut seen(198, 2, large), large));
        assert!(!is_large(&mut seen(197, 3, large), large));
        assert!(!is_large(&mut seen(200, 0, large), MINIMUM));
        assert!(is_large(&mut seen(200, 0, large), MINIMUM + 1));
        assert!(!is_large(&mut seen(WARM_UP - 1, 0, large), large));
    }

    #[test]
    fn what_is_usual_fades_and_stays_bounded() {
        let mut sizes = seen(MEMORY + 50, 0, 0);
        assert_eq!(sizes.total, MEMORY / 2 + 50);
        assert_eq!(sizes.counts.iter().sum::<u32>(), sizes.total);
        assert!(is_large(&mut sizes, 1 << 20));
    }

    #[test]
    fn a_size_is_below_the_bound_of_its_bucket_and_not_of_the_one_before() {
        for bytes in (2..5000).chain([1 << 20, (1 << 20) + (1 << 19), 1 << 31]) {
            let bucket = bucket(bytes);
            assert!(bytes < upper_bound(bucket), "{bytes}");
            assert!(bucket == 0 || bytes >= upper_bound(bucket - 1), "{bytes}");
        }
        assert_eq!((bucket(0), bucket(u64::MAX)), (0, BUCKETS - 1));
    }
}
