use std::{
    io::{self, BufRead as _, Write as _},
    thread,
};

use cpu_time::ProcessTime;
use tokio::net::TcpListener;

use crate::stack::{BoxError, Case};

/// Serves the case till standard input ends. The first line on standard output is the address; for
/// each line on standard input there is one with the process's nanoseconds so far.
///
/// # Errors
/// No free port, or a setting is wrong.
pub fn serve(case: Case) -> Result<(), BoxError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let app = case.server.app(case.outcome)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        say(listener.local_addr()?)?;
        thread::spawn(tell_times);
        Ok(app.serve(listener).await?)
    })
}

fn tell_times() {
    for line in io::stdin().lock().lines() {
        let is_told = line.is_ok() && say(ProcessTime::now().as_duration().as_nanos()).is_ok();
        if !is_told {
            break;
        }
    }
    std::process::exit(0);
}

fn say(what: impl std::fmt::Display) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{what}")?;
    output.flush()
}
