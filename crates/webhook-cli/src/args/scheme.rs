use std::{fs, path::PathBuf};

use clap::{Args, ValueEnum};
use http::HeaderName;
use webhook_signature::{Primitive, Scheme, presets};

use super::{Url, in_words_of_the_command_line};
use crate::exit::Failure;

#[derive(Args)]
pub(crate) struct SchemeArgs {
    #[command(flatten)]
    named: NamedArgs,

    /// The id that the provider knows the webhook by, where it signs that, as paypal does
    #[arg(long, value_name = "ID")]
    webhook_id: Option<String>,

    /// The header that holds the signature or the token, where the provider lets you choose it
    #[arg(long, value_name = "NAME")]
    signature_header: Option<HeaderName>,

    /// The issuer that a token must name; for livekit, the API key
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,

    /// The audience that a token must name
    #[arg(long, value_name = "NAME")]
    audience: Option<String>,

    /// The subject that a token must name
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,

    /// The one algorithm that a token may name, if not the provider's own
    #[arg(long, value_name = "ALGORITHM", value_enum, ignore_case = true)]
    algorithm: Option<Algorithm>,
}

/// The algorithms of tokens, as RFC 7518 names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "verbatim")]
enum Algorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    PS256,
    ES256,
    ES512,
    EdDSA,
}

impl Algorithm {
    const fn primitive(self) -> Primitive {
        match self {
            Self::HS256 => Primitive::HmacSha256,
            Self::HS384 => Primitive::HmacSha384,
            Self::HS512 => Primitive::HmacSha512,
            Self::RS256 => Primitive::RsaPkcs1Sha256,
            Self::PS256 => Primitive::RsaPssSha256,
            Self::ES256 => Primitive::EcdsaP256Sha256,
            Self::ES512 => Primitive::EcdsaP521Sha512,
            Self::EdDSA => Primitive::Ed25519,
        }
    }
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct NamedArgs {
    /// A provider that is known; `webhook providers` lists them
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,

    /// A file that says how a provider signs, as TOML
    #[arg(long, value_name = "FILE")]
    scheme: Option<PathBuf>,
}

impl SchemeArgs {
    /// The scheme with what only the webhook's owner knows of it.
    fn told(&self, mut scheme: Scheme) -> Result<Scheme, Failure> {
        if let Some(id) = &self.webhook_id {
            let told = scheme.clone().with_webhook_id(id.clone());
            if told == scheme {
                return Err(Failure::usage(
                    "--webhook-id changes nothing: the provider signs no webhook id",
                ));
            }
            scheme = told;
        }
        if let Some(name) = &self.signature_header {
            if scheme.is_signed_in_body() {
                return Err(Failure::usage(
                    "--signature-header changes nothing: the provider signs within the body",
                ));
            }
            scheme = scheme.with_signature_header(name.clone());
        }
        self.token_told(scheme)
    }

    /// The scheme with what its tokens must say.
    fn token_told(&self, mut scheme: Scheme) -> Result<Scheme, Failure> {
        for (option, is_given) in [
            ("--issuer", self.issuer.is_some()),
            ("--audience", self.audience.is_some()),
            ("--subject", self.subject.is_some()),
            ("--algorithm", self.algorithm.is_some()),
        ] {
            if is_given && !scheme.is_token() {
                return Err(Failure::usage(format!(
                    "{option} changes nothing: the provider sends no JSON Web Token"
                )));
            }
        }
        if let Some(issuer) = &self.issuer {
            scheme = scheme.with_issuer(issuer.clone());
        }
        if let Some(audience) = &self.audience {
            scheme = scheme.with_audience(audience.clone());
        }
        if let Some(subject) = &self.subject {
            scheme = scheme.with_subject(subject.clone());
        }
        match self.algorithm {
            Some(algorithm) => scheme
                .with_token_algorithm(algorithm.primitive())
                .map_err(|error| Failure::usage(in_words_of_the_command_line(error))),
            None => Ok(scheme),
        }
    }

    /// The scheme, with the URL that the provider calls.
    pub(crate) fn load(&self, url: Option<&Url>) -> Result<Scheme, Failure> {
        let scheme = match (&self.named.provider, &self.named.scheme) {
            (Some(name), _) => preset(name)?.scheme(),
            (None, Some(path)) => {
                let text = fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
                let text = String::from_utf8(text)
                    .map_err(|_| Failure::usage(format!("{} is no UTF-8 text", path.display())))?;
                Scheme::from_toml(&text)
                    .map_err(|error| Failure::usage(format!("{}, {error}", path.display())))?
            }
            (None, None) => return Err(Failure::usage("give --provider or --scheme")),
        };
        let scheme = self.told(scheme)?;
        match url.and_then(Url::base) {
            Some(base) => scheme
                .with_base_url(base.to_owned())
                .map_err(|error| Failure::usage(in_words_of_the_command_line(error))),
            None => Ok(scheme),
        }
    }
}

/// The preset of this name, or what may have been meant.
pub(crate) fn preset(name: &str) -> Result<&'static webhook_signature::Preset, Failure> {
    presets::by_name(name).ok_or_else(|| {
        let name: String = name.chars().take(64).collect();
        let nearest = nearest(&name)
            .map_or_else(String::new, |nearest| format!("did you mean `{nearest}`? "));
        Failure::usage(format!(
            "no provider is named `{name}`; {nearest}`webhook providers` lists them"
        ))
    })
}

fn nearest(name: &str) -> Option<&'static str> {
    /// As near as clap's own suggestions have to be.
    const NEAR: f64 = 0.7;
    let likeness = |known: &str| strsim::jaro(&name.to_ascii_lowercase(), known);
    presets::all()
        .map(webhook_signature::Preset::name)
        .map(|known| (likeness(known), known))
        .filter(|(likeness, _)| *likeness > NEAR)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}
