//! The server that `http_attacks.json` describes, built from the family's public interface alone.
//!
//! ```text
//! attack-target --port 18500 --audit audit.jsonl
//! ```
//!
//! It listens on loopback, writes one line of JSON for each request that reaches a layer, and tells
//! at `GET /__calls` how often a handler was called. One path for each endpoint, `/github`, and the
//! same as a gRPC method, `/hook.Svc/github`. Its secrets are test data that everybody knows.
#![allow(clippy::print_stderr, clippy::print_stdout)]

mod endpoints;
mod handler;
mod server;

use std::{
    env,
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use webhook_layers::{JsonLinesSink, audit::AuditLayer};

use self::handler::Calls;

type BoxError = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("attack-target: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), BoxError> {
    let Options { port, audit } = Options::from_arguments()?;
    let calls = Calls::default();
    let sink = JsonLinesSink::append(audit)?;
    let service = endpoints::service(&AuditLayer::new(sink), &calls)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    tokio::runtime::Runtime::new()?.block_on(server::serve(address, service, calls))
}

struct Options {
    port: u16,
    audit: PathBuf,
}

impl Options {
    fn from_arguments() -> Result<Self, BoxError> {
        let (mut port, mut audit) = (None, None);
        let mut arguments = env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or(USAGE)?;
            match name.as_str() {
                "--port" => port = Some(value.parse()?),
                "--audit" => audit = Some(value.into()),
                _ => return Err(USAGE.into()),
            }
        }
        Ok(Self {
            port: port.ok_or(USAGE)?,
            audit: audit.ok_or(USAGE)?,
        })
    }
}

const USAGE: &str = "usage: attack-target --port PORT --audit FILE";
