//! Signatures over the body, and those over a digest of it.

use std::borrow::Cow;

use http::HeaderName;

use super::pieces::{BODY, Data, FIVE_MINUTES, Form, TIMED_BODY, header_rules, preset};
use crate::{
    Preset,
    presets::Evidence,
    public::{digest::BodyAs, rules::Rules},
    scheme::{Encoding, Part, Primitive},
};

static ID_DOT_TIME_DOT_BODY: [Part; 5] = [
    Part::Id,
    Part::Literal(Cow::Borrowed(".")),
    Part::Timestamp,
    Part::Literal(Cow::Borrowed(".")),
    Part::Body,
];

/// [Discord](https://discord.com/developers/docs/interactions/overview): Ed25519 over
/// `{timestamp}{body}` in `X-Signature-Ed25519`, in hexadecimal of either case. The key is the
/// application's public key.
pub static DISCORD: Preset = preset(Data {
    name: "discord",
    title: "Discord",
    primitive: Primitive::Ed25519,
    signature: "x-signature-ed25519",
    timestamp: Some("x-signature-timestamp"),
    id: None,
    event: None,
    form: Form::Bare,
    encoding: Encoding::HexAnyCase,
    text: &TIMED_BODY,
    tolerance: FIVE_MINUTES,
    evidence: Evidence::OfficialSdk,
    source: "discord/discord-interactions-js: src/index.ts",
    notes: "Discord's library checks no freshness; here the default of 300 s holds. Discord also sends deliberately bad signatures and wants 401 for them.",
})
.introduced_by("Interaction body type 1 (PING): 200 JSON {\"type\":1}. Webhook-event PING (type 0): 204 with an empty body. Discord also sends deliberately bad signatures and needs 401");

static FAL_TEXT: [Part; 7] = [
    Part::Id,
    Part::Literal(Cow::Borrowed("\n")),
    Part::Header(HeaderName::from_static("x-fal-webhook-user-id")),
    Part::Literal(Cow::Borrowed("\n")),
    Part::Timestamp,
    Part::Literal(Cow::Borrowed("\n")),
    Part::Body,
];

static FAL_RULES: Rules = header_rules(false, BodyAs::HexSha256);

/// [fal.ai](https://docs.fal.ai/model-endpoints/webhooks): Ed25519 over request id, user id,
/// timestamp and the body's SHA-256, a line each.
pub static FAL: Preset = preset(Data {
    name: "fal",
    title: "fal.ai",
    primitive: Primitive::Ed25519,
    signature: "x-fal-webhook-signature",
    timestamp: Some("x-fal-webhook-timestamp"),
    id: Some("x-fal-webhook-request-id"),
    event: None,
    form: Form::Ruled(&FAL_RULES),
    encoding: Encoding::Hex,
    text: &FAL_TEXT,
    tolerance: FIVE_MINUTES,
    evidence: Evidence::ThirdParty,
    source: "npm @hookflo/tern: platform table",
    notes: "Every key of the provider's key set is tried, because a delivery names none.",
});

/// [HighLevel](https://marketplace.gohighlevel.com/docs/webhook/WebhookIntegrationGuide): RSA with SHA-256 over the body in `x-wh-signature`.
pub static HIGHLEVEL: Preset = preset(Data {
    name: "highlevel",
    title: "HighLevel",
    primitive: Primitive::RsaPkcs1Sha256,
    signature: "x-wh-signature",
    timestamp: None,
    id: None,
    event: None,
    form: Form::Bare,
    encoding: Encoding::Base64,
    text: &BODY,
    tolerance: None,
    evidence: Evidence::ThirdParty,
    source: "NangoHQ/nango: highlevel-webhook-routing.ts",
    notes: "The provider has one public key for everybody. No timestamp is signed.",
});

static KICK_RULES: Rules = header_rules(true, BodyAs::Raw);

/// [Kick](https://docs.kick.com/events/webhook-security): RSA with SHA-256 over
/// `{id}.{timestamp}.{body}`, the timestamp as in RFC 3339.
pub static KICK: Preset = preset(Data {
    name: "kick",
    title: "Kick",
    primitive: Primitive::RsaPkcs1Sha256,
    signature: "kick-event-signature",
    timestamp: Some("kick-event-message-timestamp"),
    id: Some("kick-event-message-id"),
    event: Some("kick-event-type"),
    form: Form::Ruled(&KICK_RULES),
    encoding: Encoding::Base64,
    text: &ID_DOT_TIME_DOT_BODY,
    tolerance: FIVE_MINUTES,
    evidence: Evidence::ThirdParty,
    source: "nuxt-webhook-validators: kick.js",
    notes: "The provider has one public key for everybody. The event type is not signed.",
});

/// [Twilio SendGrid](https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features):
/// ECDSA (P-256, SHA-256, DER) over `{timestamp}{body}`.
pub static SENDGRID: Preset = preset(Data {
    name: "sendgrid",
    title: "Twilio SendGrid Event Webhook",
    primitive: Primitive::EcdsaP256Sha256,
    signature: "x-twilio-email-event-webhook-signature",
    timestamp: Some("x-twilio-email-event-webhook-timestamp"),
    id: None,
    event: None,
    form: Form::Bare,
    encoding: Encoding::Base64,
    text: &TIMED_BODY,
    tolerance: FIVE_MINUTES,
    evidence: Evidence::OfficialSdk,
    source: "sendgrid/sendgrid-nodejs: packages/eventwebhook/src/eventwebhook.js",
    notes: "The key is base64 of SPKI. The body ends with CRLF, which is signed. SendGrid's library checks no freshness; here the default of 300 s holds. Inbound Parse is another webhook, and unsigned.",
});

/// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
/// with a key pair: Ed25519 over `{id}.{timestamp}.{body}` in `webhook-signature: v1a,…`.
pub static STANDARD_WEBHOOKS_ASYMMETRIC: Preset = preset(Data {
    name: "standard-webhooks-asymmetric",
    title: "Standard Webhooks (asymmetric)",
    primitive: Primitive::Ed25519,
    signature: "webhook-signature",
    timestamp: Some("webhook-timestamp"),
    id: Some("webhook-id"),
    event: None,
    form: Form::List("v1a"),
    encoding: Encoding::Base64,
    text: &ID_DOT_TIME_DOT_BODY,
    tolerance: FIVE_MINUTES,
    evidence: Evidence::OfficialDoc,
    source: "standard-webhooks/standard-webhooks: spec/standard-webhooks.md",
    notes: "The key begins with `whpk_`. Elements of other versions, such as the symmetric `v1`, are skipped.",
});

static TELNYX_TEXT: [Part; 3] = [
    Part::Timestamp,
    Part::Literal(Cow::Borrowed("|")),
    Part::Body,
];

/// [Telnyx](https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks): Ed25519 over
/// `{timestamp}|{body}`.
pub static TELNYX: Preset = preset(Data {
    name: "telnyx",
    title: "Telnyx",
    primitive: Primitive::Ed25519,
    signature: "telnyx-signature-ed25519",
    timestamp: Some("telnyx-timestamp"),
    id: None,
    event: None,
    form: Form::Bare,
    encoding: Encoding::Base64,
    text: &TELNYX_TEXT,
    tolerance: FIVE_MINUTES,
    evidence: Evidence::OfficialSdk,
    source: "npm telnyx 7: lib/webhooks",
    notes: "The key is base64 of 32 bytes.",
});

/// [Wise](https://docs.wise.com/api-docs/webhooks-notifications/event-handling): RSA with SHA-256
/// over the body in `X-Signature-SHA256`.
pub static WISE: Preset = preset(Data {
    name: "wise",
    title: "Wise",
    primitive: Primitive::RsaPkcs1Sha256,
    signature: "x-signature-sha256",
    timestamp: None,
    id: Some("x-delivery-id"),
    event: None,
    form: Form::Bare,
    encoding: Encoding::Base64,
    text: &BODY,
    tolerance: None,
    evidence: Evidence::ThirdParty,
    source: "trigger.dev: research notes citing docs.wise.com",
    notes: "No timestamp and no id is signed. X-Test-Notification marks tests. Sandbox and production have different keys.",
});
