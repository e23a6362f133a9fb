//! Support, sales and hiring.

use http::HeaderName;

use super::{
    Preset,
    spec::hmac,
    texts::{
        METHOD_URL_BODY, METHOD_URL_BODY_TIMESTAMP, TIMESTAMP_BODY, TIMESTAMP_COLON_BODY,
        TIMESTAMP_DOT_BODY,
    },
};
use crate::scheme::{Location, Place, Primitive, TimestampUnit};

static ATTIO_OTHER_NAME: Location = Location {
    signature: Place::Header(HeaderName::from_static("x-attio-signature")),
    timestamp: None,
    id: None,
};

/// Zendesk: HMAC-SHA256 in `X-Zendesk-Webhook-Signature`.
pub static ZENDESK: Preset = hmac("zendesk", "Zendesk")
    .header("x-zendesk-webhook-signature")
    .base64()
    .timestamp("x-zendesk-webhook-signature-timestamp")
    .text(&TIMESTAMP_BODY)
    .unit(TimestampUnit::Rfc3339)
    .id("x-zendesk-webhook-invocation-id")
    .doc("https://developer.zendesk.com/documentation/webhooks/verifying/")
    .notes("No separator. GET and DELETE deliveries have no body: sign the timestamp alone. The test button uses one fixed public secret.")
    .preset();

/// Intercom: HMAC-SHA1 in `X-Hub-Signature`.
pub static INTERCOM: Preset = hmac("intercom", "Intercom")
    .with(Primitive::HmacSha1)
    .header("x-hub-signature")
    .prefix("sha1=")
    .third_party("webhookdb/webhookdb: lib/webhookdb/intercom.rb and simstudioai/sim")
    .notes("Key is the app's client secret.")
    .addresses("Intercom help centre lists addresses")
    .challenge("HEAD on save must answer 2xx; ping event has topic ping")
    .preset();

/// HubSpot signature v3: HMAC-SHA256 in `X-HubSpot-Signature-v3`.
pub static HUBSPOT: Preset = hmac("hubspot", "HubSpot signature v3")
    .header("x-hubspot-signature-v3")
    .base64()
    .timestamp("x-hubspot-request-timestamp")
    .text(&METHOD_URL_BODY_TIMESTAMP)
    .millis()
    .max_age(300)
    .sdk("HubSpot/hubspot-api-nodejs: src/utils/signature.ts")
    .notes("The URL is signed as it is called, without decoding, as the provider's library does. Age only.")
    .preset();

/// HubSpot signature v1: a plain SHA-256 hash in `X-HubSpot-Signature`.
pub static HUBSPOT_V1: Preset = hmac("hubspot-v1", "HubSpot signature v1")
    .with(Primitive::Sha256OfSecretAndText)
    .header("x-hubspot-signature")
    .sdk("HubSpot/hubspot-api-nodejs: src/utils/signature.ts")
    .notes("Not an HMAC: SHA-256 of secret followed by body (open to length extension). X-HubSpot-Signature-Version says v1 or v2.")
    .preset();

/// HubSpot signature v2: a plain SHA-256 hash in `X-HubSpot-Signature`.
pub static HUBSPOT_V2: Preset = hmac("hubspot-v2", "HubSpot signature v2")
    .with(Primitive::Sha256OfSecretAndText)
    .header("x-hubspot-signature")
    .text(&METHOD_URL_BODY)
    .sdk("HubSpot/hubspot-api-nodejs: src/utils/signature.ts")
    .preset();

/// Front: HMAC-SHA256 in `X-Front-Signature`.
pub static FRONT: Preset = hmac("front", "Front")
    .header("x-front-signature")
    .base64()
    .timestamp("x-front-request-timestamp")
    .text(&TIMESTAMP_COLON_BODY)
    .millis()
    .third_party("webhookdb/webhookdb: lib/webhookdb/front.rb")
    .challenge("POST with X-Front-Challenge: 200 JSON {\"challenge\": header value}")
    .preset();

/// Help Scout: HMAC-SHA1 in `X-HelpScout-Signature`.
pub static HELPSCOUT: Preset = hmac("helpscout", "Help Scout")
    .with(Primitive::HmacSha1)
    .header("x-helpscout-signature")
    .base64()
    .event("x-helpscout-event")
    .third_party("trigger.dev research notes")
    .preset();

/// Attio: HMAC-SHA256 in `Attio-Signature`.
pub static ATTIO: Preset = hmac("attio", "Attio")
    .header("attio-signature")
    .or(&ATTIO_OTHER_NAME)
    .third_party("simstudioai/sim attio.ts")
    .notes("X-Attio-Signature carries the same value (Nango).")
    .preset();

/// Greenhouse: HMAC-SHA256 in `Signature`.
pub static GREENHOUSE: Preset = hmac("greenhouse", "Greenhouse")
    .header("signature")
    .prefix("sha256 ")
    .third_party("simstudioai/sim greenhouse.ts")
    .notes("Algorithm and digest separated by a space.")
    .preset();

/// Cal.com: HMAC-SHA256 in `X-Cal-Signature-256`.
pub static CAL_COM: Preset = hmac("cal-com", "Cal.com")
    .header("x-cal-signature-256")
    .third_party("simstudioai/sim calcom.ts and nuxt-webhook-validators")
    .notes("Header value is `no-secret-provided` when none is set (general knowledge): never accept it.")
    .preset();

/// Calendly: HMAC-SHA256 in `Calendly-Webhook-Signature`.
pub static CALENDLY: Preset = hmac("calendly", "Calendly")
    .header("calendly-webhook-signature")
    .stamped(b',', "t", "v1")
    .text(&TIMESTAMP_DOT_BODY)
    .within(180)
    .third_party("NangoHQ/nango: packages/server/lib/webhook/calendly-webhook-routing.ts")
    .notes("Tolerance from the docs' sample.")
    .preset();

/// Typeform: HMAC-SHA256 in `Typeform-Signature`.
pub static TYPEFORM: Preset = hmac("typeform", "Typeform")
    .header("typeform-signature")
    .prefix("sha256=")
    .base64()
    .third_party("simstudioai/sim: apps/sim/lib/webhooks/providers/typeform.ts; trigger.dev docs")
    .notes("sha256= prefix with base64, like X.")
    .preset();
