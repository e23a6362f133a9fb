//! The delivery record: what became of one request, gathered while it passes the layers.
//!
//! The audit layer makes a record, puts a handle into the request's [`Facts`](crate::Facts) and
//! keeps another. Layers and the handler write to it; each slot is written once and the first
//! writer wins. Where no audit layer is, the handle forgets everything and costs nothing.

mod begin;
mod digest;
mod head;
mod id;
#[cfg(all(test, webhook_loom))]
mod model;
mod pool;
mod slots;
mod verdicts;

use std::{fmt, sync::Arc};

use self::slots::Slots;
pub use self::{
    digest::BodyDigest,
    head::{Head, HeadText, MAX_HEAD_TEXT_BYTES},
    id::RequestId,
    pool::{MAX_POOLED_RECORDS, RecordPool},
    verdicts::Verdicts,
};
use crate::{
    AddressError, Check, ClientAddr, Clock, Name, Reason, ShortText, Ticks, Timestamp, Verdict,
    Verification, sync::OnceLock,
};

/// The most bytes of a handler's note that are kept.
pub const MAX_NOTE_BYTES: usize = 256;

/// A handle on the record of one request; see the [module](self).
#[derive(Clone, Default)]
pub struct DeliveryRecord(Option<Arc<Slots>>);

impl DeliveryRecord {
    /// Whether anything written here is kept.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// The request's id: the `instance` of a problem document, and the `id` of the record.
    #[must_use]
    pub fn id(&self) -> Option<RequestId> {
        let slots = self.slots()?;
        Some(match &slots.start {
            Some(start) => RequestId::of(start.received_at, start.count),
            None => RequestId(u128::from_ne_bytes(slots.id)),
        })
    }

    /// What was copied of the request's head; `None` where the record was not [begun](Self::begin)
    /// with one.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        let slots = self.slots()?;
        slots.start.is_some().then_some(&slots.head)
    }

    /// When the request's head came, by the wall clock.
    #[must_use]
    pub fn received_at(&self) -> Option<Timestamp> {
        Some(self.slots()?.start.as_ref()?.received_at)
    }

    /// When the request's head came, by the monotonic clock.
    #[must_use]
    pub fn started_at(&self) -> Option<Ticks> {
        Some(self.slots()?.start.as_ref()?.at)
    }

    /// The latest time that the record knows by this clock: when the handler was called, else when
    /// the request's head came. `None` where nobody keeps a record, or by another clock. For layers
    /// that need a time and can do with one that was read a moment ago.
    #[must_use]
    pub fn latest(&self, clock: &Clock) -> Option<Ticks> {
        let slots = self.slots()?;
        let start = slots.start.as_ref()?;
        let handler = slots
            .handler_start
            .get()
            .map_or(start.at, Ticks::from_nanos);
        start.clock.is(clock).then(|| handler.max(start.at))
    }

    /// The wall time and the monotonic time of now, with one look at the clock: the wall time is that
    /// of the record's beginning and the monotonic time since. `None` where nobody keeps a record, or
    /// it began by another clock.
    #[must_use]
    #[inline]
    pub fn now(&self, clock: &Clock) -> Option<(Timestamp, Ticks)> {
        let start = self.slots()?.start.as_ref()?;
        start.clock.is(clock).then(|| {
            let ticks = clock.ticks();
            let passed = ticks.since(start.at);
            (start.received_at.saturating_add(passed), ticks)
        })
    }

    /// Takes no more notes: the request has ended, and its record is told. Only for the audit layer.
    pub fn close(&self) {
        if let Some(slots) = self.slots() {
            slots.verdicts.close();
        }
    }

    /// Notes what a check found. Where several layers make the same check, the gravest verdict stays.
    #[inline]
    pub fn set_verdict(&self, check: Check, verdict: Verdict) {
        self.once(|slots| slots.verdicts.set(check, verdict));
    }

    /// Notes what several checks found, at once.
    #[inline]
    pub fn add_verdicts(&self, verdicts: Verdicts) {
        self.once(|slots| slots.verdicts.add(verdicts));
    }

    /// What a check found; `None` where it never ran.
    #[must_use]
    pub fn verdict(&self, check: Check) -> Option<Verdict> {
        self.verdicts().get(check)
    }

    /// What all checks found.
    #[must_use]
    pub fn verdicts(&self) -> Verdicts {
        let slots = self.slots();
        slots.map_or_else(Verdicts::default, |slots| slots.verdicts.all())
    }

    /// Notes that a check refused the request, and marks its verdict.
    pub fn set_refusal(&self, reason: Reason, check: Check) {
        self.once(|slots| {
            slots.verdicts.set(check, Verdict::Fail);
            slots.refusal.set(reason, check);
        });
    }

    /// Why, and by which check, the request was refused.
    #[must_use]
    pub fn refusal(&self) -> Option<(Reason, Check)> {
        self.slots()?.refusal.get()
    }

    /// Notes that a check in shadow mode would have refused the request, and marks its verdict.
    pub fn set_shadow_refusal(&self, reason: Reason, check: Check) {
        self.once(|slots| {
            slots.verdicts.set(check, Verdict::ShadowFail);
            slots.shadow_refusal.set(reason, check);
        });
    }

    /// Why, and by which check, the request would first have been refused outside shadow mode.
    #[must_use]
    pub fn shadow_refusal(&self) -> Option<(Reason, Check)> {
        self.slots()?.shadow_refusal.get()
    }

    /// Notes that a check answered the delivery in the handler's place, and that it counts as
    /// accepted: for [`Reason::Duplicate`]. The check's verdict is that it passed.
    pub fn set_answered(&self, reason: Reason, check: Check) {
        self.once(|slots| {
            slots.verdicts.set(check, Verdict::Pass);
            slots.answered.set(reason, check);
        });
    }

    /// Why, and by which check, the delivery was answered without the handler.
    #[must_use]
    pub fn answered(&self) -> Option<(Reason, Check)> {
        self.slots()?.answered.get()
    }

    /// Notes the client address.
    #[inline]
    pub fn set_client(&self, client: ClientAddr) {
        self.once(|slots| slots.client.set(client));
    }

    /// The client address.
    #[must_use]
    pub fn client(&self) -> Option<ClientAddr> {
        self.slots()?.client.get()
    }

    /// Notes why the client address cannot be told.
    pub fn set_address_error(&self, error: AddressError) {
        self.once(|slots| first(&slots.address_error, error));
    }

    /// Why the client address cannot be told.
    #[must_use]
    pub fn address_error(&self) -> Option<AddressError> {
        self.slots()?.address_error.get().copied()
    }

    /// Notes the endpoint.
    pub fn set_endpoint(&self, name: &Name) {
        self.once(|slots| first(&slots.endpoint, name.clone()));
    }

    /// The endpoint.
    #[must_use]
    pub fn endpoint(&self) -> Option<&Name> {
        self.slots()?.endpoint.get()
    }

    /// Notes the provider whose deliveries the endpoint takes, verified or not.
    pub fn set_provider(&self, name: &Name) {
        self.once(|slots| first(&slots.provider, name.clone()));
    }

    /// The provider whose deliveries the endpoint takes.
    #[must_use]
    pub fn provider(&self) -> Option<&Name> {
        self.slots()?.provider.get()
    }

    /// Notes what the delivery was verified to be. One whose signature covers the body says more
    /// than one that a token made, and is the one that is told.
    pub fn set_verification(&self, verification: &Verification) {
        self.once(|slots| {
            if slots.verification(verification.is_body_signed()).is_none() {
                slots.take_verification(&mut Some(verification.clone()));
            }
        });
    }

    /// As [`set_verification`](Self::set_verification), without a copy: leaves what finds no place
    /// where it is.
    #[inline]
    pub(crate) fn take_verification(&self, from: &mut Option<Verification>) {
        self.once(|slots| slots.take_verification(from));
    }

    /// What [`take_verification`](Self::take_verification) took.
    pub(crate) fn taken_verification(&self, is_body_signed: bool) -> Option<&Verification> {
        self.slots()?.verification(is_body_signed)
    }

    /// What the delivery was verified to be.
    #[must_use]
    pub fn verification(&self) -> Option<&Verification> {
        let slots = self.slots()?;
        slots
            .verification(true)
            .or_else(|| slots.verification(false))
    }

    /// Notes the delivery id that an unverified request claims; it proves nothing.
    pub fn set_claimed_delivery_id(&self, id: ShortText) {
        self.once(|slots| first(&slots.claimed_delivery_id, id));
    }

    /// The delivery id that an unverified request claims.
    #[must_use]
    pub fn claimed_delivery_id(&self) -> Option<&ShortText> {
        self.slots()?.claimed_delivery_id.get()
    }

    /// Notes how many bytes of the body were received.
    #[inline]
    pub fn set_body_bytes(&self, bytes: u64) {
        self.once(|slots| slots.body_bytes.set(bytes));
    }

    /// How many bytes of the body were received; `None` where no layer read it.
    #[must_use]
    pub fn body_bytes(&self) -> Option<u64> {
        self.slots()?.body_bytes.get()
    }

    /// Notes the keyed digest of the body that was received.
    pub fn set_body_digest(&self, digest: BodyDigest) {
        self.once(|slots| first(&slots.body_digest, digest));
    }

    /// The keyed digest of the body that was received; `None` unless a layer was asked for it.
    #[must_use]
    pub fn body_digest(&self) -> Option<BodyDigest> {
        self.slots()?.body_digest.get().copied()
    }

    /// Notes the name of the quota that refused the request.
    pub fn set_quota(&self, name: &Name) {
        self.once(|slots| first(&slots.quota, name.clone()));
    }

    /// The quota that refused the request.
    #[must_use]
    pub fn quota(&self) -> Option<&Name> {
        self.slots()?.quota.get()
    }

    /// Notes the ids of the secrets that were tried on a signature that none of them made.
    pub fn set_secrets_tried(&self, ids: Vec<Name>) {
        self.once(|slots| first(&slots.secrets_tried, ids.into()));
    }

    /// The ids of the secrets that were tried in vain.
    #[must_use]
    pub fn secrets_tried(&self) -> &[Name] {
        self.slots()
            .and_then(|slots| slots.secrets_tried.get())
            .map_or(&[], |ids| ids)
    }

    /// Notes how long verification took: header checks and hashing, not the wait for the body.
    #[inline]
    pub fn set_verify_time(&self, nanos: u64) {
        self.once(|slots| slots.verify_nanos.set(nanos));
    }

    /// How many nanoseconds verification took.
    #[must_use]
    pub fn verify_time(&self) -> Option<u64> {
        self.slots()?.verify_nanos.get()
    }

    /// Notes when the innermost layer called the handler.
    #[inline]
    pub fn set_handler_start(&self, at: Ticks) {
        self.once(|slots| slots.handler_start.set(at.as_nanos()));
    }

    /// When the innermost layer called the handler.
    #[must_use]
    pub fn handler_start(&self) -> Option<Ticks> {
        self.slots()?.handler_start.get().map(Ticks::from_nanos)
    }

    /// Adds the handler's own note, such as its order number: the first one counts, and at most
    /// [`MAX_NOTE_BYTES`] bytes of it. Keep secrets and personal data out of it.
    pub fn set_note(&self, note: &str) {
        self.once(|slots| first(&slots.note, ShortText::cut(note, MAX_NOTE_BYTES)));
    }

    /// The handler's own note.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.slots()?.note.get().map(ShortText::as_str)
    }

    fn slots(&self) -> Option<&Slots> {
        self.0.as_deref()
    }

    /// Writes, unless the record is closed.
    #[inline]
    fn once(&self, write: impl FnOnce(&Slots)) {
        if let Some(slots) = self.slots()
            && !slots.verdicts.is_closed()
        {
            write(slots);
        }
    }
}

/// Of several, the first one stays.
fn first<T>(slot: &OnceLock<T>, value: T) {
    let _first_wins = slot.set(value);
}

impl fmt::Debug for DeliveryRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id() {
            Some(id) => write!(f, "DeliveryRecord({id})"),
            None => f.write_str("DeliveryRecord(not kept)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyDigest, DeliveryRecord, HeadText, MAX_NOTE_BYTES, RequestId, Verdicts};
    use crate::{
        AddressError, Check, ClientAddr, Clock, Name, Reason, ShortText, Ticks, Timestamp, Verdict,
        Verification,
    };

    fn record() -> DeliveryRecord {
        DeliveryRecord::new(RequestId::generate(&Clock::system()))
    }

    #[test]
    fn the_first_refusal_wins_and_marks_its_check() {
        let record = record();
        let other_handle = record.clone();
        record.set_refusal(Reason::IpDenied, Check::Ip);
        other_handle.set_refusal(Reason::SignatureMissing, Check::Signature);
        assert_eq!(other_handle.refusal(), Some((Reason::IpDenied, Check::Ip)));
        assert_eq!(record.verdict(Check::Ip), Some(Verdict::Fail));
        assert_eq!(record.verdict(Check::Replay), None);
    }

    #[test]
    fn the_gravest_verdict_on_a_check_stays() {
        let record = record();
        for verdict in [Verdict::ShadowFail, Verdict::Pass, Verdict::Skipped] {
            record.set_verdict(Check::RateEndpoint, verdict);
        }
        assert_eq!(
            record.verdict(Check::RateEndpoint),
            Some(Verdict::ShadowFail)
        );
        record.set_refusal(Reason::RateLimited, Check::RateEndpoint);
        assert_eq!(record.verdict(Check::RateEndpoint), Some(Verdict::Fail));
    }

    #[test]
    fn verdicts_that_are_noted_at_once_are_told_like_others_until_the_record_is_closed() {
        let record = record();
        record.set_verdict(Check::Encoding, Verdict::Fail);
        let passed = Verdicts::default()
            .with(Check::Method, Verdict::Pass)
            .with(Check::Encoding, Verdict::Pass);
        record.add_verdicts(passed);
        assert_eq!(record.verdict(Check::Method), Some(Verdict::Pass));
        assert_eq!(record.verdict(Check::Encoding), Some(Verdict::Fail));
        record.close();
        record.add_verdicts(Verdicts::default().with(Check::Size, Verdict::Pass));
        assert_eq!(record.verdict(Check::Size), None);
    }

    #[test]
    fn an_answer_in_the_handlers_place_is_no_refusal() {
        let record = record();
        record.set_answered(Reason::Duplicate, Check::Replay);
        record.set_answered(Reason::Ok, Check::Handler);
        assert_eq!(record.answered(), Some((Reason::Duplicate, Check::Replay)));
        assert_eq!(record.verdict(Check::Replay), Some(Verdict::Pass));
        assert_eq!(record.refusal(), None);
    }

    #[test]
    fn a_signature_says_more_than_a_token() {
        let record = record();
        record.set_verification(&Verification::new("token"));
        assert_eq!(record.verification().unwrap().provider().as_str(), "token");
        record.set_verification(&Verification::new("signature").with_signed_body());
        assert_eq!(
            record.verification().unwrap().provider().as_str(),
            "signature"
        );
    }

    #[test]
    fn a_record_that_nobody_keeps_forgets() {
        let record = DeliveryRecord::default();
        record.set_refusal(Reason::IpDenied, Check::Ip);
        record.set_note("lost");
        assert_eq!(
            (record.refusal(), record.note(), record.id()),
            (None, None, None)
        );
        assert!(!record.is_kept());
    }

    #[test]
    fn a_record_begins_with_its_head_and_knows_the_time_of_its_own_clock_alone() {
        let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
        let record = DeliveryRecord::begin(&clock, |head| head.copy(HeadText::Method, b"POST"));
        let method = record.head().unwrap().text(HeadText::Method);
        assert_eq!(method, Some(&b"POST"[..]));
        assert_eq!(record.received_at(), Some(clock.now()));
        assert_eq!(record.latest(&clock), Some(clock.ticks()));
        hands.advance(std::time::Duration::from_secs(1));
        record.set_handler_start(clock.ticks());
        assert_eq!(record.latest(&clock), Some(clock.ticks()));
        assert!(record.started_at() < record.latest(&clock));
        assert_eq!(record.latest(&Clock::system()), None);
        assert_eq!(record.latest(&Clock::manual(clock.now()).0), None);
        assert_eq!(DeliveryRecord::default().latest(&clock), None);
        assert_eq!(record.now(&clock), Some((clock.now(), clock.ticks())));
        // A wall clock that was set is not believed in the middle of a request.
        let now = clock.now();
        hands.set_wall(Timestamp::from_unix_seconds(0));
        assert_eq!(record.now(&clock), Some((now, clock.ticks())));
        assert_eq!(record.now(&Clock::system()), None);
        assert_eq!(DeliveryRecord::default().now(&clock), None);
    }

    #[test]
    fn what_was_told_first_comes_back() {
        let (clock, _hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
        let record = DeliveryRecord::begin(&clock, |_| {});
        assert!(record.is_kept());
        assert_eq!(record.started_at(), Some(clock.ticks()));
        let client = |last| ClientAddr::new([192, 0, 2, last].into(), Some(443));
        for last in 1..3_u8 {
            let name = Name::from(format!("name {last}"));
            record.set_client(client(last));
            record.set_endpoint(&name);
            record.set_provider(&name);
            record.set_quota(&name);
            record.set_secrets_tried(vec![name]);
            record.set_claimed_delivery_id(ShortText::new(&format!("id {last}")));
            record.set_body_bytes(10 + u64::from(last));
            record.set_body_digest(BodyDigest::from_bytes([last; BodyDigest::BYTES]));
            record.set_verify_time(20 + u64::from(last));
            record.set_handler_start(Ticks::from_nanos(30 + u64::from(last)));
        }
        for error in [AddressError::NoPeer, AddressError::UnknownHop] {
            record.set_address_error(error);
        }
        for check in [Check::Token, Check::Ip] {
            record.set_shadow_refusal(Reason::AuthMissing, check);
        }

        let name = Name::from_static("name 1");
        assert_eq!(record.client(), Some(client(1)));
        assert_eq!(record.endpoint(), Some(&name));
        assert_eq!(record.provider(), Some(&name));
        assert_eq!(record.quota(), Some(&name));
        assert_eq!(record.secrets_tried(), [name]);
        assert_eq!(record.claimed_delivery_id(), Some(&"id 1".into()));
        assert_eq!(record.body_bytes(), Some(11));
        let digest = BodyDigest::from_bytes([1; BodyDigest::BYTES]);
        assert_eq!(record.body_digest(), Some(digest));
        assert_eq!(record.verify_time(), Some(21));
        assert_eq!(record.handler_start(), Some(Ticks::from_nanos(31)));
        assert_eq!(record.address_error(), Some(AddressError::NoPeer));
        let refusal = (Reason::AuthMissing, Check::Token);
        assert_eq!(record.shadow_refusal(), Some(refusal));
        assert_eq!(record.verdict(Check::Token), Some(Verdict::ShadowFail));
    }

    #[test]
    fn a_closed_record_takes_no_more_notes() {
        let record = record();
        record.set_verdict(Check::Ip, Verdict::Pass);
        record.close();
        record.set_refusal(Reason::IpDenied, Check::Ip);
        record.set_note("too late");
        record.set_verification(&Verification::new("github"));
        assert_eq!(record.verdict(Check::Ip), Some(Verdict::Pass));
        assert_eq!((record.refusal(), record.note()), (None, None));
        assert_eq!(record.verification(), None);
    }

    #[test]
    fn a_note_is_cut_between_characters() {
        let record = record();
        record.set_note(&"é".repeat(MAX_NOTE_BYTES));
        assert_eq!(record.note().unwrap().len(), MAX_NOTE_BYTES);
        record.set_note("too late");
        assert!(record.note().unwrap().starts_with('é'));
    }
}
