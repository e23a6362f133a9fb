//! Audit records for tests of sinks and stores, and the databases to keep them in.

use std::{
    convert::Infallible,
    env, fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_audit_layer::{AuditLayer, AuditRecord, SenderText};
use webhook_core::{ClientAddr, Clock, Outcome, PeerAddr, Reason, RequestId, Timestamp};

use crate::postgres::Postgres;

/// A record, as the layer makes it, for a request that was accepted.
///
/// # Panics
/// Where the layer makes none.
#[must_use]
pub fn record() -> AuditRecord {
    let kept = Arc::new(Mutex::new(None));
    let sink = {
        let kept = Arc::clone(&kept);
        move |record: AuditRecord| *kept.lock().unwrap() = Some(record)
    };
    let handler = service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let request = Request::post("https://hooks.test/webhooks/github")
        .header("user-agent", "GitHub-Hookshot/044aadd")
        .body(())
        .unwrap();
    let call = AuditLayer::new(sink).layer(handler).oneshot(request);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(call).unwrap();
    let mut record = kept.lock().unwrap().take().unwrap();
    record.total_time = Duration::from_micros(250);
    record
}

/// Records that differ as real ones do: of several endpoints and clients, some of them refused, a
/// second apart from each other.
#[derive(Debug)]
pub struct Series {
    pattern: AuditRecord,
    clock: Clock,
    count: u32,
    /// When the first of them came.
    pub start: Timestamp,
    /// How far they are apart.
    pub step: Duration,
}

impl Series {
    /// A series from a fixed time on.
    #[must_use]
    pub fn new() -> Self {
        Self {
            pattern: record(),
            clock: Clock::system(),
            count: 0,
            start: Timestamp::from_unix_seconds(1_700_000_000),
            step: Duration::from_secs(1),
        }
    }

    /// The next record.
    #[must_use]
    pub fn one(&mut self) -> AuditRecord {
        let n = self.count;
        self.count += 1;
        let mut record = self.pattern.clone();
        record.id = RequestId::generate(&self.clock);
        record.received_at = self.start.saturating_add(self.step * n);
        record.endpoint = Some(["acme", "globex", "initech", "umbrella"][n as usize % 4].into());
        record.provider = Some("github".into());
        record.peer = Some(PeerAddr::new(([10, 0, 3, 7], 4711).into()));
        let client = [203, 0, 113, (n % 100) as u8];
        record.client = Some(ClientAddr::new(client.into(), Some(4711)));
        record.body_bytes = Some(812);
        record.secret_id = Some("2026-q4".into());
        record.is_verified = true;
        record.is_delivery_id_signed = false;
        record.delivery_id = Some(SenderText::new(&format!("72d3162e-{n:08}"), 128));
        record.event_type = Some(SenderText::new("push", 64));
        record.verify_time = Some(Duration::from_micros(41));
        record.total_time = Duration::from_micros(u64::from(100 + n % 50 * 10));
        let refusal = match n % 20 {
            3 => Some(Reason::SignatureMismatch),
            7 => Some(Reason::RateLimited),
            11 => Some(Reason::Duplicate),
            13 => Some(Reason::ClientGone),
            _ => None,
        };
        if let Some(reason) = refusal {
            record.reason = reason;
            record.outcome = reason.outcome();
            if record.outcome == Outcome::Denied {
                record.status = Some(reason.code().unwrap().status());
                record.secret_id = None;
                record.is_verified = false;
            }
        }
        record
    }
}

impl Default for Series {
    fn default() -> Self {
        Self::new()
    }
}

/// A folder that is removed in the end.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new folder.
    ///
    /// # Panics
    /// Where it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("webhook-audit-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _removed = fs::remove_dir_all(&self.0);
    }
}

/// The databases that a claim is shown on: SQLite, and PostgreSQL where it is installed.
#[derive(Debug)]
pub struct Databases {
    /// The server.
    pub postgres: Option<Postgres>,
}

/// New, empty databases.
#[derive(Debug)]
pub struct Stores {
    /// The folder of those that are files.
    pub folder: Folder,
    /// Where they are.
    pub urls: Vec<String>,
}

impl Databases {
    /// Starts what there is.
    #[must_use]
    pub fn start() -> Self {
        let postgres = Postgres::start();
        Self { postgres }
    }

    /// A new database of each kind, by this name.
    #[must_use]
    pub fn stores(&self, name: &str) -> Stores {
        let folder = Folder::new();
        let file = folder.path().join(format!("{name}.db"));
        let sqlite = format!("sqlite:{}", file.display());
        let postgres = self.postgres.as_ref().map(|server| server.database(name));
        let urls = [sqlite].into_iter().chain(postgres).collect();
        Stores { folder, urls }
    }
}
