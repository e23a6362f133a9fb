use http::Extensions;
use webhook_core::{Clock, Name, Seed, Settings};

use crate::{
    HeaderStyle, Key, Quota, RateLimitError, RateLimitErrorKind, Unit, clock::Timer,
    diagnosis::Diagnoses, failure::FailureCost, fields::Fields, judge::Judge, rule::Rule,
};

/// How a layer is set up.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) first: Limit,
    pub(crate) others: Vec<Limit>,
    pub(crate) capacity: usize,
    pub(crate) headers: HeaderStyle,
    pub(crate) clock: Clock,
    pub(crate) is_shadow: bool,
    pub(crate) failure_cost: Option<FailureCost>,
}

/// One quota of a layer.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    pub(crate) name: Name,
    pub(crate) key: Key,
    pub(crate) quota: Settings<Quota>,
    pub(crate) is_shadow: bool,
}

impl Limit {
    pub(crate) const fn new(name: Name, key: Key, quota: Settings<Quota>) -> Self {
        Self {
            name,
            key,
            quota,
            is_shadow: false,
        }
    }

    /// Whether failures can be charged to this quota.
    pub(crate) fn counts_deliveries_by_network(&self) -> bool {
        let quota = self.quota.load(&Extensions::new());
        self.key.is_network() && quota.is_none_or(|quota| quota.unit() == Unit::Requests)
    }
}

impl Plan {
    pub(crate) fn limits(&self) -> impl Iterator<Item = &Limit> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// What the services of the layer share.
    pub(crate) fn judge(&self) -> Judge {
        Judge {
            rules: self.limits().map(|limit| self.rule(limit)).collect(),
            timer: Timer::start(self.clock.clone()),
            seed: Seed::random(),
            failure_cost: self.failure_cost.clone(),
            diagnoses: Diagnoses::default(),
        }
    }

    fn rule(&self, limit: &Limit) -> Rule {
        let quota = limit.quota.load(&Extensions::new());
        let fields = Fields::new(self.headers, limit.name.as_str(), quota.as_deref().copied());
        Rule::new(
            limit.name.clone(),
            limit.key.clone(),
            limit.quota.clone(),
            self.capacity,
            fields,
            self.is_shadow || limit.is_shadow,
        )
    }
}

/// A name that can stand in a String of RFC 9651, a record and a metric's label as it is.
pub(crate) fn plain(name: Name) -> Result<Name, RateLimitError> {
    let text = name.as_str();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=64).contains(&text.len()) && text.bytes().all(is_plain) {
        Ok(name)
    } else {
        Err(RateLimitErrorKind::InvalidName(text.to_owned()).into())
    }
}
