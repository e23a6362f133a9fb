//! Every order in which a record's writers and its reader can take their steps, tried by loom.
//!
//! ```sh
//! RUSTFLAGS="--cfg webhook_loom" cargo test -p webhook-core --lib --release model
//! ```
//!
//! One of the threads is the audit layer's, which reads as it does: first why, then what each check
//! found.

use loom::thread;

use super::{DeliveryRecord, RecordPool, RequestId};
use crate::{Check, Clock, Reason, Verdict, Verification};

fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

fn record() -> DeliveryRecord {
    DeliveryRecord::new(RequestId::generate(&Clock::system()))
}

#[test]
fn whoever_sees_a_refusal_sees_that_its_check_failed_and_it_stays() {
    explore(|| {
        let record = record();
        let writers = [
            (Reason::IpDenied, Check::Ip),
            (Reason::SignatureMismatch, Check::Signature),
        ]
        .map(|(reason, check)| {
            let record = record.clone();
            thread::spawn(move || record.set_refusal(reason, check))
        });
        let seen = record.refusal();
        if let Some((_, check)) = seen {
            assert_eq!(record.verdict(check), Some(Verdict::Fail));
        }
        for writer in writers {
            writer.join().unwrap();
        }
        let told = record.refusal().unwrap();
        assert!(seen.is_none_or(|seen| seen == told), "{seen:?} {told:?}");
        for check in [Check::Ip, Check::Signature] {
            assert_eq!(record.verdict(check), Some(Verdict::Fail));
        }
    });
}

#[test]
fn of_verdicts_at_once_the_gravest_stays() {
    explore(|| {
        let record = record();
        let writers = [Verdict::Pass, Verdict::ShadowFail].map(|verdict| {
            let record = record.clone();
            thread::spawn(move || record.set_verdict(Check::RateEndpoint, verdict))
        });
        record.set_verdict(Check::RateEndpoint, Verdict::Fail);
        record.set_verdict(Check::RateEndpoint, Verdict::Skipped);
        assert_eq!(record.verdict(Check::RateEndpoint), Some(Verdict::Fail));
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(record.verdict(Check::RateEndpoint), Some(Verdict::Fail));
    });
}

#[test]
fn a_verification_that_was_told_never_turns_into_a_lesser_one() {
    explore(|| {
        let record = record();
        let writers = [
            Verification::new("token"),
            Verification::new("signature").with_signed_body(),
        ]
        .map(|verification| {
            let record = record.clone();
            thread::spawn(move || record.set_verification(&verification))
        });
        let grade = || {
            let told = record.verification();
            told.map_or(0, |told| 1 + u8::from(told.is_body_signed()))
        };
        let (first, second) = (grade(), grade());
        assert!(first <= second, "{first} {second}");
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(grade(), 2);
    });
}

#[test]
fn a_late_note_is_there_as_a_whole_or_not_at_all() {
    explore(|| {
        let record = record();
        let late = record.clone();
        let writer = thread::spawn(move || {
            late.set_note("of the handler");
            late.set_note("once more");
        });
        let seen = record.note().map(str::to_owned);
        drop(record);
        writer.join().unwrap();
        assert!(seen.is_none_or(|note| note == "of the handler"));
    });
}

#[test]
fn a_record_used_again_shows_nothing_that_a_late_writer_left() {
    explore(|| {
        let (pool, clock) = (RecordPool::default(), Clock::system());
        let begin = |pool: &RecordPool| pool.begin(&clock, |_| {});
        let (told, late) = (begin(&pool), begin(&pool));
        // The audit's thread, with one record whose handler has left a task behind, and with another.
        let of_the_task = told.clone();
        let task = thread::spawn(move || of_the_task.set_note("late"));
        let audit = thread::spawn(move || {
            told.give_back();
            late.give_back();
        });
        let next = [begin(&pool), begin(&pool)];
        for record in &next {
            assert_eq!(record.note(), None);
        }
        let [first, second] = &next;
        first.set_note("first");
        assert_eq!(second.note(), None);
        for thread in [task, audit] {
            thread.join().unwrap();
        }
        assert_eq!((first.note(), second.note()), (Some("first"), None));
    });
}
