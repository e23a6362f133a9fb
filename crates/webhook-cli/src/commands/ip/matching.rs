//! `webhook ip match`: holds addresses against allow and deny lists.

use std::{
    fmt, fs,
    net::IpAddr,
    path::{Path, PathBuf},
};

use serde::Serialize;
use webhook_ip_layer::{AccessList, ListError, NetworkError};

use super::list_error::{self, WrongEntry};
use crate::{
    exit::{Exit, Failure, Outcome, say},
    output::{Format, Output},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A network that is let in; repeatable
    #[arg(long, value_name = "CIDR", allow_hyphen_values = true)]
    allow: Vec<String>,

    /// A network that is not, whatever allows it; repeatable
    #[arg(long, value_name = "CIDR", allow_hyphen_values = true)]
    deny: Vec<String>,

    /// An allow list, even if it is empty: then nobody is let in
    #[arg(long)]
    allow_none: bool,

    /// A file of networks that are let in, one a line; `#` begins a comment; repeatable
    #[arg(long, value_name = "FILE")]
    list: Vec<PathBuf>,

    /// The addresses; `unix:` is a peer without one
    #[arg(value_name = "ADDR", required = true)]
    addresses: Vec<String>,

    /// How to answer; JSON has one line for each address
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let mut output = Output::new(args.format);
    let list = match args.access_list()? {
        Ok(list) => list,
        Err(errors) => {
            list_error::tell(&mut output, errors.iter().map(WrongEntry::from))?;
            return Ok(Exit::Misused);
        }
    };
    let addresses: Result<Vec<_>, _> = args.addresses.iter().map(|text| address(text)).collect();
    let addresses = match addresses {
        Ok(addresses) => addresses,
        Err(entry) => {
            list_error::tell(&mut output, [entry])?;
            return Ok(Exit::Misused);
        }
    };
    let mut all_allowed = true;
    for (text, address) in args.addresses.iter().zip(addresses) {
        let allowed = list.permits(address);
        all_allowed &= allowed;
        let rule = address.and_then(|address| list.rule(address));
        let answer = Answer {
            address: text,
            allowed,
            rule: rule.map(|rule| rule.to_string()),
        };
        output.verdict(allowed, &answer)?;
    }
    Ok(Exit::refused_unless(all_allowed))
}

impl Args {
    /// The lists, or every entry of them that cannot be parsed.
    fn access_list(&self) -> Result<Result<AccessList, Vec<NetworkError>>, Failure> {
        let mut allow = self.allow.clone();
        for path in &self.list {
            read_list(path, &mut allow)?;
        }
        let mut list = AccessList::open();
        let mut errors = Vec::new();
        let mut take = |result: Result<AccessList, ListError>| {
            result.unwrap_or_else(|error| {
                errors.extend_from_slice(error.errors());
                AccessList::open()
            })
        };
        if self.allow_none || !self.list.is_empty() || !allow.is_empty() {
            list = take(list.with_allow(&allow));
        }
        if !self.deny.is_empty() {
            list = take(list.with_deny(&self.deny));
        }
        if !list.is_configured() && errors.is_empty() {
            say("note: there is no list, so that everybody is let in");
        }
        Ok(if errors.is_empty() {
            Ok(list)
        } else {
            Err(errors)
        })
    }
}

fn read_list(path: &Path, into: &mut Vec<String>) -> Result<(), Failure> {
    let text = fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
    let text = String::from_utf8_lossy(&text);
    let entries = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    into.extend(entries.filter(|entry| !entry.is_empty()).map(str::to_owned));
    Ok(())
}

/// An address; `None` for a peer that has none.
fn address(text: &str) -> Result<Option<IpAddr>, WrongEntry> {
    if text == "unix:" {
        return Ok(None);
    }
    let address = text
        .parse::<IpAddr>()
        .map_err(|_| WrongEntry::no_address(text))?;
    Ok(Some(address.to_canonical()))
}

/// What is said of one address, in the names of `--format json`.
#[derive(Serialize)]
struct Answer<'a> {
    address: &'a str,
    allowed: bool,
    rule: Option<String>,
}

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed = if self.allowed {
            "allowed"
        } else {
            "not allowed"
        };
        match &self.rule {
            Some(rule) => write!(f, "{}: {allowed} by {rule}", self.address),
            None => write!(f, "{}: {allowed}, no entry names it", self.address),
        }
    }
}
