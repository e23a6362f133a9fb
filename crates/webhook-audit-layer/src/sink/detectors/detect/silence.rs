use std::time::Duration;

use webhook_core::Timestamp;

use super::{Edge, elapsed};

/// How long a provider has been silent.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    last: Option<Timestamp>,
    is_open: bool,
}

impl Silence {
    /// A delivery is to be expected from now on.
    pub(crate) fn expect(&mut self, since: Timestamp) {
        self.last.get_or_insert(since);
    }

    /// Notes a verified delivery, which ends the silence.
    pub(crate) fn note(&mut self, now: Timestamp, limit: Duration) -> Option<Edge> {
        let silent = elapsed(self.last.get_or_insert(now), now);
        self.last = Some(now);
        std::mem::take(&mut self.is_open)
            .then(|| Edge::end(silent.as_secs_f64(), limit.as_secs_f64()))
    }

    pub(crate) fn turn(&mut self, now: Timestamp, limit: Duration) -> Option<Edge> {
        let silent = elapsed(self.last.as_mut()?, now);
        if self.is_open || silent <= limit {
            return None;
        }
        self.is_open = true;
        Some(Edge::begin(silent.as_secs_f64(), limit.as_secs_f64()))
    }
}
