use std::time::Duration;

use webhook_core::{Name, Timestamp};

use super::{Edge, Episode, elapsed};

/// How many secrets of a provider are known, at most.
const MAX_SECRETS: usize = 16;

/// When each secret of a provider last verified a delivery.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    used: Vec<(Name, Timestamp)>,
    episode: Episode,
    /// The secret of the episode.
    old: Option<Name>,
    rested: f64,
}

impl Secrets {
    /// Notes which secret verified a delivery: an alert where it had rested while another was used.
    pub(crate) fn note(&mut self, id: &Name, now: Timestamp, rest: Duration) -> Option<Edge> {
        let Some(rested) = self.use_again(id, now) else {
            self.make_room();
            return None;
        };
        let is_of_episode = self.old.as_ref() == Some(id);
        if self.episode.is_open() && is_of_episode {
            self.episode.sign(now);
            return None;
        }
        let is_old = rested >= rest && self.others_used_since(id, now, rested);
        if !is_old || !self.episode.sign(now) {
            return None;
        }
        self.old = Some(id.clone());
        self.rested = rested.as_secs_f64();
        Some(Edge::begin(self.rested, rest.as_secs_f64()))
    }

    /// The end of an episode, and whose it was.
    pub(crate) fn turn(
        &mut self,
        now: Timestamp,
        quiet: Duration,
        rest: Duration,
    ) -> Option<(Name, Edge)> {
        if !self.episode.ends_after(quiet, now) {
            return None;
        }
        Some((self.old.take()?, Edge::end(self.rested, rest.as_secs_f64())))
    }

    /// How long a known secret had rested.
    fn use_again(&mut self, id: &Name, now: Timestamp) -> Option<Duration> {
        let known = self.used.iter_mut().find(|(known, _)| known == id);
        let Some((_, last)) = known else {
            self.used.push((id.clone(), now));
            return None;
        };
        let rested = elapsed(last, now);
        *last = now;
        Some(rested)
    }

    fn others_used_since(&mut self, id: &Name, now: Timestamp, rested: Duration) -> bool {
        let mut others = self.used.iter_mut().filter(|(other, _)| other != id);
        others.any(|(_, last)| elapsed(last, now) < rested)
    }

    fn make_room(&mut self) {
        if self.used.len() > MAX_SECRETS {
            let used = self.used.iter().enumerate();
            if let Some((oldest, _)) = used.min_by_key(|(_, (_, last))| *last) {
                self.used.swap_remove(oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use webhook_core::Timestamp;

    use super::{MAX_SECRETS, Secrets};

    /// The n-th secret, used at this second.
    fn used(secrets: &mut Secrets, n: usize, second: usize) -> bool {
        let now = Timestamp::from_unix_seconds(second.try_into().unwrap());
        let rest = Duration::from_secs(100);
        let edge = secrets.note(&format!("secret-{n}").into(), now, rest);
        edge.is_some()
    }

    #[test]
    fn the_one_that_was_used_longest_ago_is_forgotten_and_no_other() {
        let mut secrets = Secrets::default();
        for n in 0..3 * MAX_SECRETS {
            used(&mut secrets, n, n);
            let mut known: Vec<_> = secrets.used.iter().map(|(_, last)| *last).collect();
            known.sort_unstable();
            let first = (n + 1).saturating_sub(MAX_SECRETS);
            let expected = (first..=n).map(|n| n.try_into().unwrap());
            let expected: Vec<_> = expected.map(Timestamp::from_unix_seconds).collect();
            assert_eq!(known, expected);
        }
    }

    #[test]
    fn a_rest_that_all_took_makes_no_secret_an_old_one() {
        let mut secrets = Secrets::default();
        assert!(!used(&mut secrets, 0, 0) && !used(&mut secrets, 1, 0));
        assert!(!used(&mut secrets, 0, 100), "the other rested as long");
        assert!(used(&mut secrets, 1, 100));
    }
}
