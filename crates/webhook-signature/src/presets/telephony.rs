//! Telephone and text messages.

use super::{
    Preset,
    form::At,
    spec::hmac,
    texts::{BODY_TIMESTAMP, TIMESTAMP_DOT_BODY},
};
use crate::{
    custom::Custom,
    scheme::{Encoding, Primitive},
};

/// Twilio: HMAC-SHA1 in `X-Twilio-Signature`.
pub static TWILIO: Preset = hmac("twilio", "Twilio")
    .with(Primitive::HmacSha1)
    .header("x-twilio-signature")
    .base64()
    .custom(Custom::Twilio)
    .id("i-twilio-idempotency-token")
    .sdk("twilio/twilio-node: src/webhooks/webhooks.ts and twilio-python")
    .notes("Form fields are sorted, each value of a repeated field counts once. Of another body the URL's parameter bodySHA256 holds the digest; without it such a body is refused. The URL is what Twilio was told, with or without the usual port.")
    .preset();

/// Vonage SMS (signed): HMAC-SHA256.
pub static VONAGE_SMS: Preset = hmac("vonage-sms", "Vonage SMS (signed)")
    .at(At::Body)
    .encoding(Encoding::HexUpper)
    .custom(Custom::VonageSms)
    .sdk("Vonage/vonage-node-sdk: packages/auth/lib/auth.ts and packages/sms tests")
    .notes("HMAC-SHA256, an account setting; `vonage-sms-sha512` is the other one that is taken. MD5 and SHA-1 are not. The hexadecimal digits are upper case.")
    .preset();

/// Vonage SMS (signed with SHA-512): HMAC-SHA512.
pub static VONAGE_SMS_SHA512: Preset =
    hmac("vonage-sms-sha512", "Vonage SMS (signed with SHA-512)")
        .with(Primitive::HmacSha512)
        .at(At::Body)
        .encoding(Encoding::HexUpper)
        .custom(Custom::VonageSms)
        .sdk("Vonage/vonage-node-sdk: packages/auth/lib/auth.ts and packages/sms tests")
        .notes("HMAC-SHA512, an account setting. The hexadecimal digits are upper case.")
        .preset();

/// MessageBird (legacy header): HMAC-SHA256.
pub static MESSAGEBIRD_LEGACY: Preset = hmac("messagebird-legacy", "MessageBird (legacy header)")
    .header("messagebird-signature")
    .base64()
    .timestamp("messagebird-request-timestamp")
    .custom(Custom::MessageBird)
    .sdk("messagebird/messagebird-nodejs: lib/webhook-signature.js and lib/test.js")
    .notes("Query and body are signed, the path is not. Newer accounts send a JWT.")
    .preset();

/// Plivo (V3): HMAC-SHA256 in `X-Plivo-Signature-V3`.
pub static PLIVO: Preset = hmac("plivo", "Plivo (V3)")
    .header("x-plivo-signature-v3")
    .bare_list(b',')
    .base64()
    .custom(Custom::PlivoV3)
    .id("x-plivo-signature-v3-nonce")
    .sdk("plivo-node lib/utils/v3Security.js")
    .notes("The URL with its query sorted, and the form's fields. One signature for each token that is active.")
    .preset();

/// Plivo (V1): HMAC-SHA1 in `X-Plivo-Signature`.
pub static PLIVO_V1: Preset = hmac("plivo-v1", "Plivo (V1)")
    .with(Primitive::HmacSha1)
    .header("x-plivo-signature")
    .base64()
    .custom(Custom::UrlAndForm)
    .sdk("plivo/plivo-node: test/utils.js")
    .notes("The URL and each form field's name and value, sorted. The catalogue's source keys it with the account's auth id.")
    .preset();

/// Plivo (V2): HMAC-SHA256 in `X-Plivo-Signature-V2`.
pub static PLIVO_V2: Preset = hmac("plivo-v2", "Plivo (V2)")
    .header("x-plivo-signature-v2")
    .base64()
    .custom(Custom::PlivoV2)
    .id("x-plivo-signature-v2-nonce")
    .sdk("plivo/plivo-node: test/utils.js")
    .notes("Neither the query nor any byte of the body is signed: prefer version 3.")
    .preset();

/// Retell AI: HMAC-SHA256 in `x-retell-signature`.
pub static RETELL: Preset = hmac("retell", "Retell AI")
    .header("x-retell-signature")
    .stamped(b',', "v", "d")
    .text(&BODY_TIMESTAMP)
    .millis()
    .sdk("npm retell-sdk: lib/webhook_auth.js")
    .notes("Body first, then timestamp.")
    .preset();

/// Podium: HMAC-SHA256 in `podium-signature`.
pub static PODIUM: Preset = hmac("podium", "Podium")
    .header("podium-signature")
    .timestamp("podium-timestamp")
    .text(&TIMESTAMP_DOT_BODY)
    .millis()
    .doc("https://docs.podium.com/docs/verifying-webhook-signatures")
    .preset();
