use proptest::prelude::*;
use webhook_core::{Clock, Ticks, Timestamp};

use super::Shortage;
use crate::{
    Quota,
    clock::{Moment, Timer},
    table::{Fingerprint, Level, Table},
};

const MINUTE: u64 = 60_000_000_000;

fn all_kinds() -> [Quota; 4] {
    let requests = Quota::per_minute(100).unwrap();
    let bytes = Quota::bytes_per_minute(100).unwrap();
    [
        requests,
        requests.with_fixed_windows().unwrap(),
        bytes,
        bytes.with_fixed_windows().unwrap(),
    ]
}

/// The moment so many nanoseconds after a timer was started 20 s past a minute.
fn after(nanos: u64) -> Moment {
    let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
    hands.set_ticks(Ticks::from_nanos(0));
    let timer = Timer::start(clock);
    hands.set_ticks(Ticks::from_nanos(nanos));
    timer.now()
}

#[test]
fn at_the_end_of_time_and_with_any_word_nothing_overflows_and_the_gate_stays_shut() {
    let ends = [0, 1, MINUTE, u64::MAX / 2, u64::MAX - 1, u64::MAX];
    for quota in all_kinds() {
        for now in ends.map(after) {
            for word in [0, now.ticks, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
                for level in [Level::Own(word), Level::Foreign(word)] {
                    let fill = quota.fill(level, now);
                    assert!(fill.remaining <= quota.burst());
                    for amount in [1, 100, 101, u64::MAX] {
                        let charged = quota.charge(level, now, amount);
                        let is_never = charged == Err(Shortage::Never);
                        assert_eq!(is_never, amount > 100);
                        if let Ok(next) = charged {
                            assert!(next > word.max(now.ticks), "{quota:?} {word} {now:?}");
                            assert!(fill.remaining >= amount);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_table_stops_short_of_the_word_of_a_place_that_is_changing_hands() {
    for quota in all_kinds() {
        let table = Table::new(8);
        let now = after(u64::MAX);
        let charge = || {
            let key = Fingerprint::from_hash(1);
            let charge = |level| quota.charge(level, now, 1);
            table.charge(key, quota.kind(), now.ticks, charge)
        };
        let passed = (0..1000).filter(|_| charge().is_ok()).count();
        assert_eq!(passed, 100, "{quota:?}");
    }
}

#[test]
fn boundaries_are_the_wall_clocks() {
    let now = after(0);
    assert_eq!(now.next_boundary(MINUTE) - now.ticks, 40_000_000_000);
    let later = after(40_000_000_000);
    assert_eq!(later.boundary(later.ticks, MINUTE), later.ticks);
    assert_eq!(later.next_boundary(MINUTE), later.ticks + MINUTE);
    let before = after(39_999_999_999);
    assert_eq!(before.next_boundary(MINUTE), later.ticks);
}

#[test]
fn what_drains_a_bucket_never_overdraws_it() {
    for quota in all_kinds() {
        let now = after(0);
        let next = quota.drain(Level::Own(0), now, 1_000_000).unwrap();
        assert_eq!(quota.fill(Level::Own(next), now).remaining, 0);
        assert_eq!(quota.drain(Level::Own(next), now, 1), None);
        assert!(quota.charge(Level::Own(next), now, 1).is_err());
        let refilled = after(MINUTE);
        assert_eq!(quota.fill(Level::Own(next), refilled).remaining, 100);
        let part = quota.drain(Level::Own(0), now, 30).unwrap();
        assert_eq!(quota.fill(Level::Own(part), now).remaining, 70);
        assert_eq!(quota.drain(Level::Foreign(u64::MAX), now, 1), None);
    }
}

proptest! {
    #[test]
    fn what_is_told_to_remain_can_be_had_and_not_one_more(
        index in 0_usize..4,
        charges in proptest::collection::vec((1_u64..60, 0_u64..20_000), 1..40),
    ) {
        let quota = all_kinds()[index];
        let (mut word, mut ticks) = (0, 0);
        for (amount, millis) in charges {
            ticks += millis * 1_000_000;
            let now = after(ticks);
            let fill = quota.fill(Level::Own(word), now);
            prop_assert_eq!(quota.charge(Level::Own(word), now, fill.remaining + 1).is_err(), true);
            if fill.remaining > 0 {
                prop_assert!(quota.charge(Level::Own(word), now, fill.remaining).is_ok());
            }
            // Full again when it says so, and not before.
            let full = after(ticks + fill.full_in);
            prop_assert_eq!(quota.fill(Level::Own(word), full).remaining, quota.burst());
            match quota.charge(Level::Own(word), now, amount) {
                Ok(next) => word = next,
                Err(Shortage::Wait(wait)) => {
                    let before = after(ticks + wait - 1);
                    prop_assert!(quota.charge(Level::Own(word), before, amount).is_err());
                    let then = after(ticks + wait);
                    prop_assert!(quota.charge(Level::Own(word), then, amount).is_ok());
                }
                Err(Shortage::Never) => prop_assert!(amount > quota.burst()),
            }
        }
    }
}
