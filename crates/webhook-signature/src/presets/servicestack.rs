use http::HeaderName;

use super::{
    Evidence, Preset,
    pieces::{over_body, prefixed},
};
use crate::scheme::{Encoding, Location, Primitive};

/// [ServiceStack.Webhooks](https://github.com/jezzsantos/ServiceStack.Webhooks): HMAC-SHA256 of the
/// body in `X-Hub-Signature`, labelled `sha1=` all the same. The key is the secret's text as it
/// stands, although that text is base64.
pub static SERVICESTACK: Preset = Preset {
    title: "ServiceStack webhooks",
    scheme: over_body(
        "servicestack",
        Primitive::HmacSha256,
        Location {
            signature: HeaderName::from_static("x-hub-signature"),
            timestamp: None,
            id: Some(HeaderName::from_static("x-webhook-delivery")),
        },
        Some(HeaderName::from_static("x-webhook-event")),
        prefixed("sha1="),
        Encoding::Hex,
    ),
    evidence: Evidence::OfficialSdk,
    source: "jezzsantos/ServiceStack.Webhooks: src/Webhooks.Interfaces/Security/HmacUtils.cs",
    notes: "The label says SHA-1 and the digest is SHA-256, 64 digits long. An answer of 4xx makes the relay switch the subscription off.",
};
