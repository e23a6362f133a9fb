use std::time::Duration;

use webhook_core::Timestamp;

/// An alert begins or ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edge {
    pub(crate) is_end: bool,
    pub(crate) value: f64,
    pub(crate) threshold: f64,
}

impl Edge {
    pub(crate) const fn begin(value: f64, threshold: f64) -> Self {
        Self {
            is_end: false,
            value,
            threshold,
        }
    }

    pub(crate) const fn end(value: f64, threshold: f64) -> Self {
        Self {
            is_end: true,
            value,
            threshold,
        }
    }
}

/// An alert that lasts for as long as there are signs of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Episode {
    last_sign: Option<Timestamp>,
}

impl Episode {
    /// Notes a sign; `true` where it is the first.
    pub(crate) fn sign(&mut self, now: Timestamp) -> bool {
        self.last_sign.replace(now).is_none()
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.last_sign.is_some()
    }

    /// `true` where it was open, and there was no sign for so long: once.
    pub(crate) fn ends_after(&mut self, quiet: Duration, now: Timestamp) -> bool {
        let last_sign = self.last_sign.as_mut();
        let is_over = last_sign.is_some_and(|last| elapsed(last, now) >= quiet);
        is_over && self.close()
    }

    /// `true` where it was open.
    pub(crate) fn close(&mut self) -> bool {
        self.last_sign.take().is_some()
    }
}

/// The time since `then`. Where the clock was set back, it counts from the new time, so that one
/// wrong second does not silence a detector for as long as it was wrong.
pub(crate) fn elapsed(then: &mut Timestamp, now: Timestamp) -> Duration {
    now.since(*then).unwrap_or_else(|| {
        *then = now;
        Duration::ZERO
    })
}
