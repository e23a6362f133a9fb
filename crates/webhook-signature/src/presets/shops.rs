//! Shops and what they are built with.

use http::HeaderName;

use super::{
    Preset,
    form::At,
    spec::{hmac, token, unsigned},
    texts::{TIMESTAMP_DOT_BODY, URL_BODY},
};
use crate::{
    key::SecretEncoding,
    scheme::{Location, Place},
};

/// The names under which Shopify sends what it calls events.
static SHOPIFY_EVENTS: Location = Location {
    signature: Place::Header(HeaderName::from_static("shopify-hmac-sha256")),
    timestamp: None,
    id: Some(HeaderName::from_static("shopify-webhook-id")),
};

/// Shopify: HMAC-SHA256 in `X-Shopify-Hmac-SHA256`.
pub static SHOPIFY: Preset = hmac("shopify", "Shopify")
    .header("x-shopify-hmac-sha256")
    .base64()
    .or(&SHOPIFY_EVENTS)
    .id("x-shopify-webhook-id")
    .event("x-shopify-topic")
    .sdk("@shopify/shopify-api 15.x lib/utils/hmac-validator")
    .notes("Key is the app's client secret; after a secret rotation old and new overlap. X-Shopify-Event-Id groups copies of one event. Newer 'events' deliveries use the names without X- (shopify-hmac-sha256). Missing topic/domain/version/id headers also fail SDK validation; empty body refused. Admin query HMAC is a different scheme (hex over sorted query, 90 s).")
    .preset();

/// WooCommerce: HMAC-SHA256 in `X-WC-Webhook-Signature`.
pub static WOOCOMMERCE: Preset = hmac("woocommerce", "WooCommerce")
    .header("x-wc-webhook-signature")
    .base64()
    .id("x-wc-webhook-delivery-id")
    .event("x-wc-webhook-topic")
    .doc("woocommerce/woocommerce-rest-api-docs")
    .notes("WordPress decodes HTML entities in the stored secret before use.")
    .challenge("On save a ping is sent as form webhook_id=N, signed or not; answer 200")
    .preset();

/// BigCommerce: the secret itself.
pub static BIGCOMMERCE: Preset = token("bigcommerce", "BigCommerce")
    .at(At::Chosen)
    .doc("bigcommerce/docs: docs/integrations/webhooks/tutorial.mdx")
    .notes("Headers of your choice, set on creation: name one with `with_signature_header`. The body's field hash is no authentication. Port 443 only.")
    .preset();

/// Square: HMAC-SHA256 in `x-square-hmacsha256-signature`.
pub static SQUARE: Preset = hmac("square", "Square")
    .header("x-square-hmacsha256-signature")
    .base64()
    .text(&URL_BODY)
    .sdk("square/square-nodejs-sdk: src/wrapper/WebhooksHelper.ts")
    .notes("URL is the configured notification URL, byte for byte; a proxy that changes scheme, host or path breaks it, so configure it. Older X-Square-Signature is SHA-1 of the same. event_id in body dedups.")
    .preset();

/// Lemon Squeezy: HMAC-SHA256 in `X-Signature`.
pub static LEMONSQUEEZY: Preset = hmac("lemonsqueezy", "Lemon Squeezy")
    .header("x-signature")
    .event("x-event-name")
    .sdk("lmsqueezy/nextjs-billing: src/app/api/webhook/route.ts")
    .preset();

/// Polar: HMAC-SHA256 in `webhook-signature`.
pub static POLAR: Preset = hmac("polar", "Polar")
    .standard()
    .secret(SecretEncoding::Raw)
    .sdk("@polar-sh/sdk webhooks.js")
    .notes("Same wire format but the key is the UTF-8 secret, not its base64 decoding.")
    .preset();

/// Dodo Payments: HMAC-SHA256 in `webhook-signature`.
pub static DODOPAYMENTS: Preset = hmac("dodopayments", "Dodo Payments")
    .standard()
    .sdk("dodopayments npm 2.x resources/webhooks")
    .preset();

/// RevenueCat: HMAC-SHA256 in `X-RevenueCat-Webhook-Signature`.
pub static REVENUECAT: Preset = hmac("revenuecat", "RevenueCat")
    .header("x-revenuecat-webhook-signature")
    .stamped(b',', "t", "v1")
    .text(&TIMESTAMP_DOT_BODY)
    .third_party("trigger.dev research notes citing revenuecat.com")
    .notes("Default is a static Authorization header instead.")
    .preset();

/// ServiceStack webhooks: HMAC-SHA256 in `X-Hub-Signature`.
pub static SERVICESTACK: Preset = hmac("servicestack", "ServiceStack webhooks")
    .header("x-hub-signature")
    .prefix("sha1=")
    .id("x-webhook-delivery")
    .event("x-webhook-event")
    .sdk("jezzsantos/ServiceStack.Webhooks: src/Webhooks.Interfaces/Security/HmacUtils.cs")
    .notes("The label says SHA-1 and the digest is SHA-256, 64 digits long. The key is the secret's text as it stands, although that text is base64. An answer of 4xx makes the relay switch the subscription off.")
    .preset();

/// Salesforce outbound messages: nothing to verify.
pub static SALESFORCE: Preset = unsigned("salesforce", "Salesforce outbound messages")
    .third_party("trigger.dev research notes")
    .notes("NOT VERIFIABLE here: mutual TLS or the organisation's id must vouch. SOAP; to be acknowledged with a SOAP Ack true.")
    .preset();
