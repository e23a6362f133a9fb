//! Content, files and documents.

use std::time::Duration;

use http::HeaderName;

use super::{
    Preset,
    form::At,
    spec::hmac,
    texts::{BODY_TIMESTAMP, TIMESTAMP_COLON_BODY, TIMESTAMP_DOT_BODY, V0_TIMESTAMP_BODY},
};
use crate::{
    custom::Custom,
    scheme::{Encoding, Primitive, TimestampUnit, Tolerance},
};

static BOX_HEADERS: [HeaderName; 2] = [
    HeaderName::from_static("box-signature-primary"),
    HeaderName::from_static("box-signature-secondary"),
];

/// Contentful: HMAC-SHA256 in `x-contentful-signature`.
pub static CONTENTFUL: Preset = hmac("contentful", "Contentful")
    .header("x-contentful-signature")
    .timestamp("x-contentful-timestamp")
    .millis()
    .tolerance(Tolerance::max_age(Duration::from_millis(29_999)))
    .custom(Custom::Contentful)
    .event("x-contentful-topic")
    .sdk("contentful/node-apps-toolkit: src/requests")
    .notes("The header x-contentful-signed-headers names the signed headers, itself and the timestamp among them. The query is escaped as one component and then once more. An age of 30 s is too old already.")
    .preset();

/// Sanity: HMAC-SHA256 in `sanity-webhook-signature`.
pub static SANITY: Preset = hmac("sanity", "Sanity")
    .header("sanity-webhook-signature")
    .stamped(b',', "t", "v1")
    .encoding(Encoding::Base64Url)
    .text(&TIMESTAMP_DOT_BODY)
    .millis()
    .id("idempotency-key")
    .sdk("sanity-io/webhook-toolkit: src/signature.ts")
    .notes("The provider's library judges no freshness; the tolerance is ours.")
    .preset();

/// Kontent.ai: HMAC-SHA256 in `X-Kontent-ai-Signature`.
pub static KONTENT_AI: Preset = hmac("kontent-ai", "Kontent.ai")
    .header("x-kontent-ai-signature")
    .base64()
    .custom(Custom::KontentAi)
    .sdk("kontent-ai/webhook-helper-js: lib/signatures/signature-helper.ts")
    .notes("Each run of line breaks in the body counts as CRLF. A secret that looks like base64 is used as text.")
    .preset();

/// Hygraph: HMAC-SHA256 in `gcms-signature`.
pub static HYGRAPH: Preset = hmac("hygraph", "Hygraph")
    .header("gcms-signature")
    .stamped(b',', "t", "sign")
    .base64()
    .millis()
    .no_leading_zeros()
    .custom(Custom::Hygraph)
    .third_party("nuxt-webhook-validators hygraph.js")
    .notes("The signed text is a JSON document that embeds the body as an escaped string.")
    .preset();

/// Webflow: HMAC-SHA256 in `x-webflow-signature`.
pub static WEBFLOW: Preset = hmac("webflow", "Webflow")
    .header("x-webflow-signature")
    .timestamp("x-webflow-timestamp")
    .text(&TIMESTAMP_COLON_BODY)
    .millis()
    .sdk("npm webflow-api: wrapper/WebhooksClient.js")
    .notes("Only for hooks made by apps or the API.")
    .preset();

/// Cloudinary: a plain SHA-1 hash in `X-Cld-Signature`.
pub static CLOUDINARY: Preset = hmac("cloudinary", "Cloudinary")
    .with(Primitive::Sha1OfTextAndSecret)
    .header("x-cld-signature")
    .timestamp("x-cld-timestamp")
    .text(&BODY_TIMESTAMP)
    .max_age(7200)
    .sdk("cloudinary/cloudinary_npm: lib/utils/index.js")
    .notes("Not an HMAC: the secret is a suffix. SHA-1 is the account's default; `cloudinary-sha256` is the other setting. Age only, two hours.")
    .preset();

/// Cloudinary (SHA-1): a plain SHA-1 hash in `X-Cld-Signature`.
pub static CLOUDINARY_SHA1: Preset = hmac("cloudinary-sha1", "Cloudinary (SHA-1)")
    .with(Primitive::Sha1OfTextAndSecret)
    .header("x-cld-signature")
    .timestamp("x-cld-timestamp")
    .text(&BODY_TIMESTAMP)
    .max_age(7200)
    .sdk("cloudinary/cloudinary_npm: lib/utils/index.js")
    .notes("Not an HMAC: the secret is a suffix. Age only, two hours.")
    .preset();

/// Cloudinary (SHA-256): a plain SHA-256 hash in `X-Cld-Signature`.
pub static CLOUDINARY_SHA256: Preset = hmac("cloudinary-sha256", "Cloudinary (SHA-256)")
    .with(Primitive::Sha256OfTextAndSecret)
    .header("x-cld-signature")
    .timestamp("x-cld-timestamp")
    .text(&BODY_TIMESTAMP)
    .max_age(7200)
    .sdk("cloudinary/cloudinary_npm: lib/utils/index.js")
    .notes("Not an HMAC: the secret is a suffix. Age only, two hours.")
    .preset();

/// DocuSign Connect: HMAC-SHA256.
pub static DOCUSIGN: Preset = hmac("docusign", "DocuSign Connect")
    .at(At::Numbered("x-docusign-signature-"))
    .base64()
    .sdk("docusign/code-examples-node: lib/connect/examples/validateWebhookMessage.js")
    .notes("One numbered header for each configured key; any of 16 may match. Basic authentication or mutual TLS may be added.")
    .addresses("docusign.com/trust/security/esignature lists ranges")
    .preset();

/// Dropbox Sign (HelloSign): HMAC-SHA256.
pub static DROPBOX_SIGN: Preset = hmac("dropbox-sign", "Dropbox Sign (HelloSign)")
    .at(At::Body)
    .within(86_400)
    .custom(Custom::DropboxSign)
    .sdk("hellosign/dropbox-sign-python: dropbox_sign/event_callback_helper.py")
    .notes("The JSON is the field `json` of a multipart form. Nothing but the event's time and type is covered. The tolerance of a day is ours: a delivery that is tried again keeps its event's time.")
    .challenge("Every delivery must be answered 200 with the text Hello API Event Received")
    .preset();

/// Dropbox: HMAC-SHA256 in `X-Dropbox-Signature`.
pub static DROPBOX: Preset = hmac("dropbox", "Dropbox")
    .header("x-dropbox-signature")
    .sdk("dropbox/mdwebhook: app.py")
    .challenge(
        "GET ?challenge=...: echo it, Content-Type text/plain, X-Content-Type-Options: nosniff",
    )
    .preset();

/// Box: HMAC-SHA256.
pub static BOX: Preset = hmac("box", "Box")
    .at(At::Headers(&BOX_HEADERS))
    .base64()
    .required(&[("box-signature-version", "1"), ("box-signature-algorithm", "HmacSHA256")])
    .timestamp("box-delivery-timestamp")
    .unit(TimestampUnit::Rfc3339)
    .max_age(600)
    .custom(Custom::Box)
    .id("box-delivery-id")
    .sdk("box/box-node-sdk: src/managers/webhooks.ts")
    .notes("Each header is tied to its own key: give the keys with the ids `primary` and `secondary`, in that order without ids, or as one secret `primary|secondary`. Box-Signature-Version must be 1 and Box-Signature-Algorithm HmacSHA256. The timestamp is signed as text. Age only.")
    .preset();

/// PandaDoc: HMAC-SHA256.
pub static PANDADOC: Preset = hmac("pandadoc", "PandaDoc")
    .at(At::Query("signature"))
    .third_party("trigger.dev research notes citing developers.pandadoc.com")
    .notes("The signature is a parameter of the query.")
    .preset();

/// Yousign: HMAC-SHA256 in `X-Yousign-Signature-256`.
pub static YOUSIGN: Preset = hmac("yousign", "Yousign")
    .header("x-yousign-signature-256")
    .prefix("sha256=")
    .doc("https://developers.yousign.com/docs/security")
    .preset();

/// Frame.io: HMAC-SHA256 in `X-Frameio-Signature`.
pub static FRAMEIO: Preset = hmac("frameio", "Frame.io")
    .header("x-frameio-signature")
    .prefix("v0=")
    .timestamp("x-frameio-request-timestamp")
    .text(&V0_TIMESTAMP_BODY)
    .third_party("several receivers' code; https://developer.frame.io/platform/v2/webhooks-overview seen in part")
    .notes("Slack's scheme under other names.")
    .preset();

/// Uploadcare: HMAC-SHA256 in `X-Uc-Signature`.
pub static UPLOADCARE: Preset = hmac("uploadcare", "Uploadcare")
    .header("x-uc-signature")
    .prefix("v1=")
    .sdk("uploadcare/uploadcare-ruby: README.md (WebhookSignatureVerifier)")
    .notes("Signed only where the webhook has a signing secret.")
    .preset();
