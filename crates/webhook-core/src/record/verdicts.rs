use crate::{
    Check, Verdict,
    sync::{AtomicU64, Ordering},
};

/// What each check found, in one word: four bits for each, all of them 0 where it never ran.
///
/// ```
/// use webhook_core::{Check, Verdict, record::Verdicts};
///
/// let verdicts = Verdicts::default().with(Check::Ip, Verdict::Pass);
/// assert_eq!(verdicts.get(Check::Ip), Some(Verdict::Pass));
/// assert_eq!(verdicts.get(Check::Size), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdicts(u64);

impl Verdicts {
    /// What this check found; `None` where it never ran.
    #[must_use]
    pub const fn get(self, check: Check) -> Option<Verdict> {
        match self.0 >> shift(check) & 0b1111 {
            0b0001 => Some(Verdict::Skipped),
            0b0011 => Some(Verdict::Pass),
            0b0111 => Some(Verdict::ShadowFail),
            0b1111 => Some(Verdict::Fail),
            _ => None,
        }
    }

    /// Adds what a check found; of several verdicts on one check the gravest stays.
    #[must_use]
    pub const fn with(self, check: Check, verdict: Verdict) -> Self {
        Self(self.0 | bits(check, verdict))
    }
}

const fn shift(check: Check) -> usize {
    check.index() * 4
}

/// A graver verdict has the bits of the lighter ones: of several on one check, the gravest stays
/// when they are put together.
const fn bits(check: Check, verdict: Verdict) -> u64 {
    let bits = match verdict {
        Verdict::Skipped => 0b0001,
        Verdict::Pass => 0b0011,
        Verdict::ShadowFail => 0b0111,
        Verdict::Fail => 0b1111,
    };
    bits << shift(check)
}

/// The bit that no check has: the record takes no more notes.
const CLOSED: u64 = 1 << 63;
const _: () = assert!(Check::ALL.len() * 4 < 63);

/// Verdicts that threads share, and whether more are taken.
#[derive(Default)]
pub(super) struct Board(AtomicU64);

impl Board {
    #[inline]
    pub(super) fn set(&self, check: Check, verdict: Verdict) {
        self.add(Verdicts(bits(check, verdict)));
    }

    #[inline]
    pub(super) fn add(&self, verdicts: Verdicts) {
        self.0.fetch_or(verdicts.0, Ordering::AcqRel);
    }

    pub(super) fn all(&self) -> Verdicts {
        Verdicts(self.0.load(Ordering::Acquire) & !CLOSED)
    }

    pub(super) fn close(&self) {
        self.0.fetch_or(CLOSED, Ordering::AcqRel);
    }

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.0.load(Ordering::Relaxed) & CLOSED != 0
    }
}

#[cfg(test)]
mod tests {
    use super::Verdicts;
    use crate::{Check, Verdict};

    #[test]
    fn each_check_has_its_own_verdict_and_the_gravest_stays() {
        let from_light_to_grave = [
            Verdict::Skipped,
            Verdict::Pass,
            Verdict::ShadowFail,
            Verdict::Fail,
        ];
        for check in Check::ALL {
            for (place, light) in from_light_to_grave.into_iter().enumerate() {
                for grave in from_light_to_grave.into_iter().skip(place) {
                    let both = Verdicts::default().with(check, light).with(check, grave);
                    let turned = Verdicts::default().with(check, grave).with(check, light);
                    assert_eq!((both, both.get(check)), (turned, Some(grave)));
                    let others = Check::ALL.into_iter().filter(|other| *other != check);
                    assert!(others.into_iter().all(|other| both.get(other).is_none()));
                }
            }
        }
    }
}
