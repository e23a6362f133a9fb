//! `webhook verify`: verifies one recorded delivery.

use std::{fmt, time::Duration};

use serde::Serialize;
use webhook_core::{Timestamp, Verification};
use webhook_signature::{
    KeyRing, Refusal, Scheme, Tolerance, Verifier,
    explain::{self, Explainer},
};

use super::time;
use crate::{
    args::{Request, RequestArgs, SchemeArgs, SecretArgs, in_words_of_the_command_line},
    exit::{Exit, Failure, Outcome, say},
    output::{Format, Output},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    scheme: SchemeArgs,

    /// The time to judge by, in seconds since 1970 [default: now]
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true)]
    at: Option<i64>,

    /// How far a signed timestamp may be off, where the provider bounds it
    #[arg(long, value_name = "SECONDS", conflicts_with = "ignore_time")]
    tolerance: Option<u32>,

    /// Accept a signed timestamp of any age
    #[arg(long)]
    ignore_time: bool,

    /// Say which of the usual mistakes would make a refused delivery verify
    #[arg(long)]
    explain: bool,

    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    #[command(flatten)]
    secrets: SecretArgs,

    #[command(flatten)]
    request: RequestArgs,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let request = args.request.read()?;
    let scheme = args.scheme.load(request.url.as_ref())?;
    let scheme = args.with_tolerance(args.secrets.encoded(scheme));
    let keys = args.secrets.ring()?;
    let verifier = Verifier::new(&scheme, keys.clone())
        .map_err(|error| Failure::usage(in_words_of_the_command_line(error)))?;
    let now = time::at(args.at);

    let mut output = Output::new(args.format);
    match verifier.verify(&request.parts(), &request.body, now) {
        Ok(verification) => {
            output.verdict(true, &Valid::new(&verification))?;
            Ok(Exit::Done)
        }
        Err(refusal) => {
            let explain = if args.explain {
                diagnose(&scheme, &keys, &request, now)
            } else {
                Vec::new()
            };
            let provider = scheme.name().as_str();
            output.verdict(false, &Invalid::new(provider, refusal, explain))?;
            Ok(Exit::Refused)
        }
    }
}

impl Args {
    /// Moves the bounds that the scheme has, and adds none: a provider that looks at the age only
    /// is judged by the age only.
    fn with_tolerance(&self, scheme: Scheme) -> Scheme {
        let Some(own) = scheme.tolerance() else {
            return scheme;
        };
        let given = self
            .tolerance
            .map(|seconds| Duration::from_secs(u64::from(seconds)));
        match given {
            _ if self.ignore_time => scheme.with_tolerance(Tolerance::insecure_unbounded()),
            Some(given) if own.future().is_none() => {
                scheme.with_tolerance(Tolerance::max_age(given))
            }
            Some(given) => scheme.with_tolerance(Tolerance::within(given)),
            None => scheme,
        }
    }
}

/// The usual mistakes that would have made the delivery verify.
fn diagnose(scheme: &Scheme, keys: &KeyRing, request: &Request, now: Timestamp) -> Vec<String> {
    if request.body.len() > explain::MAX_BODY {
        say(format_args!(
            "note: a body of more than {} bytes is not explained",
            explain::MAX_BODY
        ));
    }
    Explainer::new(scheme, keys.clone())
        .explain(&request.parts(), &request.body, now)
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// What `--format json` says of a delivery that verifies.
#[derive(Serialize)]
#[allow(clippy::struct_field_names, reason = "the names of the JSON")]
struct Valid<'a> {
    valid: bool,
    provider: &'a str,
    secret_id: Option<&'a str>,
    timestamp: Option<i64>,
    delivery_id: Option<&'a str>,
    delivery_id_signed: bool,
    event: Option<&'a str>,
}

impl<'a> Valid<'a> {
    fn new(verification: &'a Verification) -> Self {
        Self {
            valid: true,
            provider: verification.provider().as_str(),
            secret_id: verification.secret_id().map(webhook_core::Name::as_str),
            timestamp: verification.timestamp().map(Timestamp::unix_seconds),
            delivery_id: verification.delivery_id(),
            delivery_id_signed: verification.is_delivery_id_signed(),
            event: verification.event_type(),
        }
    }
}

impl fmt::Display for Valid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "valid: {} signed this delivery", self.provider)?;
        if let Some(id) = self.secret_id {
            writeln!(f, "  secret     {id}")?;
        }
        match self.timestamp {
            Some(seconds) => {
                let time = Timestamp::from_unix_seconds(seconds);
                writeln!(f, "  timestamp  {seconds} ({time}), signed")?;
            }
            None => writeln!(
                f,
                "  timestamp  none is signed: it can be sent again at any time"
            )?,
        }
        if let Some(id) = self.delivery_id {
            let signed = if self.delivery_id_signed {
                "signed"
            } else {
                "not signed"
            };
            writeln!(f, "  id         {id}, {signed}")?;
        }
        if let Some(event) = self.event {
            writeln!(f, "  event      {event}")?;
        }
        Ok(())
    }
}

/// What `--format json` says of a delivery that does not.
#[derive(Serialize)]
struct Invalid<'a> {
    valid: bool,
    provider: &'a str,
    reason: &'static str,
    explain: Vec<String>,
}

impl<'a> Invalid<'a> {
    fn new(provider: &'a str, refusal: Refusal, explain: Vec<String>) -> Self {
        Self {
            valid: false,
            provider,
            reason: refusal.reason().as_str(),
            explain,
        }
    }
}

impl fmt::Display for Invalid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "invalid: {} ({})", self.reason, self.provider)?;
        for line in &self.explain {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}
