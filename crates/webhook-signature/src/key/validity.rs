use webhook_core::Timestamp;

/// When a secret is valid; both ends are included, as X.509 has it
/// ([RFC 5280 section 4.1.2.5](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) not_after: Option<Timestamp>,
}

impl Validity {
    #[inline]
    pub(crate) fn holds_at(self, instant: Timestamp) -> bool {
        self.not_before.is_none_or(|first| first <= instant)
            && self.not_after.is_none_or(|last| instant <= last)
    }

    /// Whether there is an instant at which it holds.
    pub(crate) fn can_hold(self) -> bool {
        !matches!((self.not_before, self.not_after), (Some(first), Some(last)) if last < first)
    }
}
