//! The faults of a database, each on real sockets or a real disk: requests are answered as if nothing
//! were wrong, what found no room is counted, and a later record says how much that was.
//!
//! | | SQLite | PostgreSQL |
//! |---|---|---|
//! | stalls | another process holds the file's lock | a proxy passes nothing on |
//! | resets | its disk reports an error, and another is mounted | a proxy hangs up |
//! | has no room | a small file system is full | a tablespace's small file system is full |
//! | talks nonsense | its files are overwritten | a proxy passes other bytes on |

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use http::StatusCode;
use webhook_audit_layer::AuditLayer;
use webhook_sql::{SqlHandle, SqlSink, SqlSinkSettings};
use webhook_tests::audit::Folder;

use crate::{
    PATIENCE, block_on, databases,
    failing::{Mood, call, dropped_as_recorded, proxied},
    log, store,
};

const CAPACITY: u64 = 200;
const REQUESTS: u64 = 600;
/// What no request takes longer than, on a machine that has other things to do. A database that is
/// waited for takes 10 s.
const LATENCY: Duration = Duration::from_secs(1);

/// Requests through an audit layer, and what they were promised.
struct Receiver {
    layer: AuditLayer<SqlSink>,
    audit: SqlHandle,
    sent: u64,
}

impl Receiver {
    fn open(url: &str) -> Self {
        let capacity = NonZeroUsize::new(usize::try_from(CAPACITY).unwrap()).unwrap();
        let settings = SqlSinkSettings::new(url.parse().unwrap()).with_capacity(capacity);
        let sink = SqlSink::open_with(settings).unwrap();
        let audit = sink.handle();
        let layer = AuditLayer::new(sink);
        Self {
            layer,
            audit,
            sent: 0,
        }
    }

    fn ask(&mut self, requests: u64) {
        for _ in 0..requests {
            let begun = Instant::now();
            assert_eq!(block_on(call(&self.layer)), StatusCode::OK);
            assert!(begun.elapsed() < LATENCY, "{:?}", begun.elapsed());
            self.sent += 1;
        }
    }

    /// Asks while the database is at fault: what there is room for waits, the rest is dropped.
    fn ask_in_vain(&mut self, why: &str) {
        let before = self.audit.written();
        self.ask(REQUESTS);
        let error = self.audit.flush(Duration::from_millis(300)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(self.audit.written(), before);
        assert!(
            self.audit.dropped() >= REQUESTS - 2 * CAPACITY,
            "{:?}",
            self.audit
        );
    }

    /// Once the database is well again, everything is accounted for.
    fn settle(mut self, url: &str) {
        self.ask(1);
        self.audit.flush(PATIENCE).unwrap();
        self.audit.shutdown(PATIENCE).unwrap();
        let (written, dropped) = (self.audit.written(), self.audit.dropped());
        assert_eq!(written + dropped, self.sent);
        assert_eq!(dropped_as_recorded(url), i64::try_from(dropped).unwrap());
        let sql = "SELECT COUNT(*), COUNT(DISTINCT event_id) FROM webhook_event_log \
                   WHERE outcome IS NOT NULL";
        let written = i64::try_from(written).unwrap();
        assert_eq!(store::numbers(url, sql), [written, written]);
        assert_eq!(block_on(log(url).verify(None)).unwrap().broken, None);
    }
}

/// Runs a shell's line, and says whether it went well.
fn shell(line: &str) -> bool {
    let status = Command::new("sh").args(["-c", line]).status();
    status.is_ok_and(|status| status.success())
}

/// A small file system that is gone in the end.
struct Disk(Folder);

impl Disk {
    /// `None`, with a word about it, where none can be mounted.
    fn mount(options: &str) -> Option<Self> {
        Self::made(|path| format!("mount -t tmpfs -o {options} tmpfs '{path}'"))
    }

    /// One that can fail: an image in this folder, which turns read-only with an error, also for files
    /// that are open.
    fn failing(folder: &Path) -> Option<Self> {
        let image = folder.join("image");
        let image = image.display();
        Self::made(|path| {
            format!(
                "test -d /sys/fs/ext4 && dd if=/dev/zero of='{image}' bs=1M count=32 && \
                 mkfs.ext4 -q '{image}' && mount -o loop,errors=remount-ro '{image}' '{path}'"
            )
        })
    }

    fn fail(&self) {
        let path = self.path().display();
        let device = format!("$(basename \"$(findmnt -n -o SOURCE '{path}')\")");
        assert!(shell(&format!(
            "echo a test > /sys/fs/ext4/{device}/trigger_fs_error"
        )));
    }

    fn made(line: impl FnOnce(&str) -> String) -> Option<Self> {
        let folder = Folder::new();
        let line = line(&folder.path().display().to_string());
        if shell(&format!("({line}) 2>/dev/null")) {
            return Some(Self(folder));
        }
        println!("skipped: such a file system cannot be mounted here");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all the room that is left, until the file is removed.
    fn fill(&self) -> PathBuf {
        let filler = self.path().join("filler");
        let line = format!(
            "dd if=/dev/zero of='{}' bs=4k 2>/dev/null",
            filler.display()
        );
        assert!(!shell(&line), "the disk is larger than it should be");
        filler
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let path = self.path().display();
        shell(&format!("while umount -l '{path}' 2>/dev/null; do :; done"));
    }
}

fn in_folder(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("audit.db").display())
}

#[test]
fn sqlite_whose_lock_another_process_holds() {
    let folder = Folder::new();
    let url = in_folder(folder.path());
    let mut receiver = Receiver::open(&url);
    receiver.ask(10);
    receiver.audit.flush(PATIENCE).unwrap();
    let held = store::hold(&url);
    receiver.ask_in_vain("took longer");
    drop(held);
    receiver.settle(&url);
}

#[test]
fn sqlite_whose_disk_fails() {
    let image = Folder::new();
    let Some(disk) = Disk::failing(image.path()) else {
        return;
    };
    let url = in_folder(disk.path());
    let mut receiver = Receiver::open(&url);
    receiver.ask(10);
    receiver.audit.flush(PATIENCE).unwrap();
    disk.fail();
    receiver.ask_in_vain("database");
    // Another disk, with what could still be read of the old one.
    let (path, kept) = (disk.path().display(), image.path().display());
    let restore = format!(
        "cp '{path}/audit.db' '{path}/audit.db-wal' '{kept}' && umount -l '{path}' && \
         mount -t tmpfs tmpfs '{path}' && cp '{kept}'/audit.db* '{path}'"
    );
    assert!(shell(&restore));
    receiver.settle(&url);
}

#[test]
fn promise_15_sqlite_whose_disk_is_full() {
    let Some(disk) = Disk::mount("size=4m") else {
        return;
    };
    let url = in_folder(disk.path());
    let mut receiver = Receiver::open(&url);
    receiver.ask(10);
    receiver.audit.flush(PATIENCE).unwrap();
    let filler = disk.fill();
    receiver.ask_in_vain("full");
    fs::remove_file(filler).unwrap();
    receiver.settle(&url);
}

#[test]
fn sqlite_whose_files_are_overwritten() {
    let folder = Folder::new();
    let url = in_folder(folder.path());
    let mut receiver = Receiver::open(&url);
    receiver.ask(10);
    receiver.audit.flush(PATIENCE).unwrap();
    // By another process: one that closes a file of SQLite's takes the locks of its own process.
    let path = folder.path().display();
    let keep = format!("mkdir '{path}/kept' && cp '{path}'/audit.db* '{path}/kept'");
    assert!(shell(&keep));
    let spoil = "size=$(stat -c %s \"$file\"); \
                 tr '\\0' '\\377' </dev/zero | dd of=\"$file\" bs=4096 count=$((size / 4096 + 1)) \
                 iflag=fullblock conv=notrunc 2>/dev/null";
    assert!(shell(&format!(
        "for file in '{path}'/audit.db*; do {spoil}; done"
    )));
    receiver.ask_in_vain("database");
    let back = format!(
        "rm '{path}'/audit.db*; cp '{path}'/kept/audit.db '{path}'/kept/audit.db-wal '{path}'"
    );
    assert!(shell(&back));
    receiver.settle(&url);
}

#[test]
fn postgres_behind_a_connection_that_fails() {
    for (name, mood) in [
        ("fault_stalls", Mood::Stalling),
        ("fault_resets", Mood::HangingUp),
        ("fault_nonsense", Mood::Rambling),
    ] {
        let Some((url, direct, proxy)) = proxied(name) else {
            return;
        };
        let mut receiver = Receiver::open(&url);
        receiver.ask(10);
        receiver.audit.flush(PATIENCE).unwrap();
        proxy.turn(mood);
        receiver.ask_in_vain("database");
        // What is stalled has to end before it can be begun anew.
        proxy.turn(Mood::HangingUp);
        proxy.turn(Mood::Passing);
        receiver.settle(&direct);
    }
}

#[test]
fn promise_15_postgres_whose_disk_is_full() {
    let Some(postgres) = databases().postgres.as_ref() else {
        return;
    };
    let Some(disk) = Disk::mount("size=24m,mode=0777") else {
        return;
    };
    let place = disk.path().join("place");
    fs::create_dir(&place).unwrap();
    shell(&format!(
        "chown postgres: '{}' 2>/dev/null",
        place.display()
    ));
    let admin = postgres.database("fault_admin");
    let create = format!("CREATE TABLESPACE small LOCATION '{}'", place.display());
    store::run(&admin, &create);
    store::run(&admin, "CREATE DATABASE fault_full TABLESPACE small");
    let url = admin.replace("/fault_admin", "/fault_full");
    let mut receiver = Receiver::open(&url);
    receiver.ask(10);
    receiver.audit.flush(PATIENCE).unwrap();
    let filler = disk.fill();
    // What a page has room for is still written: only one that grows meets the end.
    let begun = Instant::now();
    while receiver.audit.flush(Duration::from_millis(500)).is_ok() {
        receiver.ask(CAPACITY / 2);
        assert!(begun.elapsed() < PATIENCE, "the disk is never full");
    }
    receiver.ask_in_vain("space");
    fs::remove_file(filler).unwrap();
    receiver.settle(&url);
    store::run(&admin, "DROP DATABASE fault_full WITH (FORCE)");
    store::run(&admin, "DROP TABLESPACE small");
}
