//! Providers' schemes, ready to use.
//!
//! | preset | header | signed text | timestamp | delivery id |
//! |---|---|---|---|---|
//! | [`GITHUB`] | `X-Hub-Signature-256: sha256=HEX` | body | none | not signed |
//! | [`GITHUB_SHA1`] | `X-Hub-Signature: sha1=HEX` | body | none | not signed |
//! | [`SERVICESTACK`] | `X-Hub-Signature: sha1=HEX`, SHA-256 all the same | body | none | not signed |
//! | [`SHOPIFY`] | `X-Shopify-Hmac-SHA256: BASE64` | body | none | not signed |
//! | [`SLACK`] | `X-Slack-Signature: v0=HEX` | `v0:{timestamp}:{body}` | 300 s both ways | in the body |
//! | [`STANDARD_WEBHOOKS`] | `webhook-signature: v1,BASE64 …` | `{id}.{timestamp}.{body}` | 300 s both ways | signed |
//! | [`STRIPE`] | `Stripe-Signature: t=…,v1=HEX,…` | `{timestamp}.{body}` | 300 s of age | in the body |
//! | [`SVIX`] | `svix-signature: v1,BASE64 …` | `{id}.{timestamp}.{body}` | 300 s both ways | signed |
//!
//! Where the provider signs no timestamp, whoever captures a delivery can send it again at any
//! time, and where the id is not signed, under a new one: remember what was delivered by the
//! body's digest.
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
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod github;
mod pieces;
mod preset;
mod servicestack;
mod shopify;
mod slack;
mod standard_webhooks;
mod stripe;

pub use self::{
    github::{GITHUB, GITHUB_SHA1},
    preset::{Evidence, Preset},
    servicestack::SERVICESTACK,
    shopify::SHOPIFY,
    slack::SLACK,
    standard_webhooks::{STANDARD_WEBHOOKS, SVIX},
    stripe::STRIPE,
};

#[cfg(feature = "public-key")]
pub use crate::public::presets::{
    AWS_SNS, CONSTANT_CONTACT, DISCORD, FAL, FUSIONAUTH, HIGHLEVEL, KICK, KINDE, LIVEKIT,
    MAILCHANNELS, MESSAGEBIRD, MONDAY, NETLIFY, PADDLE_CLASSIC, PAYPAL, PLAID, SALEOR, SENDGRID,
    STANDARD_WEBHOOKS_ASYMMETRIC, TELNYX, TRAVIS_CI, TRUELAYER, VONAGE, WISE, WIX,
};

static ALL: [&Preset; 8] = [
    &GITHUB,
    &GITHUB_SHA1,
    &SERVICESTACK,
    &SHOPIFY,
    &SLACK,
    &STANDARD_WEBHOOKS,
    &STRIPE,
    &SVIX,
];

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
    &ALL
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
    use webhook_core::Secret;

    use super::{all, by_name};
    use crate::Verifier;

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
            #[cfg(feature = "public-key")]
            if scheme.is_public() {
                continue;
            }
            assert!(scheme.covers_body(), "{}", preset.name());
            Verifier::new(
                scheme,
                Secret::new("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap(),
            )
            .unwrap();
        }
        assert!(all().map(super::Preset::name).is_sorted());
        assert!(by_name("GitHub").is_none());
    }
}
