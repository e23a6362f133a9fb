use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use webhook_core::Ticks;

use crate::denials::later;

/// How many bans are noted within a minute. Strangers cause them, so their number is bounded.
const MOST: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// Bounds how many changes are noted.
#[derive(Default)]
pub(super) struct Notes(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    until: Ticks,
    noted: u32,
    left_out: u64,
}

impl Notes {
    /// Whether a change may be noted now, and how many were left out since the last one that was.
    pub(super) fn next(&self, now: Ticks) -> Option<u64> {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= minute.until {
            minute.until = later(now, MINUTE);
            minute.noted = 0;
        }
        if minute.noted >= MOST {
            minute.left_out = minute.left_out.saturating_add(1);
            return None;
        }
        minute.noted += 1;
        Some(std::mem::take(&mut minute.left_out))
    }
}

#[cfg(test)]
mod tests {
    use webhook_core::Ticks;

    use super::{MOST, Notes};

    #[test]
    fn a_flood_of_bans_is_noted_up_to_a_bound_and_then_counted() {
        let notes = Notes::default();
        let allowed = (0..1000).filter(|_| notes.next(Ticks::from_nanos(1)).is_some());
        assert_eq!(allowed.count(), MOST as usize);
        let later = Ticks::from_nanos(60_000_000_001);
        assert_eq!(notes.next(later), Some(1000 - u64::from(MOST)));
        assert_eq!(notes.next(later), Some(0));
    }
}
