//! Planning and collaboration.

use super::{
    Preset,
    form::At,
    spec::{hmac, token},
};
use crate::{
    custom::Custom,
    key::SecretEncoding,
    scheme::{Encoding, Primitive},
};

/// Linear: HMAC-SHA256 in `Linear-Signature`.
pub static LINEAR: Preset = hmac("linear", "Linear")
    .header("linear-signature")
    .millis()
    .within(60)
    .custom(Custom::Linear)
    .id("linear-delivery")
    .event("linear-event")
    .sdk("@linear/sdk dist/webhooks (verify)")
    .notes("The timestamp is the body's field `webhookTimestamp`; the unsigned header Linear-Timestamp is ignored.")
    .addresses("linear.app/developers/webhooks lists addresses")
    .preset();

/// Jira / Atlassian Cloud webhooks: HMAC-SHA256 in `X-Hub-Signature`.
pub static JIRA: Preset = hmac("jira", "Jira / Atlassian Cloud webhooks")
    .header("x-hub-signature")
    .prefix("sha256=")
    .id("x-atlassian-webhook-identifier")
    .third_party("simstudioai/sim and NangoHQ/nango jira routing")
    .notes("Admin webhooks with a secret. Method prefix allows other algorithms. Connect apps use a JWT (HS256, claim qsh = SHA-256 of canonical method&path&query) in Authorization; Forge and OAuth 2.0 dynamic webhooks send a bearer JWT.")
    .addresses("https://ip-ranges.atlassian.com/ (product jira)")
    .preset();

/// Asana: HMAC-SHA256 in `X-Hook-Signature`.
pub static ASANA: Preset = hmac("asana", "Asana")
    .header("x-hook-signature")
    .doc("https://developers.asana.com/reference/createwebhook.md")
    .notes("The secret arrives in-band per webhook, so the verifier needs a key store written by the handshake; the handshake is unauthenticated (digest details not in the part of the page read). Heartbeats send an empty events array, signed.")
    .challenge("First POST carries X-Hook-Secret: answer 200 or 204 with the same X-Hook-Secret header and store it: it is the key for that webhook")
    .preset();

/// Trello: HMAC-SHA1 in `X-Trello-Webhook`.
pub static TRELLO: Preset = hmac("trello", "Trello")
    .with(Primitive::HmacSha1)
    .header("x-trello-webhook")
    .base64()
    .custom(Custom::Trello)
    .doc("https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks (in part) and the same text quoted at community.atlassian.com")
    .notes("The URL is the callback URL as it was given. Text is signed as the low 8 bits of each UTF-16 unit, so that texts which differ in the others have one signature.")
    .addresses("https://ip-ranges.atlassian.com/ (product trello)")
    .challenge("HEAD on creation must answer 200")
    .preset();

/// Notion: HMAC-SHA256 in `X-Notion-Signature`.
pub static NOTION: Preset = hmac("notion", "Notion")
    .header("x-notion-signature")
    .prefix("sha256=")
    .encoding(Encoding::HexAnyCase)
    .sdk("@notionhq/client 5.x webhooks.js")
    .notes("SDK lower-cases the hex, so upper case passes.")
    .challenge("First POST is unsigned and holds {\"verification_token\":...}: show it to the operator, who pastes it back; the token is then the HMAC key")
    .preset();

/// Airtable: HMAC-SHA256 in `X-Airtable-Content-MAC`.
pub static AIRTABLE: Preset = hmac("airtable", "Airtable")
    .header("x-airtable-content-mac")
    .prefix("hmac-sha256=")
    .secret(SecretEncoding::Base64)
    .third_party("gtalarico/pyairtable: pyairtable/models/webhook.py")
    .notes("Secret is per webhook and shown once as base64. Body is a ping without data.")
    .preset();

/// Figma: the secret itself.
pub static FIGMA: Preset = token("figma", "Figma")
    .at(At::Body)
    .custom(Custom::Figma)
    .sdk("figma/rest-api-spec: dist/api_types.ts")
    .notes("The secret travels inside the JSON body. Nothing is signed.")
    .challenge("PING event on creation; 200")
    .preset();

/// ClickUp: HMAC-SHA256 in `X-Signature`.
pub static CLICKUP: Preset = hmac("clickup", "ClickUp")
    .header("x-signature")
    .doc("https://developer.clickup.com/docs/webhooksignature")
    .preset();

/// Google Drive/Calendar push channels: the secret itself in `X-Goog-Channel-Token`.
pub static GOOGLE_CHANNEL: Preset = token("google-channel", "Google Drive/Calendar push channels")
    .header("x-goog-channel-token")
    .id("x-goog-message-number")
    .event("x-goog-resource-state")
    .third_party("NangoHQ/nango google-drive routing; trigger.dev notes")
    .notes("Body is empty.")
    .preset();
