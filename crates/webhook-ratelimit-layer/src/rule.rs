use std::{hash::BuildHasher as _, ptr, sync::OnceLock};

use http::{Extensions, HeaderMap};
use http_body::SizeHint;
use webhook_core::{
    Check, ClientAddr, ClientNetwork, Endpoint, Facts, Name, PeerAddr, Settings, Verification,
    settings::Loaded,
};

use crate::{
    Key, Quota, Unit,
    clock::Moment,
    fields::Fields,
    judge::Judge,
    key::Bucket,
    meter::Shortage,
    permits::{Permits, Ticket},
    table::{Fingerprint, Held, Level, Table},
};

/// One quota of a layer, with the buckets of its keys.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: Name,
    pub(crate) key: Key,
    pub(crate) fields: Fields,
    pub(crate) is_shadow: bool,
    settings: Settings<Quota>,
    capacity: usize,
    buckets: OnceLock<Table>,
    permits: OnceLock<Permits>,
    short_way: Option<ShortWay>,
    /// The provider that was met first, and the hash of its bucket.
    provider: OnceLock<(Name, u64)>,
}

/// What most quotas count by, and nothing else: such a bucket's hash takes no look at the rest of the key.
#[derive(Clone, Copy, Debug)]
enum ShortWay {
    Network,
    Provider,
}

impl ShortWay {
    const fn of(key: &Key, is_per_endpoint: bool) -> Option<Self> {
        if key.is_network() && !is_per_endpoint {
            Some(Self::Network)
        } else if key.is_endpoint() {
            Some(Self::Provider)
        } else {
            None
        }
    }
}

/// What is looked at of a request.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) extensions: &'a Extensions,
    pub(crate) facts: Option<&'a Facts>,
    /// What the facts say that the delivery was verified to be.
    pub(crate) verification: Option<&'a Verification>,
    /// Asked for where bytes are counted.
    pub(crate) size: &'a dyn Fn() -> SizeHint,
    pub(crate) now: Moment,
}

impl<'a> Seen<'a> {
    /// The client that a layer resolved, else the peer.
    pub(crate) fn client(&self) -> Option<ClientAddr> {
        let resolved = self.facts.and_then(Facts::client);
        resolved.or_else(|| self.peer().and_then(ClientAddr::from_peer))
    }

    /// The client's network. It is taken from the peer itself: to put the client's address together
    /// first costs 50 instructions more.
    #[inline]
    pub(crate) fn network(&self) -> Option<ClientNetwork> {
        if let Some(client) = self.facts.and_then(Facts::client) {
            return Some(client.network());
        }
        self.peer()?.ip().map(ClientNetwork::of)
    }

    /// The endpoint that the request is for.
    #[inline]
    pub(crate) fn endpoint(&self) -> Option<&'a Endpoint> {
        self.facts.and_then(Facts::endpoint)
    }

    #[inline]
    fn peer(&self) -> Option<PeerAddr> {
        let told = self.facts.and_then(Facts::peer);
        told.or_else(|| PeerAddr::find(self.extensions))
    }
}

/// Why a quota does not let a request pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The client's network is needed and not known.
    NoClient,
    /// The endpoint has no quota.
    NoQuota,
    /// The bucket has not enough left.
    Short(Shortage),
}

/// What was taken of a quota.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Taken {
    /// The next word of the bucket.
    Word(u64),
    /// A permit, to be given back, and how many are left.
    Permit(Ticket, u64),
}

/// How long whoever finds no permit is told to wait, in nanoseconds: one second.
const NO_PERMIT: Shortage = Shortage::Wait(1_000_000_000);

impl Rule {
    pub(crate) fn new(
        name: Name,
        key: Key,
        settings: Settings<Quota>,
        capacity: usize,
        fields: Fields,
        is_shadow: bool,
    ) -> Self {
        let is_one_bucket = key.is_all() && !settings.is_per_endpoint();
        let rule = Self {
            short_way: ShortWay::of(&key, settings.is_per_endpoint()),
            provider: OnceLock::new(),
            name,
            key,
            fields,
            is_shadow,
            settings,
            capacity: if is_one_bucket { 1 } else { capacity },
            buckets: OnceLock::new(),
            permits: OnceLock::new(),
        };
        // Made now rather than with the first request. What only an endpoint can ask for waits.
        match rule.quota().map(|quota| quota.unit()) {
            Some(Unit::Concurrent) => {
                rule.permits();
            }
            _ => {
                rule.buckets();
            }
        }
        rule
    }

    /// The quota of requests that no endpoint has one for.
    pub(crate) fn quota(&self) -> Option<Quota> {
        self.load(&Extensions::new()).map(|quota| *quota)
    }

    /// The quota in force for a request.
    pub(crate) fn load(&self, extensions: &Extensions) -> Option<Loaded<'_, Quota>> {
        self.settings.load(extensions)
    }

    /// Whether verified senders are told of this quota: one that is in force.
    pub(crate) const fn tells(&self) -> bool {
        !self.is_shadow && !self.fields.is_none()
    }

    /// Which of the family's two quotas this is, in the order of the stack.
    pub(crate) const fn check(&self) -> Check {
        if self.key.acts_on_verified_only() {
            Check::RateEndpoint
        } else {
            Check::RateNetwork
        }
    }

    pub(crate) fn buckets(&self) -> &Table {
        self.buckets.get_or_init(|| Table::new(self.capacity))
    }

    pub(crate) fn permits(&self) -> &Permits {
        self.permits.get_or_init(|| Permits::new(self.capacity))
    }

    pub(crate) fn table_bytes(&self) -> usize {
        self.buckets.get().map_or(0, Table::bytes) + self.permits.get().map_or(0, Permits::bytes)
    }

    pub(crate) fn keys_in_use(&self, now: Moment) -> usize {
        let buckets = self.buckets.get();
        let permits = self.permits.get();
        buckets.map_or(0, |buckets| buckets.in_use(now.ticks)) + permits.map_or(0, Permits::in_use)
    }

    /// What this quota takes for the request, and out of which bucket. The operator is told where the
    /// quota is in the wrong place.
    #[inline]
    pub(crate) fn ask<'a>(&'a self, seen: &Seen<'_>, judge: &Judge) -> Result<Ask<'a>, Obstacle> {
        let hash = self.hash(seen, judge).ok_or(Obstacle::NoClient)?;
        let quota = self.load(seen.extensions).ok_or(Obstacle::NoQuota)?;
        let in_force: &Quota = &quota;
        let kind = in_force.kind();
        let amount = match in_force.unit() {
            Unit::Requests | Unit::Concurrent => 1,
            Unit::Bytes => bytes(seen, in_force),
        };
        if self.key.lacks_sender(seen) {
            judge.diagnoses.before_verification(&self.name);
        }
        Ok(Ask {
            rule: self,
            key: Fingerprint::of(hash, kind),
            quota,
            kind,
            amount,
        })
    }

    /// As [`ask`](Self::ask), for all but one quota alone: with one caller that is in one piece with it,
    /// which saves 40 instructions.
    #[inline(never)]
    pub(crate) fn ask_apart<'a>(
        &'a self,
        seen: &Seen<'_>,
        judge: &Judge,
    ) -> Result<Ask<'a>, Obstacle> {
        self.ask(seen, judge)
    }

    /// The hash of the request's bucket; `None` where the client's network is needed and not known.
    #[inline]
    fn hash(&self, seen: &Seen<'_>, judge: &Judge) -> Option<u64> {
        match (self.short_way, seen.verification) {
            (Some(ShortWay::Network), _) => {
                let bucket = Bucket::of_network(seen.network()?, seen.headers);
                Some(judge.seed.hash_one(bucket))
            }
            (Some(ShortWay::Provider), Some(verification)) if seen.endpoint().is_none() => {
                Some(self.hash_of_provider(verification.provider(), seen, judge))
            }
            _ => self.hash_of_any(seen, judge),
        }
    }

    /// The hash of the bucket of a provider's deliveries that no endpoint is resolved for. A stack verifies
    /// for one provider as a rule, and hashes its name once: that saves 130 instructions for each delivery.
    #[inline]
    fn hash_of_provider(&self, provider: &Name, seen: &Seen<'_>, judge: &Judge) -> u64 {
        match self.provider.get() {
            // The name is kept, so that no other one can ever stand at its place.
            Some((known, hash)) if ptr::eq(known.as_str(), provider.as_str()) => *hash,
            _ => self.hash_of_another(provider, seen, judge),
        }
    }

    #[inline(never)]
    fn hash_of_another(&self, provider: &Name, seen: &Seen<'_>, judge: &Judge) -> u64 {
        let hash = judge
            .seed
            .hash_one(Bucket::of_provider(provider, seen.headers));
        self.provider.get_or_init(|| (provider.clone(), hash));
        hash
    }

    /// The same for any key and request.
    #[inline(never)]
    fn hash_of_any(&self, seen: &Seen<'_>, judge: &Judge) -> Option<u64> {
        // Where each endpoint has a quota of its own it has buckets of its own, whatever the key.
        let bucket = self.key.bucket(seen, self.settings.is_per_endpoint())?;
        Some(judge.seed.hash_one(bucket))
    }
}

/// What the body counts: its size where it says it, else at least what it says.
#[inline(never)]
fn bytes(seen: &Seen<'_>, quota: &Quota) -> u64 {
    let size = (seen.size)();
    let undeclared = quota.undeclared_size();
    let size = size.exact().unwrap_or(size.lower().max(undeclared));
    size.max(1)
}

/// What one quota takes for one request.
pub(crate) struct Ask<'a> {
    pub(crate) rule: &'a Rule,
    pub(crate) quota: Loaded<'a, Quota>,
    pub(crate) key: Fingerprint,
    kind: u64,
    amount: u64,
}

impl<'a> Ask<'a> {
    /// Takes it.
    #[inline]
    pub(crate) fn charge(&self, now: Moment) -> Result<Taken, Shortage> {
        let quota: &Quota = &self.quota;
        if quota.unit() == Unit::Concurrent {
            return self.acquire();
        }
        let charge = |level| quota.charge(level, now, self.amount);
        let buckets = self.rule.buckets();
        let word = buckets.charge(self.key, self.kind, now.ticks, charge)?;
        Ok(Taken::Word(word))
    }

    /// The same at another time, after it was refused once.
    #[inline(never)]
    pub(crate) fn charge_again(&self, now: Moment) -> Result<Taken, Shortage> {
        self.charge(now)
    }

    /// Whether it could be taken, as far as can be told without a lock. Takes nothing.
    pub(crate) fn look(&self, now: Moment) -> Result<(), Shortage> {
        if self.is_for_permits() {
            return Ok(());
        }
        match self.rule.buckets().word(self.key) {
            Some(word) => self.would_charge(Level::Own(word), now),
            None => Ok(()),
        }
    }

    /// Whether it could be taken out of a bucket at this level.
    pub(crate) fn would_charge(&self, level: Level, now: Moment) -> Result<(), Shortage> {
        let next = self.quota.charge(level, now, self.amount);
        next.map(|_| ())
    }

    /// Takes it under the lock.
    pub(crate) fn charge_held(&self, held: &mut Held<'_>, now: Moment) -> Result<Taken, Shortage> {
        let charge = |level| self.quota.charge(level, now, self.amount);
        held.charge(now.ticks, charge).map(Taken::Word)
    }

    /// Takes up to `amount` out of the bucket, as far as there is something in it.
    pub(crate) fn drain(&self, now: Moment, amount: u64) {
        let drain = |level| self.quota.drain(level, now, amount).ok_or(());
        let buckets = self.rule.buckets();
        let _empty = buckets.charge(self.key, self.kind, now.ticks, drain);
    }

    /// The lock under which the bucket is charged together with others; none for permits.
    pub(crate) fn hold(&self) -> Option<Held<'a>> {
        if self.is_for_permits() {
            return None;
        }
        self.rule.buckets().hold(self.key, self.kind)
    }

    /// Takes a permit.
    pub(crate) fn acquire(&self) -> Result<Taken, Shortage> {
        let permit = self.rule.permits().acquire(self.key, self.quota.count());
        let (ticket, left) = permit.ok_or(NO_PERMIT)?;
        Ok(Taken::Permit(ticket, left))
    }

    pub(crate) fn is_for_permits(&self) -> bool {
        self.quota.unit() == Unit::Concurrent
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use http_body::SizeHint;
    use webhook_core::{Clock, Endpoint, Facts, Settings};

    use super::Seen;
    use crate::{
        HeaderStyle, Key, Quota, Subject,
        judge::Judge,
        plan::{Limit, Plan},
    };

    const ID: HeaderName = HeaderName::from_static("x-endpoint-id");

    fn judge(key: Key, quota: Settings<Quota>) -> Judge {
        let plan = Plan {
            first: Limit::new("quota".into(), key, quota),
            others: Vec::new(),
            capacity: 8,
            headers: HeaderStyle::None,
            clock: Clock::system(),
            is_shadow: false,
            failure_cost: None,
        };
        plan.judge()
    }

    fn subjects() -> Vec<Subject> {
        let github: &'static str = "github";
        // At the same place in memory, and at another.
        let (git, github_again) = (github.get(..3).unwrap(), String::from(github));
        let senders = [
            Subject::all(),
            Subject::provider(github),
            Subject::provider(git),
            Subject::provider(github_again),
            Subject::endpoint(Endpoint::new("one"), github),
            Subject::endpoint(Endpoint::new("two"), github),
        ];
        let clients = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1"];
        let clients = clients.map(|client| Some(client.parse().unwrap()));
        let with_client = |client: Option<_>| {
            let senders = senders.clone();
            senders.map(|sender| match client {
                Some(client) => sender.with_network(client),
                None => sender,
            })
        };
        let subjects = clients.into_iter().chain([None]).flat_map(with_client);
        let with_header = |it: Subject| [it.clone(), it.with_header(ID, HeaderValue::from(7))];
        subjects.flat_map(with_header).collect()
    }

    #[test]
    fn the_short_way_to_a_bucket_leads_to_the_bucket_of_the_long_one() {
        let keys = [
            Key::all(),
            Key::network(),
            Key::endpoint(),
            Key::header(ID),
            Key::network().and(Key::endpoint()),
        ];
        let (quota, subjects) = (Quota::per_minute(1).unwrap(), subjects());
        // Whoever comes first is the one whose hash is remembered.
        let ahead: Vec<_> = subjects.iter().collect();
        let back: Vec<_> = subjects.iter().rev().collect();
        for key in keys {
            for (settings, order) in [
                (Settings::fixed(quota), &ahead),
                (Settings::fixed(quota), &back),
                (Settings::per_endpoint_or(quota), &ahead),
            ] {
                let judge = judge(key.clone(), settings);
                let rule = &judge.rules[0];
                for subject in order {
                    let facts = Facts::of(subject.extensions());
                    let seen = Seen {
                        headers: subject.headers(),
                        extensions: subject.extensions(),
                        facts,
                        verification: facts.and_then(Facts::verification),
                        size: &SizeHint::default,
                        now: judge.timer.now(),
                    };
                    assert_eq!(
                        rule.hash(&seen, &judge),
                        rule.hash_of_any(&seen, &judge),
                        "{key:?} {subject}"
                    );
                }
            }
        }
    }
}
