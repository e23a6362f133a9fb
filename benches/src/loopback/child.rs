use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::stack::{BoxError, Case};

/// A server in a process of its own, on the first core.
pub(super) struct Served {
    process: Child,
    asking: ChildStdin,
    told: BufReader<ChildStdout>,
    pub(super) address: SocketAddr,
}

impl Served {
    pub(super) fn start(case: Case) -> Result<Self, BoxError> {
        let mut process = Command::new("taskset")
            .args(["-c", "0"])
            .arg(env::current_exe()?)
            .args(["--listen", "--server", case.server.as_str()])
            .args(["--outcome", case.outcome.as_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("taskset of util-linux holds a server to a core: {error}"))?;
        let asking = process.stdin.take().ok_or("no standard input")?;
        let told = process.stdout.take().ok_or("no standard output")?;
        let mut served = Self {
            process,
            asking,
            told: BufReader::new(told),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        served.address = served.line()?.parse()?;
        Ok(served)
    }

    /// The processor time that it took so far, in nanoseconds.
    pub(super) fn time(&mut self) -> Result<u64, BoxError> {
        self.asking.write_all(b"\n")?;
        Ok(self.line()?.parse()?)
    }

    fn line(&mut self) -> Result<String, BoxError> {
        let mut line = String::new();
        self.told.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It ends with its input in any case.
        let _already_gone = self.process.kill();
        let _already_waited_for = self.process.wait();
    }
}

/// Holds this process, that is the senders, to the last core.
pub(super) fn keep_off_the_server() -> Result<(), BoxError> {
    let last = std::thread::available_parallelism()?.get() - 1;
    let status = Command::new("taskset")
        .args(["-apc", &last.to_string(), &std::process::id().to_string()])
        .stdout(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("taskset did not hold the senders to a core".into())
    }
}
