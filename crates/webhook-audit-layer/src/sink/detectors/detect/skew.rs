use std::time::Duration;

use webhook_core::Timestamp;

use super::Edge;

const SAMPLES: usize = 64;
/// Before so many have been seen, there is no median.
const WARM_UP: usize = 16;
/// The median is looked for after so many more.
const STEP: usize = 8;

/// The sender's signed times less this clock's, in milliseconds: the median of the last 64.
#[derive(Debug, Default)]
pub(crate) struct Skew {
    samples: Vec<i64>,
    next: usize,
    is_open: bool,
}

impl Skew {
    /// Notes the signed time of a verified delivery.
    pub(crate) fn note(
        &mut self,
        signed_at: Timestamp,
        now: Timestamp,
        limit: Duration,
    ) -> Option<Edge> {
        let skew = signed_at.unix_millis().saturating_sub(now.unix_millis());
        match self.samples.get_mut(self.next) {
            Some(oldest) => *oldest = skew,
            None => self.samples.push(skew),
        }
        self.next = (self.next + 1) % SAMPLES;
        if self.samples.len() < WARM_UP || !self.next.is_multiple_of(STEP) {
            return None;
        }
        self.judge(self.median()?, limit.as_secs_f64())
    }

    /// It ends where the median is within half of the limit.
    fn judge(&mut self, median: f64, limit: f64) -> Option<Edge> {
        if self.is_open && median.abs() * 2.0 <= limit {
            self.is_open = false;
            return Some(Edge::end(median, limit));
        }
        if !self.is_open && median.abs() > limit {
            self.is_open = true;
            return Some(Edge::begin(median, limit));
        }
        None
    }

    /// In seconds.
    fn median(&self) -> Option<f64> {
        let mut sorted = self.samples.clone();
        sorted.sort_unstable();
        let millis = *sorted.get(sorted.len() / 2)?;
        // Within the tolerance, which is far below 2^53 ms.
        #[allow(clippy::cast_precision_loss)]
        Some(millis as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use webhook_core::Timestamp;

    use super::{SAMPLES, STEP, Skew, WARM_UP};

    const LIMIT: Duration = Duration::from_secs(60);

    fn note(skew: &mut Skew, seconds: i64) -> Option<bool> {
        let now = Timestamp::from_unix_seconds(1_700_000_000);
        let signed_at = Timestamp::from_unix_seconds(1_700_000_000 + seconds);
        skew.note(signed_at, now, LIMIT).map(|edge| edge.is_end)
    }

    #[test]
    fn it_begins_with_enough_samples_beyond_the_limit_and_ends_within_half_of_it() {
        let mut skew = Skew::default();
        let said: Vec<_> = (0..WARM_UP).map(|_| note(&mut skew, -61)).collect();
        assert_eq!(said.iter().position(Option::is_some), Some(WARM_UP - 1));
        assert_eq!(said[WARM_UP - 1], Some(false));
        assert!((0..SAMPLES).all(|_| note(&mut skew, -31).is_none()));
        let said: Vec<_> = (0..SAMPLES).filter_map(|_| note(&mut skew, -30)).collect();
        assert_eq!(said, [true]);
        assert!((0..SAMPLES).all(|_| note(&mut skew, 60).is_none()));
    }

    #[test]
    fn the_last_samples_alone_are_kept() {
        let mut skew = Skew::default();
        (0..SAMPLES * 2 + STEP).for_each(|n| {
            note(&mut skew, i64::try_from(n).unwrap());
        });
        assert_eq!(skew.samples.len(), SAMPLES);
        let oldest = i64::try_from(SAMPLES + STEP).unwrap() * 1000;
        assert_eq!(skew.samples.iter().min(), Some(&oldest));
    }
}
