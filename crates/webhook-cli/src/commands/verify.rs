//! `webhook verify`: verifies one recorded delivery.

use std::{fmt, fs, path::PathBuf, time::Duration};

use serde::Serialize;
use webhook_core::{Timestamp, Verification};
use webhook_signature::{
    KeyRing, Primitive, PublicKeys, Refusal, Scheme, Tolerance, Verifier,
    explain::{self, Explainer},
};

use super::time;
use crate::{
    args::{
        Request, RequestArgs, RetiredArgs, SchemeArgs, SecretArgs, in_words_of_the_command_line,
    },
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

    /// A file with a JSON Web Key Set, in place of secrets: deliveries name the key by its `kid`
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,

    #[command(flatten)]
    secrets: SecretArgs,

    #[command(flatten)]
    retired: RetiredArgs,

    #[command(flatten)]
    request: RequestArgs,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let request = args.request.read()?;
    let scheme = args.scheme.load(request.url.as_ref())?;
    let scheme = args.with_tolerance(args.secrets.encoded(scheme));
    let keys = args.keys()?;
    let retired = args.retired.ring(&args.secrets)?;
    let verifier = keys.verifier(&scheme)?;
    let now = time::at(args.at);

    let mut output = Output::new(args.format);
    match verifier.verify(&request.parts(), &request.body, now) {
        Ok(verification) => {
            let is_signed = !matches!(scheme.primitive(), Primitive::Token);
            output.verdict(true, &Valid::new(&verification, is_signed))?;
            Ok(Exit::Done)
        }
        Err(refusal) => {
            let explain = if args.explain {
                diagnose(explainer(&scheme, keys, retired), &request, now)
            } else {
                Vec::new()
            };
            let provider = scheme.name().as_str();
            output.verdict(false, &Invalid::new(provider, refusal, explain))?;
            Ok(Exit::Refused)
        }
    }
}

/// What verifies.
enum Keys {
    Ring(KeyRing),
    Set(PublicKeys),
}

impl Keys {
    fn verifier(&self, scheme: &Scheme) -> Result<Verifier, Failure> {
        let verifier = match self {
            Self::Ring(ring) => Verifier::new(scheme, ring.clone()),
            Self::Set(keys) => Verifier::with_key_source(scheme, keys.clone()),
        };
        verifier.map_err(|error| Failure::usage(in_words_of_the_command_line(error)))
    }
}

impl Args {
    fn keys(&self) -> Result<Keys, Failure> {
        let Some(path) = &self.jwks else {
            return self.secrets.ring().map(Keys::Ring);
        };
        if !self.secrets.is_empty() {
            return Err(Failure::usage(
                "--jwks holds public keys, and a secret beside it changes nothing; give one of them",
            ));
        }
        let text = fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
        let wrong = |error| Failure::usage(format!("{}: {error}", path.display()));
        let text = String::from_utf8(text).map_err(|_| wrong("it is no UTF-8 text".to_owned()))?;
        let keys = PublicKeys::from_jwks(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(Keys::Set(keys))
    }

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

/// Who knows the usual mistakes; nobody, of public keys.
fn explainer(scheme: &Scheme, keys: Keys, retired: Option<KeyRing>) -> Option<Explainer> {
    let Keys::Ring(ring) = keys else {
        say("note: a delivery that is verified with a key set is not explained");
        return None;
    };
    let explainer = Explainer::new(scheme, ring);
    Some(match retired {
        Some(retired) => explainer.with_retired(retired),
        None => explainer,
    })
}

/// The usual mistakes that would have made the delivery verify.
fn diagnose(explainer: Option<Explainer>, request: &Request, now: Timestamp) -> Vec<String> {
    if request.body.len() > explain::MAX_BODY {
        say(format_args!(
            "note: a body of more than {} bytes is not explained",
            explain::MAX_BODY
        ));
    }
    let causes = explainer.map(|it| it.explain(&request.parts(), &request.body, now));
    causes.iter().flatten().map(ToString::to_string).collect()
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
    #[serde(skip)]
    is_signed: bool,
}

impl<'a> Valid<'a> {
    fn new(verification: &'a Verification, is_signed: bool) -> Self {
        Self {
            is_signed,
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
        if self.is_signed {
            writeln!(f, "valid: {} signed this delivery", self.provider)?;
        } else {
            writeln!(
                f,
                "valid: this delivery has the token of {}, and no signature",
                self.provider
            )?;
        }
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
