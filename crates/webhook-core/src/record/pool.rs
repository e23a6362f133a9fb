use std::{fmt, mem, sync::Arc};

use super::{DeliveryRecord, Head, slots::Slots};
use crate::{Clock, sync::Mutex};

/// The most records that a pool keeps at hand; each takes less than 1 KiB.
pub const MAX_POOLED_RECORDS: usize = 1024;

/// Records to be used again, of one audit layer: at most [`MAX_POOLED_RECORDS`], which is 1 MiB.
///
/// A record is made by a request's thread and most often freed by an audit's. That is the slowest
/// way through an allocator, for what one thread frees finds no way back to the other: 600
/// instructions, in place of which one that was [given back](DeliveryRecord::give_back) takes 60.
///
/// It has none to begin with, and grows by what it is given. A request never waits for it: where
/// another one just looks into it, a new record is made.
#[derive(Clone, Default)]
pub struct RecordPool(Arc<Pool>);

/// Records in the state in which they are made.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Arc<Slots>>>);

impl RecordPool {
    /// As [`DeliveryRecord::begin`], with a record that was used before, where there is one.
    #[must_use]
    #[inline]
    pub fn begin(&self, clock: &Clock, fill: impl FnOnce(&mut Head)) -> DeliveryRecord {
        DeliveryRecord::begun(self.take(), clock, fill)
    }

    fn take(&self) -> Arc<Slots> {
        let spare = self.0.0.try_lock().ok().and_then(|mut all| all.pop());
        spare.unwrap_or_else(|| self.make())
    }

    #[cold]
    fn make(&self) -> Arc<Slots> {
        let mut slots = Arc::<Slots>::default();
        if let Some(slots) = Arc::get_mut(&mut slots) {
            slots.home = Arc::downgrade(&self.0);
        }
        slots
    }
}

impl Pool {
    /// Keeps a record that nobody else has a handle on, and that is of a pool that has room.
    pub(super) fn keep(mut slots: Arc<Slots>) {
        let Some(own) = Arc::get_mut(&mut slots) else {
            return;
        };
        let Some(pool) = own.home.upgrade() else {
            return;
        };
        // As a whole, so that no slot can be forgotten: nothing of the delivery before is left.
        let home = mem::take(&mut own.home);
        *own = Slots {
            home,
            ..Slots::default()
        };
        if let Ok(mut all) = pool.0.lock()
            && all.len() < MAX_POOLED_RECORDS
        {
            all.push(slots);
        }
    }
}

impl fmt::Debug for RecordPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordPool").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{MAX_POOLED_RECORDS, RecordPool};
    use crate::{
        AddressError, Check, ClientAddr, Clock, DeliveryRecord, Name, PeerAddr, Reason, Ticks,
        Timestamp, Verdict, Verification,
        record::{BodyDigest, HeadText, Verdicts},
    };

    const TEXTS: [HeadText; 4] = [
        HeadText::Method,
        HeadText::Path,
        HeadText::Route,
        HeadText::UserAgent,
    ];

    fn begin(pool: &RecordPool) -> DeliveryRecord {
        pool.begin(&Clock::system(), |_| {})
    }

    fn place(record: &DeliveryRecord) -> *const () {
        Arc::as_ptr(record.0.as_ref().unwrap()).cast()
    }

    fn at_hand(pool: &RecordPool) -> usize {
        pool.0.0.lock().unwrap().len()
    }

    /// A record with something in each of its slots.
    fn full(pool: &RecordPool) -> DeliveryRecord {
        let record = pool.begin(&Clock::system(), |head| {
            for which in TEXTS {
                head.copy(which, &[b'x'; 100]);
            }
            head.scheme = Some("https");
            head.version = http::Version::HTTP_2;
            head.peer = Some(PeerAddr::Unix);
            (head.is_grpc, head.accepts_text) = (true, true);
        });
        let name = Name::from("tenant-7".to_owned());
        for check in Check::ALL {
            record.set_verdict(check, Verdict::ShadowFail);
        }
        record.set_refusal(Reason::IpDenied, Check::Ip);
        record.set_shadow_refusal(Reason::AuthMissing, Check::Token);
        record.set_answered(Reason::Duplicate, Check::Replay);
        record.set_client(ClientAddr::new([192, 0, 2, 1].into(), Some(443)));
        record.set_address_error(AddressError::NoPeer);
        record.set_endpoint(&name);
        record.set_provider(&name);
        record.set_verification(&Verification::new("token"));
        record.set_verification(&Verification::new("signature").with_signed_body());
        record.set_claimed_delivery_id("id".into());
        record.set_body_bytes(1);
        record.set_body_digest(BodyDigest::from_bytes([1; BodyDigest::BYTES]));
        record.set_quota(&name);
        record.set_secrets_tried(vec![name]);
        record.set_verify_time(1);
        record.set_handler_start(Ticks::from_nanos(1));
        record.set_note("note");
        record.close();
        record
    }

    #[test]
    fn a_record_that_is_used_again_shows_nothing_of_the_delivery_before() {
        let pool = RecordPool::default();
        let before = full(&pool);
        let (used, id) = (place(&before), before.id());
        before.give_back();
        assert_eq!(at_hand(&pool), 1);

        let (clock, _hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
        let record = pool.begin(&clock, |head| head.copy(HeadText::Path, b"/a"));
        assert_eq!((place(&record), at_hand(&pool)), (used, 0));
        assert_ne!(record.id(), id);
        assert_eq!(record.received_at(), Some(clock.now()));
        assert_eq!(record.started_at(), Some(clock.ticks()));
        assert_eq!(record.latest(&clock), Some(clock.ticks()));

        let head = record.head().unwrap();
        let texts = TEXTS.map(|which| head.text(which));
        assert_eq!(texts, [None, Some(&b"/a"[..]), None, None]);
        assert_eq!((head.scheme, head.peer), (None, None));
        assert_eq!(head.version, http::Version::default());
        assert!(!head.is_grpc && !head.accepts_text);

        assert_eq!(record.verdicts(), Verdicts::default());
        assert_eq!((record.refusal(), record.shadow_refusal()), (None, None));
        assert_eq!(record.answered(), None);
        assert_eq!((record.client(), record.address_error()), (None, None));
        assert_eq!((record.endpoint(), record.provider()), (None, None));
        assert_eq!(record.taken_verification(true), None);
        assert_eq!(record.taken_verification(false), None);
        assert_eq!(record.claimed_delivery_id(), None);
        assert_eq!((record.body_bytes(), record.body_digest()), (None, None));
        assert_eq!(record.quota(), None);
        assert!(record.secrets_tried().is_empty());
        assert_eq!((record.verify_time(), record.handler_start()), (None, None));
        assert_eq!(record.note(), None);
        // And it is open.
        record.set_note("new");
        assert_eq!(record.note(), Some("new"));
    }

    #[test]
    fn a_record_that_somebody_has_a_handle_on_is_not_used_again() {
        let pool = RecordPool::default();
        let record = begin(&pool);
        let held = record.clone();
        held.set_note("kept");
        record.give_back();
        assert_eq!(at_hand(&pool), 0);
        assert_ne!(place(&begin(&pool)), place(&held));
        assert_eq!(held.note(), Some("kept"));
        held.give_back();
        assert_eq!(at_hand(&pool), 1);
    }

    #[test]
    fn a_pool_keeps_so_many_and_no_more() {
        let pool = RecordPool::default();
        let records: Vec<_> = (0..=MAX_POOLED_RECORDS).map(|_| begin(&pool)).collect();
        records.into_iter().for_each(DeliveryRecord::give_back);
        assert_eq!(at_hand(&pool), MAX_POOLED_RECORDS);
        drop(begin(&pool));
        assert_eq!(at_hand(&pool), MAX_POOLED_RECORDS - 1);
    }

    #[test]
    fn a_record_goes_to_its_own_pool_or_to_none() {
        let (pool, other) = (RecordPool::default(), RecordPool::default());
        begin(&other).give_back();
        DeliveryRecord::begin(&Clock::system(), |_| {}).give_back();
        DeliveryRecord::default().give_back();
        assert_eq!((at_hand(&pool), at_hand(&other)), (0, 1));
        let orphan = begin(&pool);
        drop(pool);
        orphan.give_back();
    }
}
