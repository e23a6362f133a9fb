use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use crate::{DatabaseUrl, Pseudonyms, Retention, SqlError};

/// How many records wait at most, unless it is said otherwise.
pub const DEFAULT_CAPACITY: usize = 16_384;

/// What happens to a record that finds the queue full, because the database is slower than the
/// requests, or is down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// It is dropped and counted. No request ever waits.
    #[default]
    Drop,
    /// It is taken all the same, up to twice the capacity, and its response waits until there is
    /// room, at most this long: senders are slowed down. Beyond that it is dropped and counted.
    Wait(Duration),
    /// It is appended to this file, by the request, and read back when there is room, also by the
    /// next process. The file is not bounded.
    Spill(PathBuf),
}

/// How a [`SqlSink`](crate::SqlSink) keeps its records.
///
/// | setting | default |
/// |---|---|
/// | capacity | [`DEFAULT_CAPACITY`], 16,384 records: at most 48 MiB |
/// | overflow | [`Overflow::Drop`] |
/// | durable | no: a response does not wait for its record |
/// | retention | for good |
/// | pseudonyms | none: addresses as they are |
///
/// ```
/// use std::time::Duration;
///
/// use webhook_sql::{Overflow, Pseudonyms, Retention, SqlSinkSettings};
///
/// let settings = SqlSinkSettings::new("sqlite:audit.db".parse()?)
///     .with_overflow(Overflow::Wait(Duration::from_millis(250)))
///     .with_retention(Retention::days(90).with_max_records(10_000_000))
///     .with_pseudonyms(Pseudonyms::truncated());
/// # Ok::<_, webhook_sql::SqlError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SqlSinkSettings {
    pub(super) url: DatabaseUrl,
    pub(super) capacity: usize,
    pub(super) overflow: Overflow,
    pub(super) durable: Option<Duration>,
    pub(super) retention: Retention,
    pub(super) pseudonyms: Pseudonyms,
}

impl SqlSinkSettings {
    /// The defaults, for the database at this place.
    #[must_use]
    pub const fn new(url: DatabaseUrl) -> Self {
        Self {
            url,
            capacity: DEFAULT_CAPACITY,
            overflow: Overflow::Drop,
            durable: None,
            retention: Retention::forever(),
            pseudonyms: Pseudonyms::none(),
        }
    }

    /// Sets how many records may wait. Default: [`DEFAULT_CAPACITY`]. One takes about 1 KiB, 3 KiB at
    /// most.
    #[must_use]
    pub const fn with_capacity(mut self, records: NonZeroUsize) -> Self {
        self.capacity = records.get();
        self
    }

    /// Sets what happens to records that find the queue full. Default: [`Overflow::Drop`].
    #[must_use]
    pub fn with_overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Has each response wait until its record is committed, and flushed to the disk, at most for
    /// `wait`. Where it is not by then, or the queue is full, the caller gets 503
    /// `store_unavailable` in the response's place, and tries again: what the handler did is done.
    /// Default: responses do not wait.
    ///
    /// A request whose client went away has nobody to wait; its record follows as soon as it can.
    #[must_use]
    pub const fn with_durable(mut self, wait: Duration) -> Self {
        self.durable = Some(wait);
        self
    }

    /// Sets how long records are kept. Default: for good.
    #[must_use]
    pub const fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Sets how addresses are stored. Default: as they are.
    #[must_use]
    pub fn with_pseudonyms(mut self, pseudonyms: Pseudonyms) -> Self {
        self.pseudonyms = pseudonyms;
        self
    }

    pub(super) const fn is_awaited(&self) -> bool {
        self.durable.is_some() || matches!(self.overflow, Overflow::Wait(_))
    }

    /// How many records are held where the capacity is used up.
    pub(super) const fn hard_capacity(&self) -> usize {
        match self.overflow {
            Overflow::Wait(_) if self.durable.is_none() => self.capacity.saturating_mul(2),
            _ => self.capacity,
        }
    }

    pub(super) fn check(&self) -> Result<(), SqlError> {
        if self.durable.is_some() && self.overflow != Overflow::Drop {
            return Err(SqlError::configuration(
                "a durable sink answers 503 where its queue is full: leave its overflow as it is",
            ));
        }
        Ok(())
    }
}
