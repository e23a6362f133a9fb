//! Providers' schemes, ready to use.
//!
//! Each preset says what was read to know it ([`Preset::evidence`], [`Preset::source`]);
//! `docs/PROVIDERS.md` in the repository lists them all with what they sign. They are made from
//! descriptions, a family of providers in a file.
//!
//! Where the provider signs no timestamp, whoever captures a delivery can send it again at any
//! time, and where the id is not signed, under a new one: remember what was delivered by the
//! body's digest. Where it shows a secret instead of signing ([`Kind::Token`], [`Kind::Basic`]),
//! nothing of the delivery is covered, and where it does neither ([`Kind::Unsigned`]), there is no
//! verifier.
//!
//! ```
//! use webhook_core::Secret;
//! use webhook_signature::{Verifier, presets};
//!
//! let github = Verifier::new(presets::GITHUB.scheme(), Secret::new("It's a Secret to Everybody")?)?;
//!
//! let by_name = presets::by_name("stripe").ok_or("no such preset")?;
//! assert!(by_name.scheme().covers_timestamp());
//! assert!(presets::by_name("strip").is_none());
//!
//! // Nobody can verify what is not signed.
//! let unsigned = Verifier::new(presets::MOLLIE.scheme(), Secret::new("It's a Secret to Everybody")?);
//! assert!(unsigned.is_err());
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

#![allow(clippy::doc_markdown, reason = "providers' names are no code")]

mod code;
mod content;
mod form;
mod mail;
mod messages;
mod models;
mod monitoring;
mod payments;
mod preset;
mod relays;
mod shops;
mod spec;
mod support;
mod table;
mod telephony;
mod texts;
mod work;

use self::table::ALL;
pub use self::{
    code::*,
    content::*,
    mail::*,
    messages::*,
    models::*,
    monitoring::*,
    payments::*,
    preset::{Evidence, Kind, Preset},
    relays::*,
    shops::*,
    support::*,
    telephony::*,
    work::*,
};

#[cfg(feature = "public-key")]
pub use crate::public::presets::{
    AWS_SNS, CONSTANT_CONTACT, DISCORD, FAL, FUSIONAUTH, HIGHLEVEL, KICK, KINDE, LIVEKIT,
    MAILCHANNELS, MESSAGEBIRD, MONDAY, NETLIFY, PADDLE_CLASSIC, PAYPAL, PLAID, SALEOR, SENDGRID,
    STANDARD_WEBHOOKS_ASYMMETRIC, TELNYX, TRAVIS_CI, TRUELAYER, VONAGE, WISE, WIX,
};

/// Every preset, in the order of their names.
#[must_use]
pub fn all() -> impl ExactSizeIterator<Item = &'static Preset> {
    table().iter().copied()
}

/// The preset of this name, such as `github-sha1`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Preset> {
    let table = table();
    table
        .binary_search_by(|preset| preset.name().cmp(name))
        .ok()
        .and_then(|at| table.get(at).copied())
}

#[cfg(not(feature = "public-key"))]
fn table() -> &'static [&'static Preset] {
    ALL
}

/// The presets of HMAC and those of public keys in one order.
#[cfg(feature = "public-key")]
fn table() -> &'static [&'static Preset] {
    static MERGED: std::sync::LazyLock<Vec<&Preset>> = std::sync::LazyLock::new(|| {
        let mut all: Vec<_> = ALL
            .iter()
            .chain(&crate::public::presets::ALL)
            .copied()
            .collect();
        all.sort_by_key(|preset| preset.name());
        all
    });
    &MERGED
}

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use webhook_core::Secret;

    use super::{Evidence, all, by_name};
    use crate::Verifier;

    /// A text that makes a key under every encoding.
    fn secret() -> Secret {
        Secret::new("0123456789abcdef0123456789abcdef").unwrap()
    }

    #[test]
    fn presets_are_found_by_their_names() {
        for preset in all() {
            assert_eq!(
                by_name(preset.name()).map(super::Preset::name),
                Some(preset.name())
            );
            let scheme = preset.scheme();
            assert_eq!(scheme.name().as_str(), preset.name());
            assert_eq!(
                scheme.covers_timestamp(),
                scheme.tolerance().is_some(),
                "{}",
                preset.name()
            );
            assert!(!preset.title().is_empty() && !preset.source().is_empty());
            assert_ne!(
                preset.evidence(),
                Evidence::GeneralKnowledge,
                "{}",
                preset.name()
            );
            #[cfg(feature = "public-key")]
            if scheme.is_public() {
                // Their keys are no texts; the tests of that feature make verifiers of them all.
                assert!(preset.is_verifiable());
                continue;
            }
            let scheme = scheme.with_base_url("https://hooks.example.com").unwrap();
            let scheme = match preset.name() {
                "azure-event-grid" | "bigcommerce" | "datadog" => {
                    assert!(Verifier::new(scheme.clone(), secret()).is_err());
                    scheme.with_signature_header(HeaderName::from_static("x-secret"))
                }
                _ => scheme,
            };
            let verifier = Verifier::new(scheme, secret());
            assert_eq!(
                verifier.is_ok(),
                preset.is_verifiable(),
                "{}: {verifier:?}",
                preset.name()
            );
        }
        assert!(all().map(super::Preset::name).is_sorted());
        assert!(by_name("GitHub").is_none());
    }
}
