use std::{fmt::Write as _, net::IpAddr};

use webhook_core::Timestamp;

use crate::{
    cell::Cell,
    column::Field,
    row::{Row, key_of, last_key},
    schema::in_runs,
    time::micros_of,
};

/// Which records are meant. The default means all.
///
/// ```
/// use webhook_core::Timestamp;
/// use webhook_sql::Filter;
///
/// let filter = Filter::new()
///     .since(Timestamp::from_unix_seconds(1_700_000_000))
///     .endpoint("tenant-7")
///     .reason("signature_mismatch")
///     .client("203.0.113.0".parse()?, 24);
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub(crate) since: Option<i64>,
    pub(crate) until: Option<i64>,
    pub(crate) endpoint: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) client: Option<Network>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) first: Vec<u8>,
    pub(crate) last: Vec<u8>,
    /// So many addresses that much of the log may be of them.
    is_large: bool,
    /// So many addresses that an index is no help.
    is_wide: bool,
}

impl Network {
    pub(crate) fn add(&self, conditions: &mut Conditions, key: &str) {
        conditions.add(&format!("{key} >= $"), self.first.clone());
        conditions.add(&format!("{key} <= $"), self.last.clone());
    }
}

impl Filter {
    /// All records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those received at this time or later.
    #[must_use]
    pub const fn since(mut self, time: Timestamp) -> Self {
        self.since = Some(micros_of(time));
        self
    }

    /// Those received before this time.
    #[must_use]
    pub const fn until(mut self, time: Timestamp) -> Self {
        self.until = Some(micros_of(time));
        self
    }

    /// Those for the endpoint of this name.
    #[must_use]
    pub fn endpoint(mut self, name: &str) -> Self {
        self.endpoint = Some(name.to_owned());
        self
    }

    /// Those with this outcome, in the words of [`webhook_core::Outcome`].
    #[must_use]
    pub fn outcome(mut self, outcome: &str) -> Self {
        self.outcome = Some(outcome.to_owned());
        self
    }

    /// Those with this reason, in the words of [`webhook_core::Reason`].
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// Those from a client of this network: an address and how many of its leading bits count.
    /// Bits behind those are taken as zero.
    #[must_use]
    pub fn client(mut self, address: IpAddr, prefix: u8) -> Self {
        let address = address.to_canonical();
        let first = match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
                IpAddr::V4((v4.to_bits() & !mask).into())
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shr(prefix.into()).unwrap_or(0);
                IpAddr::V6((v6.to_bits() & !mask).into())
            }
        };
        self.client = Some(Network {
            first: key_of(first),
            last: last_key(address, prefix),
            is_large: prefix <= if address.is_ipv4() { 16 } else { 40 },
            is_wide: prefix < if address.is_ipv4() { 8 } else { 20 },
        });
        self
    }

    /// Whether it names nothing at all.
    pub(crate) fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it names what only a record knows.
    pub(crate) const fn is_of_outcome(&self) -> bool {
        self.outcome.is_some() || self.reason.is_some()
    }

    pub(crate) fn matches(&self, row: &Row) -> bool {
        let time = row.number(Field::Time).unwrap_or(i64::MIN);
        let is_word = |wanted: &Option<String>, field| {
            wanted
                .as_deref()
                .is_none_or(|wanted| row.text(field) == Some(wanted))
        };
        let is_client = self.client.as_ref().is_none_or(|network| {
            let key = row.get(Field::ClientKey).blob();
            key.is_some_and(|key| {
                (network.first.as_slice()..=network.last.as_slice()).contains(&key)
            })
        });
        self.since.is_none_or(|since| time >= since)
            && self.until.is_none_or(|until| time < until)
            && is_word(&self.endpoint, Field::Endpoint)
            && is_word(&self.outcome, Field::Outcome)
            && is_word(&self.reason, Field::Reason)
            && is_client
    }

    /// The conditions of a `WHERE`, in the dialect of SQLite or PostgreSQL.
    pub(crate) fn conditions(&self, sqlite: bool) -> Conditions {
        let mut conditions = Conditions::default();
        self.add_times(&mut conditions);
        self.add_words(&mut conditions);
        if let Some(network) = &self.client {
            // A unary plus keeps SQLite, which has no statistics, from an index that is no help.
            let key = if sqlite && network.is_wide {
                "+client_key"
            } else {
                "client_key"
            };
            if !network.is_wide {
                conditions.add_text(&in_runs(sqlite));
            }
            network.add(&mut conditions, key);
        }
        conditions
    }

    pub(crate) fn add_times(&self, conditions: &mut Conditions) {
        if let Some(since) = self.since {
            conditions.add("received_at >= $", since);
        }
        if let Some(until) = self.until {
            conditions.add("received_at < $", until);
        }
    }

    /// Whether the index of clients tells where the records are.
    pub(crate) fn is_of_clients(&self) -> bool {
        self.client.as_ref().is_some_and(|network| !network.is_wide)
    }

    /// Whether no index holds in the order of time what is meant, and much of the log may be meant.
    pub(crate) fn is_scattered(&self) -> bool {
        self.client.as_ref().is_some_and(|network| network.is_large)
    }

    /// Endpoint, outcome and reason.
    pub(crate) fn add_words(&self, conditions: &mut Conditions) {
        if let Some(endpoint) = &self.endpoint {
            conditions.add("endpoint = $", endpoint.clone());
        }
        if let Some(outcome) = &self.outcome {
            conditions.add("outcome = $", outcome.clone());
        }
        if let Some(reason) = &self.reason {
            conditions.add("reason = $", reason.clone());
        }
    }
}

/// Conditions that must all hold, and the values of their places.
#[derive(Default)]
pub(crate) struct Conditions {
    sql: String,
    pub(crate) values: Vec<Cell>,
}

impl Conditions {
    /// A condition that ends with the `$` of its value.
    pub(crate) fn add(&mut self, condition: &str, value: impl Into<Cell>) {
        self.values.push(value.into());
        self.and();
        let _infallible = write!(self.sql, "{condition}{}", self.values.len());
    }

    /// The second value of a condition that ends with the `$` of its first.
    pub(crate) fn add_second(&mut self, value: Cell) {
        self.values.push(value);
        let _infallible = write!(self.sql, ", ${})", self.values.len());
    }

    pub(crate) fn add_text(&mut self, condition: &str) {
        self.and();
        self.sql.push_str(condition);
    }

    fn and(&mut self) {
        self.sql.push_str(if self.sql.is_empty() {
            " WHERE "
        } else {
            " AND "
        });
    }

    /// Takes the conditions out, for a query within the one that others are added for.
    pub(crate) fn take_inner(&mut self) -> String {
        std::mem::take(&mut self.sql)
    }

    /// ` WHERE …`, or nothing.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }
}
