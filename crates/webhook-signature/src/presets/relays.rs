//! Standard Webhooks and relays.

use http::HeaderName;

use super::{
    Preset,
    form::At,
    spec::{hmac, token},
};
use crate::{
    custom::Custom,
    scheme::{Location, Place},
};

static OR_SVIX: Location = Location {
    signature: Place::Header(HeaderName::from_static("svix-signature")),
    timestamp: Some(HeaderName::from_static("svix-timestamp")),
    id: Some(HeaderName::from_static("svix-id")),
};

pub(super) static OR_WEBHOOK: Location = Location {
    signature: Place::Header(HeaderName::from_static("webhook-signature")),
    timestamp: Some(HeaderName::from_static("webhook-timestamp")),
    id: Some(HeaderName::from_static("webhook-id")),
};

static HOOKDECK_HEADERS: [HeaderName; 2] = [
    HeaderName::from_static("x-hookdeck-signature"),
    HeaderName::from_static("x-hookdeck-signature-2"),
];

/// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
/// with a shared secret: HMAC-SHA256 of `{id}.{timestamp}.{body}` in
/// `webhook-signature: v1,… v1,…`.
///
/// Also takes the names `svix-id`, `svix-timestamp` and `svix-signature`, which senders that use
/// Svix have; [`with_first_headers_only`](crate::Scheme::with_first_headers_only) takes them away.
pub static STANDARD_WEBHOOKS: Preset = hmac("standard-webhooks", "Standard Webhooks (symmetric)")
    .standard()
    .or(&OR_SVIX)
    .doc("standard-webhooks/standard-webhooks: spec/standard-webhooks.md")
    .notes("Elements of other versions, such as the asymmetric `v1a`, are skipped. Secrets have 24 to 64 bytes. An id that holds a dot is refused, because the dot is what separates it from the timestamp.")
    .preset();

/// [Svix](https://docs.svix.com/receiving/verifying-payloads/how-manual): Standard Webhooks under
/// the names `svix-id`, `svix-timestamp` and `svix-signature`.
///
/// Also takes the names of Standard Webhooks, as Svix's libraries do;
/// [`with_first_headers_only`](crate::Scheme::with_first_headers_only) takes them away.
pub static SVIX: Preset = hmac("svix", "Svix")
    .svix()
    .or(&OR_WEBHOOK)
    .sdk("svix/svix-webhooks: rust/src/webhooks.rs")
    .notes("Svix's libraries look each header up on its own; here one family of names is taken as a whole, and another one that is there too must say the same.")
    .addresses("docs.svix.com lists addresses per region")
    .preset();

/// Hookdeck: HMAC-SHA256 in `x-hookdeck-signature`, and in a second header during a rotation.
pub static HOOKDECK: Preset = hmac("hookdeck", "Hookdeck")
    .at(At::Headers(&HOOKDECK_HEADERS))
    .base64()
    .id("x-hookdeck-eventid")
    .sdk("@hookdeck/sdk dist/webhooks/helpers.js")
    .notes("Second header during rotation; either may match. x-hookdeck-verified tells whether the original provider's signature was checked.")
    .preset();

/// Azure Event Grid: the secret itself.
pub static AZURE_EVENT_GRID: Preset = token("azure-event-grid", "Azure Event Grid")
    .at(At::Chosen)
    .event("aeg-event-type")
    .doc("MicrosoftDocs/azure-docs: articles/event-grid/webhook-event-delivery.md")
    .notes("Nothing is signed. Have the subscription send a header with a secret, and name it with `with_signature_header`; an Entra token or a client certificate is for whatever stands in front.")
    .challenge("aeg-event-type: SubscriptionValidation: 200 JSON {\"validationResponse\": data.validationCode}. CloudEvents schema instead: OPTIONS with WebHook-Request-Origin, answer WebHook-Allowed-Origin")
    .preset();

/// Microsoft Graph change notifications: the secret itself in each `clientState`.
pub static MICROSOFT_GRAPH: Preset =
    token("microsoft-graph", "Microsoft Graph change notifications")
        .at(At::Body)
        .custom(Custom::MicrosoftGraph)
        .doc("microsoftgraph/microsoft-graph-docs-contrib: concepts/change-notifications-delivery-webhooks.md")
        .notes("Every notification of the body's array must show the same secret: give all subscriptions of an endpoint one `clientState`. Nothing is signed. Rich notifications add tokens and encrypted content, which are not looked at here.")
        .addresses("endpoints.office.com/endpoints/worldwide JSON (service filter)")
        .challenge("POST ?validationToken=...: within 10 s answer 200, Content-Type text/plain, body = the URL-decoded token")
        .preset();
