use std::{fs, path::PathBuf};

use clap::Args;
use webhook_signature::{Scheme, presets};

use super::{Url, in_words_of_the_command_line};
use crate::exit::Failure;

#[derive(Args)]
pub(crate) struct SchemeArgs {
    #[command(flatten)]
    named: NamedArgs,

    /// The id that the provider knows the webhook by, where it signs that, as paypal does
    #[arg(long, value_name = "ID")]
    webhook_id: Option<String>,

    /// The issuer that a token must name; for livekit, the API key
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,
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
        match &self.issuer {
            Some(_) if !scheme.is_token() => Err(Failure::usage(
                "--issuer changes nothing: the provider sends no token",
            )),
            Some(issuer) => Ok(scheme.with_issuer(issuer.clone())),
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
