//! What an operator is told about look-ups: of failures at most once a minute, of everything else
//! once.

use std::{
    fmt,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use webhook_core::Ticks;

const TARGET: &str = "webhook_endpoint";

/// How long nothing is said of further failures.
const SILENCE: Duration = Duration::from_secs(60);

/// Why a look-up failed.
pub(crate) enum Failure {
    /// The resolver's own error.
    Refused(String),
    /// It took longer than its deadline.
    Late(Duration),
    /// It panicked, or its runtime was shut down.
    Broken,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => f.write_str(error),
            Self::Late(deadline) => write!(f, "not done within {deadline:?}"),
            Self::Broken => f.write_str("it panicked, or the runtime was shut down"),
        }
    }
}

/// What was said already.
#[derive(Debug, Default)]
pub(crate) struct Diagnoses {
    /// When a failure was last told, in ticks; 0 where none was.
    failure: AtomicU64,
    no_runtime: AtomicBool,
    no_room: AtomicBool,
}

impl Diagnoses {
    /// A look-up failed.
    pub(crate) fn failed(&self, failure: &Failure, now: Ticks) {
        let told = self.failure.load(Ordering::Relaxed);
        if told != 0 && now.since(Ticks::from_nanos(told)) < SILENCE {
            return;
        }
        let now = now.as_nanos().max(1);
        let swap = self
            .failure
            .compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed);
        if swap.is_ok() {
            tracing::error!(
                target: TARGET,
                error = %failure,
                "a look-up of an endpoint failed (said at most once a minute): until look-ups succeed again, endpoints are for a while as they were last known to be, and a request without a last good answer is refused with 503"
            );
        }
    }

    /// Look-ups need tokio's runtime, and this thread is in none.
    pub(crate) fn no_runtime(&self) {
        if first_time(&self.no_runtime) {
            tracing::error!(
                target: TARGET,
                "endpoints cannot be looked up outside of a tokio runtime, and their requests are refused with 503: call the service in one, or keep endpoints in an EndpointMap"
            );
        }
    }

    /// As many look-ups are under way as may be.
    pub(crate) fn no_room(&self, most: usize) {
        if first_time(&self.no_room) {
            tracing::warn!(
                target: TARGET,
                most,
                "more endpoints are asked for at a time than may be looked up, and some requests are refused with 503. If strangers make up keys, limit them by network outside this layer; if all of these are endpoints, raise CacheSettings::with_max_look_ups"
            );
        }
    }
}

fn first_time(said: &AtomicBool) -> bool {
    !said.load(Ordering::Relaxed) && !said.swap(true, Ordering::Relaxed)
}
