use webhook_core::Timestamp;

use super::Edge;

const SECONDS_PER_MINUTE: i64 = 60;
/// The mean is that of about so many minutes.
const MEMORY: u32 = 60;
/// Before so many minutes have been seen, nothing is expected.
const WARM_UP: u32 = 10;

/// Requests in a minute, against the mean of the minutes before.
///
/// The mean goes on while a spike lasts, so that a new level becomes the usual one within the hour.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    minute: Option<i64>,
    count: u32,
    mean: f64,
    minutes: u32,
    is_spike: bool,
}

impl Rate {
    /// Counts a request.
    pub(crate) fn note(&mut self, now: Timestamp, (factor, minimum): (u32, u32)) -> Option<Edge> {
        let ended = self.turn(now, (factor, minimum));
        self.count = self.count.saturating_add(1);
        let (count, threshold) = (f64::from(self.count), self.threshold(factor, minimum));
        if !self.is_spike && self.minutes >= WARM_UP && count > threshold {
            self.is_spike = true;
            return Some(Edge::begin(count, threshold));
        }
        ended
    }

    /// Turns to the minute that it is; a spike ends where the last one had half of what it takes.
    pub(crate) fn turn(&mut self, now: Timestamp, (factor, minimum): (u32, u32)) -> Option<Edge> {
        let minute = now.unix_seconds().div_euclid(SECONDS_PER_MINUTE);
        let before = self.minute.replace(minute)?;
        let passed = u32::try_from(minute.saturating_sub(before)).unwrap_or_default();
        let empty = passed.checked_sub(1)?;
        let threshold = self.threshold(factor, minimum);
        let count = std::mem::take(&mut self.count);
        self.learn(f64::from(count), empty);
        let last = if empty > 0 { 0.0 } else { f64::from(count) };
        let is_over = self.is_spike && last * 2.0 <= threshold;
        self.is_spike &= !is_over;
        is_over.then_some(Edge::end(last, threshold))
    }

    fn threshold(&self, factor: u32, minimum: u32) -> f64 {
        (self.mean * f64::from(factor)).max(f64::from(minimum))
    }

    /// The plain mean at first, then one that forgets.
    fn learn(&mut self, count: f64, empty: u32) {
        self.minutes = self.minutes.saturating_add(1);
        let weight = f64::from(self.minutes.min(MEMORY));
        self.mean += (count - self.mean) / weight;
        // Beyond a day of nothing, the mean is nothing.
        let empty_minutes = i32::try_from(empty.min(1440)).unwrap_or(1440);
        self.mean *= (1.0 - 1.0 / f64::from(MEMORY)).powi(empty_minutes);
        self.minutes = self.minutes.saturating_add(empty);
    }
}
