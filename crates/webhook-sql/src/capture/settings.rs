use std::{fmt, num::NonZeroUsize, sync::Arc};

use crate::{DatabaseUrl, Pseudonyms, Retention};

/// How many captures wait at most, unless it is said otherwise.
pub const DEFAULT_CAPTURES: usize = 1024;
/// How many bytes the captures that wait hold at most, unless it is said otherwise: 16 MiB.
pub const DEFAULT_CAPTURE_QUEUE_BYTES: usize = 16 * 1024 * 1024;

/// Turns a body into what is stored of it.
pub(super) type Seal = Arc<dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync>;

/// How [`SqlCaptures`](crate::SqlCaptures) keep what was captured.
///
/// | setting | default |
/// |---|---|
/// | capacity | [`DEFAULT_CAPTURES`], 1,024, and [`DEFAULT_CAPTURE_QUEUE_BYTES`], 16 MiB |
/// | retention | 7 days, 10,000 captures |
/// | pseudonyms | none: clients are found by their addresses |
/// | seal | none: bodies are stored as they are |
///
/// ```
/// use webhook_sql::{Retention, SqlCaptureSettings};
///
/// let settings = SqlCaptureSettings::new("sqlite:audit.db".parse()?)
///     .with_retention(Retention::days(2).with_max_records(1_000));
/// # Ok::<_, webhook_sql::SqlError>(())
/// ```
#[derive(Clone)]
pub struct SqlCaptureSettings {
    pub(super) url: DatabaseUrl,
    pub(super) capacity: usize,
    pub(super) queue_bytes: usize,
    pub(super) retention: Retention,
    pub(super) pseudonyms: Pseudonyms,
    pub(super) seal: Option<Seal>,
}

impl SqlCaptureSettings {
    /// The defaults, for the database at this place: the audit's own, so that a purge of records takes
    /// their captures with it.
    #[must_use]
    pub const fn new(url: DatabaseUrl) -> Self {
        Self {
            url,
            capacity: DEFAULT_CAPTURES,
            queue_bytes: DEFAULT_CAPTURE_QUEUE_BYTES,
            retention: Retention::days(7).with_max_records(10_000),
            pseudonyms: Pseudonyms::none(),
            seal: None,
        }
    }

    /// Sets how many captures may wait. Default: [`DEFAULT_CAPTURES`].
    #[must_use]
    pub const fn with_capacity(mut self, captures: NonZeroUsize) -> Self {
        self.capacity = captures.get();
        self
    }

    /// Sets how many bytes the captures that wait may hold. Default:
    /// [`DEFAULT_CAPTURE_QUEUE_BYTES`].
    #[must_use]
    pub const fn with_queue_bytes(mut self, bytes: NonZeroUsize) -> Self {
        self.queue_bytes = bytes.get();
        self
    }

    /// Sets how long captures are kept. Default: 7 days, and 10,000 of them. Unlike the audit's
    /// records, the newest one goes too where it is due.
    #[must_use]
    pub const fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Sets how clients are stored, by which a purge finds their captures: as the audit's own sink is
    /// told. Default: by their addresses.
    #[must_use]
    pub fn with_pseudonyms(mut self, pseudonyms: Pseudonyms) -> Self {
        self.pseudonyms = pseudonyms;
        self
    }

    /// Stores of each body what this function makes of it, such as an encryption to a key whose
    /// other half is elsewhere. Default: bodies as they are. It runs on the thread that writes. Where it
    /// returns `None`, the body is not stored, and `withheld` says `not_sealed`. Headers are not sealed.
    ///
    /// ```
    /// use webhook_sql::SqlCaptureSettings;
    ///
    /// # fn encrypt(body: &[u8]) -> Option<Vec<u8>> { None }
    /// let settings = SqlCaptureSettings::new("sqlite:audit.db".parse()?)
    ///     .with_seal(|body| encrypt(body));
    /// # Ok::<_, webhook_sql::SqlError>(())
    /// ```
    #[must_use]
    pub fn with_seal(
        mut self,
        seal: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        self.seal = Some(Arc::new(seal));
        self
    }
}

/// Without the closure.
impl fmt::Debug for SqlCaptureSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlCaptureSettings")
            .field("url", &self.url)
            .field("capacity", &self.capacity)
            .field("queue_bytes", &self.queue_bytes)
            .field("retention", &self.retention)
            .field("pseudonyms", &self.pseudonyms)
            .field("is_sealed", &self.seal.is_some())
            .finish()
    }
}
