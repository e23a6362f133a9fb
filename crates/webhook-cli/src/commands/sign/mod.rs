//! `webhook sign`: prints what the sender would have sent.

mod curl;
mod http1;

use clap::ValueEnum;
use http::{HeaderName, HeaderValue};
use serde::Serialize;

use super::delivery::DeliveryArgs;
use crate::{
    args::{Request, Url},
    exit::{Exit, Failure, Outcome, say},
    output::{Format, Output},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Form,

    #[command(flatten)]
    delivery: DeliveryArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// The headers, one a line
    #[default]
    Headers,
    /// A command that sends the delivery, safe to paste into a shell
    Curl,
    /// The whole request, byte for byte
    Http,
    /// The headers, as JSON
    Json,
}

pub(crate) fn run(args: Args) -> Outcome {
    let mut delivery = args.delivery.read(None)?;
    let signed = delivery.sign()?;
    let headers = delivery.headers(&signed);
    let request = &delivery.request;
    match args.format {
        Form::Headers => {
            Output::new(Format::Text).bytes(&http1::lines(&headers, b"\n"))?;
        }
        Form::Curl => {
            let line = curl::command(&url(request)?, request, &headers);
            Output::new(Format::Text).bytes(&line)?;
        }
        Form::Http => {
            let text = http1::request(&url(request)?, request, &headers);
            Output::new(Format::Text).bytes(&text)?;
        }
        Form::Json => {
            let headers = pairs(headers.iter().map(|(name, value)| (name, value)));
            Output::new(Format::Json).json(&Signed { headers })?;
        }
    }
    Ok(Exit::Done)
}

/// What `--format json` says.
#[derive(Serialize)]
struct Signed {
    headers: Vec<(String, String)>,
}

/// Headers as JSON has them; what is no UTF-8 is replaced.
pub(super) fn pairs<'a>(
    headers: impl IntoIterator<Item = (&'a HeaderName, &'a HeaderValue)>,
) -> Vec<(String, String)> {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    headers
        .into_iter()
        .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
        .collect()
}

/// Where the request goes; somewhere on this machine, where only a path was given.
fn url(request: &Request) -> Result<Url, Failure> {
    const LOCAL: &str = "http://localhost:8080";
    match &request.url {
        Some(url) if url.base().is_some() => Ok(url.clone()),
        path => {
            say(format_args!(
                "note: sent to {LOCAL}; --url gives the receiver's"
            ));
            let target = path.as_ref().map_or("/", Url::target_text);
            Url::parse(&format!("{LOCAL}{target}"))
        }
    }
}
