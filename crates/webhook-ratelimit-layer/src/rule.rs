use std::{hash::BuildHasher as _, sync::OnceLock};

use http::{Extensions, HeaderMap};
use http_body::SizeHint;
use webhook_core::{
    Check, ClientAddr, ClientNetwork, Facts, Name, PeerAddr, Settings, Verification,
    settings::Loaded,
};

use crate::{
    Key, Quota, Unit,
    clock::Moment,
    fields::Fields,
    judge::Judge,
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

impl Seen<'_> {
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
        let amount = match quota.unit() {
            Unit::Requests | Unit::Concurrent => 1,
            Unit::Bytes => bytes(seen, &quota),
        };
        if self.key.lacks_sender(seen) {
            judge.diagnoses.before_verification(&self.name);
        }
        Ok(Ask {
            rule: self,
            key: Fingerprint::of(hash, quota.kind()),
            quota,
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
    fn hash(&self, seen: &Seen<'_>, judge: &Judge) -> Option<u64> {
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
    amount: u64,
}

impl<'a> Ask<'a> {
    /// Takes it.
    #[inline]
    pub(crate) fn charge(&self, now: Moment) -> Result<Taken, Shortage> {
        if self.is_for_permits() {
            return self.acquire();
        }
        let quota: &Quota = &self.quota;
        let charge = |level| quota.charge(level, now, self.amount);
        let buckets = self.rule.buckets();
        let word = buckets.charge(self.key, quota.kind(), now.ticks, charge)?;
        Ok(Taken::Word(word))
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
        let _empty = buckets.charge(self.key, self.quota.kind(), now.ticks, drain);
    }

    /// The lock under which the bucket is charged together with others; none for permits.
    pub(crate) fn hold(&self) -> Option<Held<'a>> {
        if self.is_for_permits() {
            return None;
        }
        self.rule.buckets().hold(self.key, self.quota.kind())
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
