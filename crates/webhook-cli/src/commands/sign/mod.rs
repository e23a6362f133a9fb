//! `webhook sign`: prints what the sender would have sent.

mod curl;
mod http1;

use std::borrow::Cow;

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
            if delivery.changes_body || delivery.changes_url {
                say(format_args!(
                    "note: the signature stands in the {}; --format http, curl or json shows it",
                    if delivery.changes_body { "body" } else { "URL" }
                ));
            }
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
            let body = String::from_utf8_lossy(&request.body);
            let url = request.url.as_ref().map(Url::text);
            Output::new(Format::Json).json(&Signed {
                headers: pairs(headers.iter().map(|(name, value)| (name, value))),
                body: delivery.changes_body.then_some(body),
                url: url.filter(|_| delivery.changes_url),
            })?;
        }
    }
    Ok(Exit::Done)
}

/// What `--format json` says.
#[derive(Serialize)]
struct Signed<'a> {
    headers: Vec<(String, String)>,
    /// Only where the signature stands in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    /// Only where the signature stands in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
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
