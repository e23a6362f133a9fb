//! A PostgreSQL server for tests: in a temporary folder, on a free port, as an unprivileged user.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

/// A running server, which ends with this value, and its folder with it.
#[derive(Debug)]
pub struct Postgres {
    server: Child,
    port: u16,
}

static STARTED: AtomicUsize = AtomicUsize::new(0);

impl Postgres {
    /// Starts a server.
    ///
    /// `None`, with a word about it, where PostgreSQL is not installed; but in CI
    /// (`CI=true`) that is a failure.
    ///
    /// # Panics
    /// Where a server that is installed does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(bin) = programs() else {
            assert!(
                env::var_os("CI").is_none_or(|value| value != "true"),
                "PostgreSQL is not installed, and this is CI: tests/run installs it"
            );
            #[allow(clippy::print_stderr, reason = "a test says what it skips")]
            {
                eprintln!("skipped: PostgreSQL is not installed");
            }
            return None;
        };
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("webhook-postgres-{}-{number}", std::process::id());
        let folder = env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        own(&folder);
        let data = folder.join("data");
        let made = as_nobody(&bin.join("initdb"))
            .args([
                "--username=webhook",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-sync",
                "--locale=C",
                "-D",
            ])
            .arg(&data)
            .current_dir(&folder)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success(), "initdb failed");
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let server = serve(&bin, &folder, port);
        let this = Self { server, port };
        this.wait(&bin);
        Some(this)
    }

    /// A new database of this name, and its URL.
    ///
    /// # Panics
    /// Where it cannot be made.
    #[must_use]
    pub fn database(&self, name: &str) -> String {
        let bin = programs().unwrap();
        let made = Command::new(bin.join("createdb"))
            .args([
                "-h",
                "127.0.0.1",
                "-U",
                "webhook",
                "-p",
                &self.port.to_string(),
                name,
            ])
            .status()
            .unwrap();
        assert!(made.success(), "createdb {name}");
        format!(
            "postgres://webhook@127.0.0.1:{}/{name}?sslmode=disable",
            self.port
        )
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    fn wait(&self, bin: &Path) {
        let started = Instant::now();
        loop {
            let ready = Command::new(bin.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status()
                .unwrap();
            if ready.success() {
                return;
            }
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "PostgreSQL does not start"
            );
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        let _status = self.server.wait();
    }
}

/// Ends the server, and removes its folder, when its standard input is closed: also where the tests
/// were killed.
const KEEPER: &str = r#"folder=$1; shift
"$@" & server=$!
cat >/dev/null
kill -INT "$server"; wait "$server"
rm -rf "$folder""#;

fn serve(bin: &Path, folder: &Path, port: u16) -> Child {
    let log = fs::File::create(folder.join("log")).unwrap();
    let mut server = as_nobody(&bin.join("postgres"));
    server
        .arg("-D")
        .arg(folder.join("data"))
        .args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
        ])
        .arg(format!("unix_socket_directories={}", folder.display()));
    Command::new("sh")
        .args(["-c", KEEPER, "sh"])
        .arg(folder)
        .arg(server.get_program())
        .args(server.get_args())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Where the server's programs are; Debian has them out of the way.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let debian = versions.flatten().map(|version| version.path().join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = debian.chain(env::split_paths(&path).collect::<Vec<_>>());
    folders.find(|folder| folder.join("initdb").is_file() && folder.join("createdb").is_file())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// PostgreSQL refuses to run as root; Debian's package brings a user for it.
fn as_nobody(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--",
        ])
        .arg(program);
    command
}

fn own(folder: &Path) {
    if is_root() {
        let owned = Command::new("chown")
            .arg("postgres:")
            .arg(folder)
            .status()
            .unwrap();
        assert!(owned.success(), "chown");
    }
}
