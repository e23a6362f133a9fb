use super::RequestId;
use crate::{
    AddressError, Check, ClientAddr, Name, Reason, ShortText, Ticks, Verdict, Verification,
    sync::{AtomicU8, OnceLock, Ordering},
};

/// What all handles of one record share. Every slot is written once.
pub(super) struct Slots {
    pub(super) id: RequestId,
    pub(super) verdicts: Verdicts,
    pub(super) refusal: OnceLock<(Reason, Check)>,
    pub(super) shadow_refusal: OnceLock<(Reason, Check)>,
    pub(super) answered: OnceLock<(Reason, Check)>,
    pub(super) client: OnceLock<ClientAddr>,
    pub(super) address_error: OnceLock<AddressError>,
    pub(super) endpoint: OnceLock<Name>,
    pub(super) provider: OnceLock<Name>,
    pub(super) verification: OnceLock<Verification>,
    /// One whose signature covers the body; it says more than one that a token made.
    pub(super) signed_verification: OnceLock<Verification>,
    pub(super) claimed_delivery_id: OnceLock<ShortText>,
    pub(super) body_bytes: OnceLock<u64>,
    pub(super) quota: OnceLock<Name>,
    pub(super) secrets_tried: OnceLock<Box<[Name]>>,
    pub(super) verify_nanos: OnceLock<u64>,
    pub(super) handler_start: OnceLock<Ticks>,
    pub(super) note: OnceLock<ShortText>,
}

impl Slots {
    pub(super) fn new(id: RequestId) -> Self {
        Self {
            id,
            verdicts: Verdicts::default(),
            refusal: OnceLock::new(),
            shadow_refusal: OnceLock::new(),
            answered: OnceLock::new(),
            client: OnceLock::new(),
            address_error: OnceLock::new(),
            endpoint: OnceLock::new(),
            provider: OnceLock::new(),
            verification: OnceLock::new(),
            signed_verification: OnceLock::new(),
            claimed_delivery_id: OnceLock::new(),
            body_bytes: OnceLock::new(),
            quota: OnceLock::new(),
            secrets_tried: OnceLock::new(),
            verify_nanos: OnceLock::new(),
            handler_start: OnceLock::new(),
            note: OnceLock::new(),
        }
    }
}

/// One byte for each check: 0 where it never ran.
#[derive(Default)]
pub(super) struct Verdicts([AtomicU8; Check::ALL.len()]);

impl Verdicts {
    pub(super) fn set(&self, check: Check, verdict: Verdict) {
        if let Some(slot) = self.0.get(check.index()) {
            slot.fetch_max(encode(verdict), Ordering::AcqRel);
        }
    }

    pub(super) fn get(&self, check: Check) -> Option<Verdict> {
        decode(self.0.get(check.index())?.load(Ordering::Acquire))
    }
}

/// The graver a verdict, the larger: of several on one check, the gravest stays.
const fn encode(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Skipped => 1,
        Verdict::Pass => 2,
        Verdict::ShadowFail => 3,
        Verdict::Fail => 4,
    }
}

const fn decode(byte: u8) -> Option<Verdict> {
    match byte {
        1 => Some(Verdict::Skipped),
        2 => Some(Verdict::Pass),
        3 => Some(Verdict::ShadowFail),
        4 => Some(Verdict::Fail),
        _ => None,
    }
}
