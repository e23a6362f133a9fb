use std::borrow::Cow;

use http::HeaderName;
use webhook_core::Name;

use super::{Evidence, Preset, pieces::FIVE_MINUTES_BOTH_WAYS};
use crate::{
    key::SecretEncoding,
    scheme::{
        Elements, Encoding, Grammar, Location, Part, Primitive, Scheme, Template, TimestampRule,
        TimestampUnit,
    },
};

const WEBHOOK: Location = Location {
    signature: HeaderName::from_static("webhook-signature"),
    timestamp: Some(HeaderName::from_static("webhook-timestamp")),
    id: Some(HeaderName::from_static("webhook-id")),
};

const SVIX_NAMES: Location = Location {
    signature: HeaderName::from_static("svix-signature"),
    timestamp: Some(HeaderName::from_static("svix-timestamp")),
    id: Some(HeaderName::from_static("svix-id")),
};

static SIGNED_TEXT: [Part; 5] = [
    Part::Id,
    Part::Literal(Cow::Borrowed(".")),
    Part::Timestamp,
    Part::Literal(Cow::Borrowed(".")),
    Part::Body,
];

static OR_SVIX: [Location; 1] = [SVIX_NAMES];
static OR_WEBHOOK: [Location; 1] = [WEBHOOK];

const fn scheme(name: &'static str, location: Location, or: &'static [Location]) -> Scheme {
    Scheme {
        name: Name::from_static(name),
        primitive: Primitive::HmacSha256,
        location,
        alternatives: Cow::Borrowed(or),
        event: None,
        grammar: Grammar::Elements(Elements {
            separator: b' ',
            assign: b',',
            label: Cow::Borrowed("v1"),
            timestamp: None,
        }),
        encoding: Encoding::Base64,
        text: Template(Cow::Borrowed(&SIGNED_TEXT)),
        timestamp: Some(TimestampRule {
            unit: TimestampUnit::Seconds,
            leading_zeros: true,
            tolerance: FIVE_MINUTES_BOTH_WAYS,
        }),
        secret: SecretEncoding::Whsec,
        base_url: Cow::Borrowed(""),
    }
}

/// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
/// with a shared secret: HMAC-SHA256 of `{id}.{timestamp}.{body}` in
/// `webhook-signature: v1,… v1,…`.
///
/// Also takes the names `svix-id`, `svix-timestamp` and `svix-signature`, which senders that use
/// Svix have; [`Scheme::with_first_headers_only`] takes them away.
pub static STANDARD_WEBHOOKS: Preset = Preset {
    title: "Standard Webhooks",
    scheme: scheme("standard-webhooks", WEBHOOK, &OR_SVIX),
    evidence: Evidence::OfficialDoc,
    source: "standard-webhooks/standard-webhooks: spec/standard-webhooks.md",
    notes: "Elements of other versions, such as the asymmetric `v1a`, are skipped. Secrets have 24 to 64 bytes.",
};

/// [Svix](https://docs.svix.com/receiving/verifying-payloads/how-manual): Standard Webhooks under
/// the names `svix-id`, `svix-timestamp` and `svix-signature`.
///
/// Also takes the names of Standard Webhooks, as Svix's libraries do;
/// [`Scheme::with_first_headers_only`] takes them away.
pub static SVIX: Preset = Preset {
    title: "Svix",
    scheme: scheme("svix", SVIX_NAMES, &OR_WEBHOOK),
    evidence: Evidence::OfficialSdk,
    source: "svix/svix-webhooks: rust/src/webhooks.rs",
    notes: "Svix's libraries look each header up on its own; here one family of names is taken as a whole, and another one that is there too must say the same.",
};
