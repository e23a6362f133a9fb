use std::sync::{
    OnceLock,
    atomic::{AtomicU16, AtomicU64, Ordering},
};

use super::{Head, verdicts::Board};
use crate::{
    AddressError, Check, ClientAddr, Clock, Name, Reason, ShortText, Ticks, Timestamp, Verification,
};

/// What all handles of one record share. Every slot is written once.
///
/// It is made in place, and what is a number is an atomic: a record costs its one allocation and
/// few instructions more.
#[derive(Default)]
pub(super) struct Slots {
    /// The bits of the request's id; bytes, which need no padding.
    pub(super) id: [u8; 16],
    /// Written before anybody else sees the record.
    pub(super) start: Option<Start>,
    pub(super) head: Head,
    pub(super) verdicts: Board,
    pub(super) refusal: Decision,
    pub(super) shadow_refusal: Decision,
    pub(super) answered: Decision,
    pub(super) client: OnceLock<ClientAddr>,
    pub(super) address_error: OnceLock<AddressError>,
    pub(super) endpoint: OnceLock<Name>,
    pub(super) provider: OnceLock<Name>,
    /// On the heap, for few requests have one.
    pub(super) verification: OnceLock<Box<Verification>>,
    /// One whose signature covers the body; it says more than one that a token made.
    pub(super) signed_verification: OnceLock<Verification>,
    pub(super) claimed_delivery_id: OnceLock<ShortText>,
    pub(super) body_bytes: Number,
    pub(super) quota: OnceLock<Name>,
    pub(super) secrets_tried: OnceLock<Box<[Name]>>,
    pub(super) verify_nanos: Number,
    pub(super) handler_start: Number,
    pub(super) note: OnceLock<ShortText>,
}

/// When the request's head came, and which clock said so.
pub(super) struct Start {
    pub(super) received_at: Timestamp,
    pub(super) at: Ticks,
    pub(super) clock: Clock,
}

/// A reason and a check, written once.
#[derive(Default)]
pub(super) struct Decision(AtomicU16);

impl Decision {
    /// Of several, the first one stays.
    pub(super) fn set(&self, reason: Reason, check: Check) {
        // Both vocabularies are far smaller than a byte holds; 0 is no reason.
        #[allow(clippy::cast_possible_truncation)]
        let word = (reason.index() as u16 + 1) << 8 | check.index() as u16;
        let swap = (Ordering::AcqRel, Ordering::Relaxed);
        let _first_wins = self.0.compare_exchange(0, word, swap.0, swap.1);
    }

    pub(super) fn get(&self) -> Option<(Reason, Check)> {
        let word = usize::from(self.0.load(Ordering::Acquire));
        let reason = Reason::ALL.get((word >> 8).checked_sub(1)?)?;
        Some((*reason, *Check::ALL.get(word & 0xff)?))
    }
}

/// A number, written once.
pub(super) struct Number(AtomicU64);

/// No number that is told: not of bytes, nor of nanoseconds.
const UNTOLD: u64 = u64::MAX;

impl Number {
    /// Of several, the first one stays.
    pub(super) fn set(&self, number: u64) {
        let swap = (Ordering::AcqRel, Ordering::Relaxed);
        let number = number.min(UNTOLD - 1);
        let _first_wins = self.0.compare_exchange(UNTOLD, number, swap.0, swap.1);
    }

    pub(super) fn get(&self) -> Option<u64> {
        let number = self.0.load(Ordering::Acquire);
        (number != UNTOLD).then_some(number)
    }
}

impl Default for Number {
    fn default() -> Self {
        Self(AtomicU64::new(UNTOLD))
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Number, Slots};
    use crate::{Check, Reason};

    #[test]
    fn every_reason_and_check_comes_back_and_the_first_one_stays() {
        for reason in Reason::ALL {
            for check in Check::ALL {
                let decision = Decision::default();
                assert_eq!(decision.get(), None);
                decision.set(reason, check);
                decision.set(Reason::Ok, Check::Handler);
                assert_eq!(decision.get(), Some((reason, check)));
            }
        }
    }

    #[test]
    fn numbers_come_back_and_the_largest_is_one_less() {
        for (told, kept) in [(0, 0), (7, 7), (u64::MAX, u64::MAX - 1)] {
            let number = Number::default();
            assert_eq!(number.get(), None);
            number.set(told);
            number.set(1);
            assert_eq!(number.get(), Some(kept));
        }
    }

    #[test]
    fn a_record_is_of_a_size_that_allocators_keep_at_hand() {
        // From 1,024 bytes on, glibc's malloc first puts all small free pieces together, which costs
        // 1,500 instructions. The counts of an `Arc` take 16 bytes, and the size of a piece 8.
        assert!(size_of::<Slots>() + 24 < 1024, "{}", size_of::<Slots>());
    }
}
