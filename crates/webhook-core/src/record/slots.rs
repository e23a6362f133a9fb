use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Weak,
};

use super::{BodyDigest, Head, id::Count, pool::Pool, verdicts::Board};
use crate::{
    AddressError, Check, ClientAddr, Clock, Name, Reason, ShortText, Ticks, Timestamp,
    Verification,
    sync::{AtomicU16, AtomicU32, AtomicU64, OnceLock, Ordering},
};

/// What all handles of one record share. Every slot is written once.
///
/// It is made in place, and what is a number is an atomic: a record costs its one allocation and
/// few instructions more.
#[derive(Default)]
pub(super) struct Slots {
    /// The pool that the record goes back to, if any.
    pub(super) home: Weak<Pool>,
    /// The bits of an id that was given, where the record was not begun; bytes, which need no
    /// padding.
    pub(super) id: [u8; 16],
    /// Written before anybody else sees the record.
    pub(super) start: Option<Start>,
    pub(super) head: Head,
    pub(super) verdicts: Board,
    pub(super) refusal: Decision,
    pub(super) shadow_refusal: Decision,
    pub(super) answered: Decision,
    pub(super) client: Address,
    pub(super) address_error: OnceLock<AddressError>,
    pub(super) endpoint: OnceLock<Name>,
    pub(super) provider: OnceLock<Name>,
    /// On the heap, for few requests have one.
    pub(super) verification: OnceLock<Box<Verification>>,
    /// One whose signature covers the body; it says more than one that a token made. Never none once
    /// it is written: an option, because it is taken out of another one, and moved by nothing else.
    pub(super) signed_verification: OnceLock<Option<Verification>>,
    pub(super) claimed_delivery_id: OnceLock<ShortText>,
    pub(super) body_bytes: Number,
    pub(super) body_digest: OnceLock<BodyDigest>,
    pub(super) quota: OnceLock<Name>,
    pub(super) secrets_tried: OnceLock<Box<[Name]>>,
    pub(super) verify_nanos: Number,
    pub(super) handler_start: Number,
    pub(super) note: OnceLock<ShortText>,
}

impl Slots {
    pub(super) fn verification(&self, is_body_signed: bool) -> Option<&Verification> {
        if is_body_signed {
            self.signed_verification.get()?.as_ref()
        } else {
            self.verification.get().map(Box::as_ref)
        }
    }

    /// Takes what is there, unless its place is taken. It is large, and moved once.
    #[inline]
    pub(super) fn take_verification(&self, from: &mut Option<Verification>) {
        match from {
            None => {}
            Some(verification) if verification.is_body_signed() => {
                self.signed_verification.get_or_init(|| from.take());
            }
            Some(_) => {
                if let Some(Err(back)) = from.take().map(|it| self.verification.set(Box::new(it))) {
                    *from = Some(*back);
                }
            }
        }
    }
}

/// When the request's head came, and which clock said so.
pub(super) struct Start {
    pub(super) received_at: Timestamp,
    pub(super) at: Ticks,
    /// The other half of the request's id, which is made where it is read: the thread that serves
    /// most often has no use for it.
    pub(super) count: Count,
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

/// A client's address, written once: a third of what a `OnceLock` costs.
#[derive(Default)]
pub(super) struct Address {
    /// [`NONE`], [`BUSY`], or [`V4`] or [`V6`] with the port above it, 0 where there is none.
    tag: AtomicU32,
    bits: [AtomicU64; 2],
}

const NONE: u32 = 0;
const BUSY: u32 = 1;
const V4: u32 = 2;
const V6: u32 = 3;

impl Address {
    /// Of several, the first one stays.
    pub(super) fn set(&self, client: ClientAddr) {
        let claim = (Ordering::Acquire, Ordering::Relaxed);
        if self
            .tag
            .compare_exchange(NONE, BUSY, claim.0, claim.1)
            .is_err()
        {
            return;
        }
        let (family, bits) = match client.ip() {
            IpAddr::V4(v4) => (V4, u128::from(v4.to_bits())),
            IpAddr::V6(v6) => (V6, v6.to_bits()),
        };
        let [high, low] = &self.bits;
        // Each half is 64 bits.
        #[allow(clippy::cast_possible_truncation)]
        high.store((bits >> 64) as u64, Ordering::Relaxed);
        #[allow(clippy::cast_possible_truncation)]
        low.store(bits as u64, Ordering::Relaxed);
        let port = u32::from(client.port().unwrap_or(0));
        self.tag.store(port << 16 | family, Ordering::Release);
    }

    pub(super) fn get(&self) -> Option<ClientAddr> {
        let tag = self.tag.load(Ordering::Acquire);
        let [high, low] = self
            .bits
            .each_ref()
            .map(|half| half.load(Ordering::Relaxed));
        // The upper half of 32 bits is 16 bits; so is the lower half of an IPv4 address's 64.
        #[allow(clippy::cast_possible_truncation)]
        let (port, v4) = ((tag >> 16) as u16, low as u32);
        let ip = match tag & 0xffff {
            V4 => IpAddr::V4(Ipv4Addr::from_bits(v4)),
            V6 => IpAddr::V6((u128::from(high) << 64 | u128::from(low)).into()),
            _ => return None,
        };
        Some(ClientAddr::new(ip, Some(port)))
    }
}

/// A number, written once.
pub(super) struct Number(AtomicU64);

/// No number that is told: not of bytes, nor of nanoseconds.
const UNTOLD: u64 = u64::MAX;

impl Number {
    /// Of several, the first one stays.
    #[inline]
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
    use super::{Address, Decision, Number, Slots};
    use crate::{Check, ClientAddr, Reason};

    #[test]
    fn every_client_comes_back_and_the_first_one_stays() {
        for (ip, port) in [
            ("192.0.2.1", Some(443)),
            ("255.255.255.255", Some(u16::MAX)),
            ("0.0.0.0", None),
            ("2001:db8::1:2", Some(1)),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", None),
        ] {
            let address = Address::default();
            assert_eq!(address.get(), None);
            let client = ClientAddr::new(ip.parse().unwrap(), port);
            address.set(client);
            address.set(ClientAddr::new("198.51.100.1".parse().unwrap(), Some(7)));
            assert_eq!(address.get(), Some(client));
        }
    }

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
