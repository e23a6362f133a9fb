//! The delivery record: what became of one request, gathered while it passes the layers.
//!
//! The audit layer makes a record, puts a handle into the request's [`Facts`](crate::Facts) and
//! keeps another. Layers and the handler write to it; each slot is written once and the first
//! writer wins. Where no audit layer is, the handle forgets everything and costs nothing.

mod id;
#[cfg(all(test, webhook_loom))]
mod model;
mod slots;

use std::{fmt, sync::Arc};

pub use self::id::RequestId;
use self::slots::Slots;
use crate::{
    AddressError, Check, ClientAddr, Name, Reason, ShortText, Ticks, Verdict, Verification,
};

/// The most bytes of a handler's note that are kept.
pub const MAX_NOTE_BYTES: usize = 256;

/// A handle on the record of one request; see the [module](self).
#[derive(Clone, Default)]
pub struct DeliveryRecord(Option<Arc<Slots>>);

impl DeliveryRecord {
    /// A record that remembers. Only the audit layer makes one.
    #[must_use]
    pub fn new(id: RequestId) -> Self {
        Self(Some(Arc::new(Slots::new(id))))
    }

    /// Whether anything written here is kept.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// The request's id: the `instance` of a problem document, and the `id` of the record.
    #[must_use]
    pub fn id(&self) -> Option<RequestId> {
        self.slots().map(|slots| slots.id)
    }

    /// Notes what a check found. Where several layers make the same check, the gravest verdict stays.
    pub fn set_verdict(&self, check: Check, verdict: Verdict) {
        if let Some(slots) = self.slots() {
            slots.verdicts.set(check, verdict);
        }
    }

    /// What a check found; `None` where it never ran.
    #[must_use]
    pub fn verdict(&self, check: Check) -> Option<Verdict> {
        self.slots()?.verdicts.get(check)
    }

    /// Notes that a check refused the request, and marks its verdict.
    pub fn set_refusal(&self, reason: Reason, check: Check) {
        if let Some(slots) = self.slots() {
            slots.verdicts.set(check, Verdict::Fail);
            let _first_wins = slots.refusal.set((reason, check));
        }
    }

    /// Why, and by which check, the request was refused.
    #[must_use]
    pub fn refusal(&self) -> Option<(Reason, Check)> {
        self.slots()?.refusal.get().copied()
    }

    /// Notes that a check in shadow mode would have refused the request, and marks its verdict.
    pub fn set_shadow_refusal(&self, reason: Reason, check: Check) {
        if let Some(slots) = self.slots() {
            slots.verdicts.set(check, Verdict::ShadowFail);
            let _first_wins = slots.shadow_refusal.set((reason, check));
        }
    }

    /// Why, and by which check, the request would first have been refused outside shadow mode.
    #[must_use]
    pub fn shadow_refusal(&self) -> Option<(Reason, Check)> {
        self.slots()?.shadow_refusal.get().copied()
    }

    /// Notes that a check answered the delivery in the handler's place, and that it counts as
    /// accepted: for [`Reason::Duplicate`]. The check's verdict is that it passed.
    pub fn set_answered(&self, reason: Reason, check: Check) {
        if let Some(slots) = self.slots() {
            slots.verdicts.set(check, Verdict::Pass);
            let _first_wins = slots.answered.set((reason, check));
        }
    }

    /// Why, and by which check, the delivery was answered without the handler.
    #[must_use]
    pub fn answered(&self) -> Option<(Reason, Check)> {
        self.slots()?.answered.get().copied()
    }

    /// Notes the client address.
    pub fn set_client(&self, client: ClientAddr) {
        self.once(|slots| slots.client.set(client).is_ok());
    }

    /// The client address.
    #[must_use]
    pub fn client(&self) -> Option<ClientAddr> {
        self.slots()?.client.get().copied()
    }

    /// Notes why the client address cannot be told.
    pub fn set_address_error(&self, error: AddressError) {
        self.once(|slots| slots.address_error.set(error).is_ok());
    }

    /// Why the client address cannot be told.
    #[must_use]
    pub fn address_error(&self) -> Option<AddressError> {
        self.slots()?.address_error.get().copied()
    }

    /// Notes the endpoint.
    pub fn set_endpoint(&self, name: &Name) {
        self.once(|slots| slots.endpoint.set(name.clone()).is_ok());
    }

    /// The endpoint.
    #[must_use]
    pub fn endpoint(&self) -> Option<&Name> {
        self.slots()?.endpoint.get()
    }

    /// Notes the provider whose deliveries the endpoint takes, verified or not.
    pub fn set_provider(&self, name: &Name) {
        self.once(|slots| slots.provider.set(name.clone()).is_ok());
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
            let slot = if verification.is_body_signed() {
                &slots.signed_verification
            } else {
                &slots.verification
            };
            slot.set(verification.clone()).is_ok()
        });
    }

    /// What the delivery was verified to be.
    #[must_use]
    pub fn verification(&self) -> Option<&Verification> {
        let slots = self.slots()?;
        slots
            .signed_verification
            .get()
            .or_else(|| slots.verification.get())
    }

    /// Notes the delivery id that an unverified request claims; it proves nothing.
    pub fn set_claimed_delivery_id(&self, id: ShortText) {
        self.once(|slots| slots.claimed_delivery_id.set(id).is_ok());
    }

    /// The delivery id that an unverified request claims.
    #[must_use]
    pub fn claimed_delivery_id(&self) -> Option<&ShortText> {
        self.slots()?.claimed_delivery_id.get()
    }

    /// Notes how many bytes of the body were received.
    pub fn set_body_bytes(&self, bytes: u64) {
        self.once(|slots| slots.body_bytes.set(bytes).is_ok());
    }

    /// How many bytes of the body were received; `None` where no layer read it.
    #[must_use]
    pub fn body_bytes(&self) -> Option<u64> {
        self.slots()?.body_bytes.get().copied()
    }

    /// Notes the name of the quota that refused the request.
    pub fn set_quota(&self, name: &Name) {
        self.once(|slots| slots.quota.set(name.clone()).is_ok());
    }

    /// The quota that refused the request.
    #[must_use]
    pub fn quota(&self) -> Option<&Name> {
        self.slots()?.quota.get()
    }

    /// Notes the ids of the secrets that were tried on a signature that none of them made.
    pub fn set_secrets_tried(&self, ids: Vec<Name>) {
        self.once(|slots| slots.secrets_tried.set(ids.into()).is_ok());
    }

    /// The ids of the secrets that were tried in vain.
    #[must_use]
    pub fn secrets_tried(&self) -> &[Name] {
        self.slots()
            .and_then(|slots| slots.secrets_tried.get())
            .map_or(&[], |ids| ids)
    }

    /// Notes how long verification took: header checks and hashing, not the wait for the body.
    pub fn set_verify_time(&self, nanos: u64) {
        self.once(|slots| slots.verify_nanos.set(nanos).is_ok());
    }

    /// How many nanoseconds verification took.
    #[must_use]
    pub fn verify_time(&self) -> Option<u64> {
        self.slots()?.verify_nanos.get().copied()
    }

    /// Notes when the innermost layer called the handler.
    pub fn set_handler_start(&self, at: Ticks) {
        self.once(|slots| slots.handler_start.set(at).is_ok());
    }

    /// When the innermost layer called the handler.
    #[must_use]
    pub fn handler_start(&self) -> Option<Ticks> {
        self.slots()?.handler_start.get().copied()
    }

    /// Adds the handler's own note, such as its order number: the first one counts, and at most
    /// [`MAX_NOTE_BYTES`] bytes of it. Keep secrets and personal data out of it.
    pub fn set_note(&self, note: &str) {
        self.once(|slots| slots.note.set(ShortText::cut(note, MAX_NOTE_BYTES)).is_ok());
    }

    /// The handler's own note.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.slots()?.note.get().map(ShortText::as_str)
    }

    fn slots(&self) -> Option<&Slots> {
        self.0.as_deref()
    }

    fn once(&self, write: impl FnOnce(&Slots) -> bool) {
        if let Some(slots) = self.slots() {
            let _first_wins = write(slots);
        }
    }
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
    use super::{DeliveryRecord, MAX_NOTE_BYTES, RequestId};
    use crate::{Check, Clock, Reason, Verdict, Verification};

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
    fn a_note_is_cut_between_characters() {
        let record = record();
        record.set_note(&"é".repeat(MAX_NOTE_BYTES));
        assert_eq!(record.note().unwrap().len(), MAX_NOTE_BYTES);
        record.set_note("too late");
        assert!(record.note().unwrap().starts_with('é'));
    }
}
