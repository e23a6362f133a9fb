//! What a bucket's word says, and what a charge makes of it: the arithmetic of the quotas.
//!
//! GCRA keeps in the word the *theoretical arrival time*: when the bucket is full again if nothing
//! more comes. A fixed window keeps the end of the window plus what was used of it in nanoseconds,
//! one for each: at the end of the window, all of it is past. Both only ever grow with a charge,
//! and both are spent once the time reaches them, which is all that the table wants.

use crate::{Quota, clock::Moment, quota::Pace, table::Level};

/// Why a charge is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shortage {
    /// It can pass after so many nanoseconds.
    Wait(u64),
    /// It is more than the bucket ever holds.
    Never,
}

/// How much of a bucket is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fill {
    pub(crate) remaining: u64,
    /// Nanoseconds until it is full again.
    pub(crate) full_in: u64,
    /// Nanoseconds until a full bucket, or an empty one, gains more.
    pub(crate) more_in: u64,
}

impl Quota {
    /// Takes `amount` out of the bucket: the next word.
    #[inline]
    pub(crate) fn charge(&self, level: Level, now: Moment, amount: u64) -> Result<u64, Shortage> {
        if amount > self.burst() {
            return Err(Shortage::Never);
        }
        let word = match level {
            Level::Own(word) => word,
            Level::Foreign(until) => {
                return Err(Shortage::Wait(until.saturating_sub(now.ticks).max(1)));
            }
        };
        match self.pace() {
            Pace::Even => {
                let next = word.max(now.ticks).saturating_add(self.cost(amount));
                let ahead = next.saturating_sub(now.ticks);
                match ahead.saturating_sub(self.capacity()) {
                    0 => Ok(next),
                    short => Err(Shortage::Wait(short)),
                }
            }
            Pace::Windows => self.charge_window(word, now, amount),
        }
    }

    #[inline(never)]
    fn charge_window(&self, word: u64, now: Moment, amount: u64) -> Result<u64, Shortage> {
        let (end, used) = self.used(word, now);
        match used.checked_add(amount) {
            Some(sum) if sum <= self.count() => Ok(end.saturating_add(sum)),
            _ => Err(Shortage::Wait(end.saturating_sub(now.ticks).max(1))),
        }
    }

    /// Takes up to `amount` out of the bucket, as far as there is something in it; `None` where it
    /// is empty.
    pub(crate) fn drain(&self, level: Level, now: Moment, amount: u64) -> Option<u64> {
        let Level::Own(word) = level else {
            return None;
        };
        match self.pace() {
            Pace::Even => {
                let empty = now.ticks.saturating_add(self.capacity());
                let next = word.max(now.ticks).saturating_add(self.cost(amount));
                (word < empty).then_some(next.min(empty))
            }
            Pace::Windows => {
                let (end, used) = self.used(word, now);
                let sum = used.saturating_add(amount).min(self.count());
                (used < self.count()).then_some(end.saturating_add(sum))
            }
        }
    }

    /// What the bucket holds.
    #[inline]
    pub(crate) fn fill(&self, level: Level, now: Moment) -> Fill {
        match (level, self.pace()) {
            (Level::Foreign(until), _) => {
                let wait = until.saturating_sub(now.ticks);
                Fill {
                    remaining: 0,
                    full_in: wait,
                    more_in: wait,
                }
            }
            (Level::Own(word), Pace::Even) => {
                let debt = word.saturating_sub(now.ticks);
                Fill {
                    remaining: self.worth(self.capacity().saturating_sub(debt)),
                    full_in: debt,
                    more_in: self.cost(1),
                }
            }
            (Level::Own(word), Pace::Windows) => {
                let (end, used) = self.used(word, now);
                let wait = end.saturating_sub(now.ticks);
                Fill {
                    remaining: self.count().saturating_sub(used),
                    full_in: if used == 0 { 0 } else { wait },
                    more_in: wait,
                }
            }
        }
    }

    /// The end of the window that counts, and what is used of it.
    ///
    /// Where the clock steps back into an earlier window, the later one goes on counting.
    fn used(&self, word: u64, now: Moment) -> (u64, u64) {
        let window = self.period_nanos();
        let end = now.next_boundary(window);
        if word <= end {
            return (end, 0);
        }
        // At most `window` is used of a window, so the boundary before the word is its end.
        let of_word = now.boundary(word.saturating_sub(1), window).max(end);
        (of_word, word.saturating_sub(of_word))
    }
}

#[cfg(test)]
#[cfg(not(webhook_loom))]
mod tests;
