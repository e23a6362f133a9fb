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

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use webhook_core::Timestamp;

    use super::{MAX_NETWORKS, Networks, SenderNetwork};

    const LEARNING: Duration = Duration::from_secs(1000);

    /// The n-th network, seen at the n-th second.
    fn see(networks: &mut Networks, n: u32) -> bool {
        let now = Timestamp::from_unix_seconds(n.into());
        networks.note(network(n), now, LEARNING).is_some()
    }

    fn network(n: u32) -> SenderNetwork {
        SenderNetwork::of(Ipv4Addr::from_bits(n << 8).into())
    }

    #[test]
    fn the_one_that_was_seen_longest_ago_is_forgotten_and_no_other() {
        let mut networks = Networks::default();
        for n in 0..300 {
            see(&mut networks, n);
            let first = usize::try_from(n + 1).unwrap().saturating_sub(MAX_NETWORKS);
            let known: Vec<_> = networks.seen.keys().copied().collect();
            let expected: Vec<_> = (first.try_into().unwrap()..=n).map(network).collect();
            assert_eq!(known, expected);
        }
    }

    #[test]
    fn learning_ends_when_its_time_is_over() {
        let mut networks = Networks::default();
        assert!(!see(&mut networks, 0) && !see(&mut networks, 999));
        assert!(see(&mut networks, 1000));
    }
}
