use std::{collections::BTreeMap, time::Duration};

use webhook_core::Timestamp;

use super::{Edge, Episode, elapsed};
use crate::sink::detectors::SenderNetwork;

/// How many networks of a provider are known, at most.
const MAX_NETWORKS: usize = 256;

/// The networks from which a provider's verified deliveries came. Where there are more than fit, the
/// one that was seen longest ago is forgotten.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    since: Option<Timestamp>,
    seen: BTreeMap<SenderNetwork, Timestamp>,
    episode: Episode,
    new: u32,
}

impl Networks {
    /// Notes a verified delivery.
    pub(crate) fn note(
        &mut self,
        network: SenderNetwork,
        now: Timestamp,
        learning: Duration,
    ) -> Option<Edge> {
        let since = self.since.get_or_insert(now);
        let is_learning = elapsed(since, now) < learning;
        if self.seen.insert(network, now).is_some() {
            return None;
        }
        self.make_room();
        if is_learning {
            return None;
        }
        self.new = self.new.saturating_add(1);
        self.episode
            .sign(now)
            .then(|| Edge::begin(self.new.into(), 0.0))
    }

    pub(crate) fn turn(&mut self, now: Timestamp, quiet: Duration) -> Option<Edge> {
        self.episode.ends_after(quiet, now).then(|| {
            let new = std::mem::take(&mut self.new);
            Edge::end(new.into(), 0.0)
        })
    }

    fn make_room(&mut self) {
        if self.seen.len() > MAX_NETWORKS {
            let oldest = self.seen.iter().min_by_key(|(_, at)| **at);
            if let Some(network) = oldest.map(|(network, _)| *network) {
                self.seen.remove(&network);
            }
        }
    }
}
