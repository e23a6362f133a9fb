//! `webhook ip explain`: which address is the client, and why.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use serde::Serialize;
use webhook_core::PeerAddr;
use webhook_ip_layer::{
    ClientAddressConfig, ClientAddressSource, Explanation, TrustedProxies, explain,
};

use super::list_error::{self, WrongEntry};
use crate::{
    args::{HeaderArgs, Strictness},
    exit::{Exit, Failure, Outcome},
    output::{Format, Output},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The peer of the connection, with a port if it is known (an IPv6 address in brackets then), or `unix:`
    #[arg(long, value_name = "ADDR[:PORT]", value_parser = peer)]
    peer: Option<PeerAddr>,

    /// Where the client is told: peer, x-forwarded-for, forwarded, x-real-ip or header:NAME
    #[arg(long, value_name = "SOURCE", default_value = "peer")]
    source: ClientAddressSource,

    /// A network of trusted proxies, or `unix:`; repeatable
    #[arg(long, value_name = "CIDR", conflicts_with = "hops")]
    trust: Vec<String>,

    /// How many proxies are trusted, the peer being the first; 0 is the peer itself
    #[arg(long, value_name = "N")]
    hops: Option<usize>,

    #[command(flatten)]
    headers: HeaderArgs,

    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let mut output = Output::new(args.format);
    let trusted = match args.hops {
        Some(hops) => TrustedProxies::hops(hops).map_err(Failure::usage)?,
        None => match TrustedProxies::networks(&args.trust) {
            Ok(trusted) => trusted,
            Err(error) => {
                list_error::tell(&mut output, error.errors().iter().map(WrongEntry::from))?;
                return Ok(Exit::Misused);
            }
        },
    };
    let config = ClientAddressConfig::new(args.source.clone(), trusted);
    let headers = args.headers.read(Strictness::Replace)?;
    let answer = Answer::from(explain(args.peer, &headers.map, &config));
    let found = answer.error.is_none();
    output.verdict(found, &answer)?;
    Ok(Exit::refused_unless(found))
}

fn peer(text: &str) -> Result<PeerAddr, &'static str> {
    if text == "unix:" {
        return Ok(PeerAddr::Unix);
    }
    let address = text
        .parse::<IpAddr>()
        .map(|address| SocketAddr::new(address, 0))
        .or_else(|_| text.parse::<SocketAddr>());
    address
        .map(PeerAddr::new)
        .map_err(|_| "write 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1]:80, or unix:")
}

/// What `--format json` says.
#[derive(Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    why: Vec<String>,
}

impl From<Explanation> for Answer {
    fn from(explanation: Explanation) -> Self {
        let (client, error) = match explanation.client {
            Ok(client) => (Some(client.ip().to_string()), None),
            Err(error) => (None, Some(error.as_str())),
        };
        Self {
            client,
            error,
            why: explanation.why,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.client, self.error) {
            (Some(client), _) => writeln!(f, "client: {client}")?,
            (None, error) => writeln!(f, "no client: {}", error.unwrap_or_default())?,
        }
        self.why.iter().try_for_each(|why| writeln!(f, "  {why}"))
    }
}
