use std::time::Duration;

use http::{Request, Response};
use webhook_core::{Check, Clock, Endpoint, Facts, Reason, Reject, Rejection, Timestamp, Verdict};

use crate::{EndpointKey, Lookup, PauseSwitch, key::Candidate, pause::OPEN_END};

/// What `Retry-After` says where a look-up failed.
const STORE_RETRY: Duration = Duration::from_secs(5);

/// What the services of one layer hold requests against.
pub(crate) struct Policy<R> {
    pub(crate) key: EndpointKey,
    pub(crate) pause: Option<PauseSwitch>,
    pub(crate) clock: Clock,
    pub(crate) shadow: bool,
    pub(crate) rejection: R,
}

impl<R> Policy<R> {
    /// The key of a request, before it is looked up.
    pub(crate) fn read<B>(&self, request: &Request<B>) -> Result<Candidate, Rejection> {
        if let Some(left) = self.pause.as_ref().and_then(PauseSwitch::all) {
            return Err(paused(left));
        }
        self.key.candidate(request).ok_or(unknown())
    }

    /// Lets a request go on with its endpoint, or does not; `None` where the look-up failed.
    ///
    /// Nothing lets an unknown endpoint go on, shadow mode neither: the layers inside have no settings
    /// to hold the delivery against.
    pub(crate) fn admit<B>(
        &self,
        request: &mut Request<B>,
        found: Option<Lookup>,
    ) -> Result<(), Rejection> {
        let Some(found) = found else {
            let rejection = Rejection::new(Reason::StoreUnavailable, Check::Endpoint);
            return Err(rejection.with_retry_after(STORE_RETRY));
        };
        let Some(endpoint) = found.endpoint() else {
            return Err(unknown());
        };
        // A pause that somebody orders is meant, whatever is tried out in shadow mode.
        let judged = match self.switched_off(endpoint) {
            Some(left) => Err(paused(left)),
            None => self.judge(request, &found),
        };
        match &judged {
            Ok(()) => self.tell(request, endpoint),
            Err(_) => {
                if let Some(facts) = Facts::of(request.extensions()) {
                    facts.record().set_endpoint(endpoint.name());
                }
            }
        }
        judged
    }

    /// Words a refusal.
    pub(crate) fn answer<B, ResBody>(
        &self,
        rejection: Rejection,
        request: Request<B>,
    ) -> Response<ResBody>
    where
        R: Reject<ResBody>,
    {
        let (mut parts, _unread) = request.into_parts();
        rejection.end(&self.rejection, &mut parts)
    }

    /// How long the switch pauses this endpoint still, alone or with all: that may have changed while
    /// the request waited for a look-up.
    fn switched_off(&self, endpoint: &Endpoint) -> Option<Duration> {
        let pause = self.pause.as_ref()?;
        pause.all().or_else(|| pause.endpoint(endpoint.name()))
    }

    /// Whether the look-up's answer lets a request go on; in shadow mode that it does not is noted.
    fn judge<B>(&self, request: &mut Request<B>, found: &Lookup) -> Result<(), Rejection> {
        let refusal = match found {
            Lookup::Active(_) => None,
            Lookup::Paused { until, .. } => self.left(*until).map(paused),
            Lookup::Disabled(_) => Some(Rejection::new(Reason::EndpointDisabled, Check::Endpoint)),
            Lookup::Unknown => Some(unknown()),
        };
        match refusal {
            Some(refusal) if self.shadow => {
                let facts = Facts::of_mut(request.extensions_mut());
                let record = facts.record();
                record.set_shadow_refusal(refusal.reason(), refusal.check());
                Ok(())
            }
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }

    /// How long a pause lasts still; `None` where it has ended by itself.
    fn left(&self, until: Option<Timestamp>) -> Option<Duration> {
        match until {
            None => Some(OPEN_END),
            Some(until) => until.since(self.clock.now()).filter(|left| !left.is_zero()),
        }
    }

    fn tell<B>(&self, request: &mut Request<B>, endpoint: &Endpoint) {
        let facts = Facts::of_mut(request.extensions_mut());
        facts.set_endpoint(endpoint.clone());
        let record = facts.record();
        // Where shadow mode noted something graver, that stays.
        record.set_verdict(Check::Endpoint, Verdict::Pass);
        if self.pause.is_some() {
            record.set_verdict(Check::Pause, Verdict::Pass);
        }
    }
}

/// For a key that is unknown and for one that has no valid form alike.
const fn unknown() -> Rejection {
    Rejection::new(Reason::EndpointUnknown, Check::Endpoint)
}

const fn paused(left: Duration) -> Rejection {
    Rejection::new(Reason::Paused, Check::Pause).with_retry_after(left)
}
