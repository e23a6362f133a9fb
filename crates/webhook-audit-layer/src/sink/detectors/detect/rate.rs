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

#[cfg(test)]
mod tests {
    use webhook_core::Timestamp;

    use super::{Edge, Rate};

    /// So many requests in this minute, and what was said.
    fn minute(rate: &mut Rate, minute: i64, requests: u32) -> Vec<Edge> {
        let now = Timestamp::from_unix_seconds(minute * 60);
        let said = (0..requests).filter_map(|_| rate.note(now, (5, 100)));
        said.collect()
    }

    fn usual(requests: u32) -> Rate {
        let mut rate = Rate::default();
        let said = (0..12).map(|n| minute(&mut rate, n, requests));
        assert_eq!(said.map(|said| said.len()).sum::<usize>(), 0);
        rate
    }

    #[test]
    fn a_spike_ends_with_a_minute_of_half_of_it() {
        let mut rate = usual(100);
        assert_eq!(minute(&mut rate, 12, 501).len(), 1);
        // What it takes grows with the mean: 654 in the next minute, 728 in the one after.
        assert!(minute(&mut rate, 13, 340).is_empty());
        assert!(minute(&mut rate, 14, 340).is_empty());
        let [end] = minute(&mut rate, 15, 1)[..] else {
            panic!("it is over");
        };
        assert!(end.is_end && (728.0..729.0).contains(&end.threshold));
    }

    #[test]
    fn minutes_of_nothing_make_little_usual() {
        let mut rate = usual(600);
        // Three hours later a twentieth of the mean is left.
        let said = minute(&mut rate, 12 + 180, 200);
        let [begin] = said[..] else {
            panic!("{said:?}");
        };
        assert!(
            !begin.is_end && (140.0..150.0).contains(&begin.threshold),
            "{begin:?}"
        );
    }
}
