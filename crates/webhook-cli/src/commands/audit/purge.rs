//! `webhook audit purge`: deletes records.

use std::fmt;

use serde::Serialize;
use webhook_core::Timestamp;
use webhook_ip_layer::Network;
use webhook_sql::Filter;

use super::args::{Store, time};
use crate::{
    exit::{Exit, Outcome},
    output::{Format, Output},
};

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true)))]
pub(crate) struct Args {
    #[command(flatten)]
    store: Store,

    /// Those received before this time
    #[arg(long, visible_alias = "until", value_name = "T", group = "what", value_parser = time)]
    before: Option<Timestamp>,

    /// Those from a client of this network
    #[arg(long, value_name = "CIDR", group = "what")]
    client: Option<Network>,

    /// Those for this endpoint
    #[arg(long, value_name = "E", group = "what")]
    endpoint: Option<String>,

    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) async fn run(args: &Args) -> Outcome {
    let log = super::open(&args.store).await?;
    let purged = log.purge(&args.filter()).await?;
    Output::new(args.format).answer(&Answer { purged })?;
    Ok(Exit::Done)
}

impl Args {
    fn filter(&self) -> Filter {
        let mut filter = Filter::new();
        if let Some(time) = self.before {
            filter = filter.until(time);
        }
        if let Some(network) = &self.client {
            filter = filter.client(network.address(), network.prefix_len());
        }
        if let Some(endpoint) = &self.endpoint {
            filter = filter.endpoint(endpoint);
        }
        filter
    }
}

/// What `--format json` says.
#[derive(Serialize)]
struct Answer {
    purged: u64,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "purged {} records", self.purged)
    }
}
