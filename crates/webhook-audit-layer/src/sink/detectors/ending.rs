use std::time::Duration;

use webhook_core::{Name, Timestamp};

use super::{
    Alert, AlertKind,
    detect::Edge,
    watch::{Raised, alert},
};

/// How many secrets' ends are known, at most.
const MAX_ENDINGS: usize = 256;

/// When secrets end, as far as the application told.
#[derive(Debug, Default)]
pub(super) struct Endings(Vec<Ending>);

#[derive(Debug)]
struct Ending {
    provider: Name,
    secret_id: Name,
    ends: Option<Timestamp>,
    is_open: bool,
}

impl Endings {
    /// Remembers when a secret ends; `None` where it does not. A further secret than fit is not
    /// watched.
    pub(super) fn set(&mut self, provider: Name, secret_id: Name, ends: Option<Timestamp>) {
        let known = self
            .0
            .iter_mut()
            .find(|known| known.provider == provider && known.secret_id == secret_id);
        if let Some(known) = known {
            known.ends = ends;
        } else if self.0.len() < MAX_ENDINGS {
            self.0.push(Ending {
                provider,
                secret_id,
                ends,
                is_open: false,
            });
        }
    }

    /// Begins the alerts of secrets that end within the notice, and ends those of secrets that were
    /// given a later end, or none.
    pub(super) fn turn(&mut self, now: Timestamp, notice: Duration, raised: &mut Raised) {
        for ending in &mut self.0 {
            let is_near = ending
                .ends
                .is_some_and(|ends| now.saturating_add(notice) >= ends);
            if is_near != ending.is_open {
                ending.is_open = is_near;
                raised.push(ending.alert(now, notice));
            }
        }
        self.0.retain(|ending| ending.ends.is_some());
    }
}

impl Ending {
    fn alert(&self, now: Timestamp, notice: Duration) -> Alert {
        let left = self
            .ends
            .and_then(|ends| ends.since(now))
            .unwrap_or_default();
        let edge = Edge {
            is_end: !self.is_open,
            value: left.as_secs_f64(),
            threshold: notice.as_secs_f64(),
        };
        Alert {
            secret_id: Some(self.secret_id.clone()),
            ..alert(AlertKind::SecretEnding, &self.provider, edge, now)
        }
    }
}
