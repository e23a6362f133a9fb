use crate::{Name, ShortText, Timestamp};

/// What a verified delivery is known to be. Only layers that verified a delivery make one.
///
/// Each identifier says whether the signature covers it: what is not covered can be changed by
/// whoever replays the delivery, and must not decide anything on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    provider: Name,
    secret_id: Option<Name>,
    delivery_id: Option<ShortText>,
    delivery_id_signed: bool,
    event_type: Option<ShortText>,
    event_type_signed: bool,
    timestamp: Option<Timestamp>,
    body_signed: bool,
}

impl Verification {
    /// A delivery that is verified to come from `provider`; nothing else is known of it yet.
    #[must_use]
    #[inline]
    pub fn new(provider: impl Into<Name>) -> Self {
        Self {
            provider: provider.into(),
            secret_id: None,
            delivery_id: None,
            delivery_id_signed: false,
            event_type: None,
            event_type_signed: false,
            timestamp: None,
            body_signed: false,
        }
    }

    /// Says which secret of the key ring matched.
    #[must_use]
    #[inline]
    pub fn with_secret_id(mut self, id: impl Into<Name>) -> Self {
        self.set_secret_id(id);
        self
    }

    /// Says the delivery's id, and whether the signature covers it.
    #[must_use]
    #[inline]
    pub fn with_delivery_id(mut self, id: ShortText, signed: bool) -> Self {
        self.set_delivery_id(id, signed);
        self
    }

    /// Says the event's type, and whether the signature covers it.
    #[must_use]
    #[inline]
    pub fn with_event_type(mut self, event: ShortText, signed: bool) -> Self {
        self.set_event_type(event, signed);
        self
    }

    /// Says when the sender signed; the signature covers it.
    #[must_use]
    #[inline]
    pub fn with_timestamp(mut self, timestamp: Timestamp) -> Self {
        self.set_timestamp(timestamp);
        self
    }

    /// Says that the signature covers the whole body.
    #[must_use]
    #[inline]
    pub fn with_signed_body(mut self) -> Self {
        self.body_signed = true;
        self
    }

    /// As [`with_secret_id`](Self::with_secret_id), in place: a verification is large, and costs
    /// something to move.
    #[inline]
    pub fn set_secret_id(&mut self, id: impl Into<Name>) {
        self.secret_id = Some(id.into());
    }

    /// As [`with_delivery_id`](Self::with_delivery_id), in place.
    #[inline]
    pub fn set_delivery_id(&mut self, id: ShortText, signed: bool) {
        self.delivery_id = Some(id);
        self.delivery_id_signed = signed;
    }

    /// As [`with_event_type`](Self::with_event_type), in place.
    #[inline]
    pub fn set_event_type(&mut self, event: ShortText, signed: bool) {
        self.event_type = Some(event);
        self.event_type_signed = signed;
    }

    /// As [`with_timestamp`](Self::with_timestamp), in place.
    #[inline]
    pub fn set_timestamp(&mut self, timestamp: Timestamp) {
        self.timestamp = Some(timestamp);
    }

    /// The provider, or the user's own scheme, that the delivery was verified for.
    #[must_use]
    pub const fn provider(&self) -> &Name {
        &self.provider
    }

    /// The id of the secret that matched.
    #[must_use]
    pub const fn secret_id(&self) -> Option<&Name> {
        self.secret_id.as_ref()
    }

    /// The delivery's id, as the sender wrote it.
    #[must_use]
    pub fn delivery_id(&self) -> Option<&str> {
        self.delivery_id.as_ref().map(ShortText::as_str)
    }

    /// Whether the signature covers the delivery's id.
    #[must_use]
    pub const fn is_delivery_id_signed(&self) -> bool {
        self.delivery_id_signed
    }

    /// The event's type, as the sender wrote it.
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        self.event_type.as_ref().map(ShortText::as_str)
    }

    /// Whether the signature covers the event's type.
    #[must_use]
    pub const fn is_event_type_signed(&self) -> bool {
        self.event_type_signed
    }

    /// When the sender signed.
    #[must_use]
    pub const fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp
    }

    /// Whether the signature covers the whole body. A shared token covers none of it.
    #[must_use]
    pub const fn is_body_signed(&self) -> bool {
        self.body_signed
    }
}

#[cfg(test)]
mod tests {
    use super::Verification;
    use crate::{Name, Timestamp};

    #[test]
    fn it_tells_what_was_proved_and_no_more() {
        let bare = Verification::new("token");
        assert_eq!(bare.provider().as_str(), "token");
        assert_eq!((bare.secret_id(), bare.timestamp()), (None, None));
        assert_eq!((bare.delivery_id(), bare.event_type()), (None, None));
        assert!(!bare.is_delivery_id_signed() && !bare.is_event_type_signed());
        assert!(!bare.is_body_signed());

        let time = Timestamp::from_unix_seconds(1_700_000_000);
        let full = bare.with_secret_id("2026-q4").with_timestamp(time);
        assert_eq!(full.secret_id().map(Name::as_str), Some("2026-q4"));
        assert_eq!(full.timestamp(), Some(time));
        for signed in [true, false] {
            let full = full
                .clone()
                .with_delivery_id("13792a34".into(), signed)
                .with_event_type("push".into(), !signed);
            assert_eq!(full.delivery_id(), Some("13792a34"));
            assert_eq!(full.event_type(), Some("push"));
            assert_eq!(full.is_delivery_id_signed(), signed);
            assert_eq!(full.is_event_type_signed(), !signed);
        }
        assert!(full.with_signed_body().is_body_signed());
    }
}
