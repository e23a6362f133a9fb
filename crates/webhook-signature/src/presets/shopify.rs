use http::HeaderName;

use super::{
    Evidence, Preset,
    pieces::{over_body, prefixed},
};
use crate::scheme::{Encoding, Location, Primitive};

/// [Shopify](https://shopify.dev/docs/apps/build/webhooks): HMAC-SHA256 of the body in
/// `X-Shopify-Hmac-SHA256`, in base64. The secret is the app's client secret.
pub static SHOPIFY: Preset = Preset {
    title: "Shopify",
    scheme: over_body(
        "shopify",
        Primitive::HmacSha256,
        Location {
            signature: HeaderName::from_static("x-shopify-hmac-sha256"),
            timestamp: None,
            id: Some(HeaderName::from_static("x-shopify-webhook-id")),
        },
        Some(HeaderName::from_static("x-shopify-topic")),
        prefixed(""),
        Encoding::Base64,
    ),
    evidence: Evidence::OfficialSdk,
    source: "npm @shopify/shopify-api 15: lib/utils/hmac-validator",
    notes: "No timestamp, id or topic is signed. Old and new client secret overlap after a rotation. X-Shopify-Event-Id groups copies of one event.",
};
