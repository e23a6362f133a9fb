use std::borrow::Cow;

use http::HeaderName;
use webhook_core::Name;

use super::{
    Evidence, Preset,
    pieces::{FIVE_MINUTES, NO_OTHER_HEADERS},
};
use crate::{
    key::SecretEncoding,
    scheme::{
        Elements, Encoding, Grammar, Location, Part, Primitive, Scheme, Template, TimestampRule,
        TimestampUnit, Tolerance,
    },
};

static SIGNED_TEXT: [Part; 3] = [
    Part::Timestamp,
    Part::Literal(Cow::Borrowed(".")),
    Part::Body,
];

/// [Stripe](https://docs.stripe.com/webhooks/signature): HMAC-SHA256 of `{timestamp}.{body}` in
/// `Stripe-Signature: t=…,v1=…`, with one `v1` for each secret that is in use and decoys in `v0`.
///
/// As in Stripe's own libraries only the age of a delivery counts, so that one dated ahead passes;
/// [`Tolerance::both_ways`] bounds that too.
pub static STRIPE: Preset = Preset {
    title: "Stripe",
    scheme: Scheme {
        name: Name::from_static("stripe"),
        primitive: Primitive::HmacSha256,
        location: Location {
            signature: HeaderName::from_static("stripe-signature"),
            timestamp: None,
            id: None,
        },
        alternatives: NO_OTHER_HEADERS,
        event: None,
        grammar: Grammar::Elements(Elements {
            separator: b',',
            assign: b'=',
            label: Cow::Borrowed("v1"),
            timestamp: Some(Cow::Borrowed("t")),
        }),
        encoding: Encoding::Hex,
        text: Template(Cow::Borrowed(&SIGNED_TEXT)),
        timestamp: Some(TimestampRule {
            unit: TimestampUnit::Seconds,
            // Stripe's libraries sign the number, not the text, so they and we would disagree.
            leading_zeros: false,
            tolerance: Tolerance::max_age(FIVE_MINUTES),
        }),
        secret: SecretEncoding::Raw,
        base_url: Cow::Borrowed(""),
    },
    evidence: Evidence::OfficialSdk,
    source: "npm stripe 23 and PyPI stripe 16.1",
    notes: "The key is the whole text of the secret, `whsec_` included. The delivery's id is `id` in the body.",
};
