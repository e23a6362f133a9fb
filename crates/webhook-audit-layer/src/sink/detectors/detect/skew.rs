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
