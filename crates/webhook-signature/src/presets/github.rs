use http::HeaderName;

use super::{
    Evidence, Preset,
    pieces::{over_body, prefixed},
};
use crate::scheme::{Encoding, Location, Primitive};

/// [GitHub](https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries):
/// HMAC-SHA256 of the body in `X-Hub-Signature-256`.
pub static GITHUB: Preset = Preset {
    title: "GitHub",
    scheme: over_body(
        "github",
        Primitive::HmacSha256,
        Location {
            signature: HeaderName::from_static("x-hub-signature-256"),
            timestamp: None,
            id: Some(HeaderName::from_static("x-github-delivery")),
        },
        Some(HeaderName::from_static("x-github-event")),
        prefixed("sha256="),
        Encoding::Hex,
    ),
    evidence: Evidence::OfficialDoc,
    source: "github/docs: content/webhooks/using-webhooks/validating-webhook-deliveries.md",
    notes: "No timestamp is signed, and neither are X-GitHub-Delivery and X-GitHub-Event. A redelivery keeps its id. Of a form body the signature covers the encoded form.",
};

/// GitHub's older header: HMAC-SHA1 of the body in `X-Hub-Signature`. GitHub sends it beside the
/// other one; use [`GITHUB`] unless something in between drops that.
pub static GITHUB_SHA1: Preset = Preset {
    title: "GitHub (SHA-1)",
    scheme: over_body(
        "github-sha1",
        Primitive::HmacSha1,
        Location {
            signature: HeaderName::from_static("x-hub-signature"),
            timestamp: None,
            id: Some(HeaderName::from_static("x-github-delivery")),
        },
        Some(HeaderName::from_static("x-github-event")),
        prefixed("sha1="),
        Encoding::Hex,
    ),
    evidence: Evidence::ThirdParty,
    source: "google/go-github: github/messages_test.go",
    notes: "Sent beside the SHA-256 header, which is the better one.",
};
