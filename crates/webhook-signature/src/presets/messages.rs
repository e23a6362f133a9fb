//! Messengers, calls and live media.

use super::{
    Preset,
    spec::{hmac, token},
    texts::{BRACKETS, ID_TIMESTAMP_BODY, TIMESTAMP_DOT_BODY, V0_TIMESTAMP_BODY},
};
use crate::{
    custom::Custom,
    key::SecretEncoding,
    scheme::{Primitive, TimestampUnit},
};

/// Slack: HMAC-SHA256 in `X-Slack-Signature`.
pub static SLACK: Preset = hmac("slack", "Slack")
    .header("x-slack-signature")
    .prefix("v0=")
    .timestamp("x-slack-request-timestamp")
    .text(&V0_TIMESTAMP_BODY)
    .sdk("slackapi/python-slack-sdk: slack_sdk/signature/__init__.py")
    .notes("Body may be JSON (events) or form (slash commands; interactivity has JSON in field `payload`). Retries carry X-Slack-Retry-Num and X-Slack-Retry-Reason; dedup by body event_id. Tolerance is two-sided in the SDK.")
    .challenge("POST JSON type=url_verification with `challenge`: answer 200 with the challenge as plain text, or JSON {\"challenge\":...}. The request itself is signed")
    .preset();

/// Telegram Bot API: the secret itself in `X-Telegram-Bot-Api-Secret-Token`.
pub static TELEGRAM: Preset = token("telegram", "Telegram Bot API")
    .header("x-telegram-bot-api-secret-token")
    .third_party("many third-party handlers (header name and behaviour); https://core.telegram.org/bots/api#setwebhook not re-read")
    .notes("Sent only when secret_token was given to setWebhook. update_id dedups.")
    .addresses("core.telegram.org/bots/webhooks lists 149.154.160.0/20 and 91.108.4.0/22 in prose")
    .preset();

/// Meta Graph webhooks (Facebook, Messenger, Instagram, WhatsApp): HMAC-SHA256 in `X-Hub-
/// Signature-256`.
pub static META: Preset = hmac("meta", "Meta Graph webhooks (Facebook, Messenger, Instagram, WhatsApp)")
    .header("x-hub-signature-256")
    .prefix("sha256=")
    .third_party("nuxt-webhook-validators meta.js, gists; https://developers.facebook.com/docs/messenger-platform/webhook-reference seen only in part")
    .notes("Query names contain dots (hub.challenge). Wire JSON escapes non-ASCII as lower-case \\uXXXX (and / as \\/): sign the raw bytes, never re-serialise. One app secret serves every page of the app. X-Hub-Signature with sha1 is the older header. WhatsApp can also use mTLS.")
    .addresses("no list; whois of AS32934 is the documented way")
    .challenge("GET with hub.mode=subscribe, hub.verify_token, hub.challenge: if the token matches answer 200 with hub.challenge as the whole body, else 403")
    .preset();

/// WhatsApp Cloud API: HMAC-SHA256 in `X-Hub-Signature-256`.
pub static WHATSAPP: Preset = hmac("whatsapp", "WhatsApp Cloud API")
    .header("x-hub-signature-256")
    .prefix("sha256=")
    .third_party("simstudioai/sim: apps/sim/lib/webhooks/providers/whatsapp.ts")
    .notes("As for Meta.")
    .challenge("As for Meta")
    .preset();

/// X (Twitter): HMAC-SHA256 in `x-twitter-webhooks-signature`.
pub static X: Preset = hmac("x", "X (Twitter)")
    .header("x-twitter-webhooks-signature")
    .prefix("sha256=")
    .base64()
    .doc("https://docs.x.com/x-api/webhooks/introduction")
    .notes("The prefix says sha256 but the value is base64, unlike GitHub. Key is the app's consumer secret.")
    .challenge("GET ?crc_token=...: 200 JSON {\"response_token\":\"sha256=\"+base64(HMAC-SHA256(consumer_secret, crc_token))}; at registration, roughly hourly, and on PUT")
    .preset();

/// LINE Messaging API: HMAC-SHA256 in `X-Line-Signature`.
pub static LINE: Preset = hmac("line", "LINE Messaging API")
    .header("x-line-signature")
    .base64()
    .sdk("line/line-bot-sdk-nodejs: lib/validate-signature.ts")
    .notes("SDK decodes leniently: padding missing, bytes after padding, and non-canonical last characters pass. webhookEventId inside each event dedups; deliveryContext.isRedelivery marks repeats. Docs say never to reformat the body.")
    .challenge("The console's verify button sends an empty events array, signed; answer 200")
    .preset();

/// Twitch EventSub: HMAC-SHA256 in `Twitch-Eventsub-Message-Signature`.
pub static TWITCH: Preset = hmac("twitch", "Twitch EventSub")
    .header("twitch-eventsub-message-signature")
    .prefix("sha256=")
    .timestamp("twitch-eventsub-message-timestamp")
    .text(&ID_TIMESTAMP_BODY)
    .unit(TimestampUnit::Rfc3339)
    .within(600)
    .id("twitch-eventsub-message-id")
    .event("twitch-eventsub-subscription-type")
    .sdk("twitchdev/twitch-cli: internal/events/trigger/forward_event.go")
    .notes("RFC 3339 with up to nanoseconds, signed as text. Message type header, not body, says what to do. Secret 10-100 ASCII characters.")
    .challenge("Twitch-Eventsub-Message-Type: webhook_callback_verification: 200 with body `challenge` verbatim as text/plain. `revocation` needs 2xx")
    .preset();

/// Microsoft Teams outgoing webhook: HMAC-SHA256 in `Authorization`.
pub static MICROSOFT_TEAMS: Preset = hmac("microsoft-teams", "Microsoft Teams outgoing webhook")
    .header("authorization")
    .prefix("HMAC ")
    .base64()
    .secret(SecretEncoding::Base64)
    .third_party("simstudioai/sim: apps/sim/lib/webhooks/providers/microsoft-teams.ts")
    .notes("Signature in Authorization with scheme word HMAC; token must be base64-decoded to make the key. Answer is due within 5 s.")
    .preset();

/// Cisco Webex: HMAC-SHA1 in `X-Spark-Signature`.
pub static WEBEX: Preset = hmac("webex", "Cisco Webex")
    .with(Primitive::HmacSha1)
    .header("x-spark-signature")
    .third_party("trigger.dev research notes citing developer.webex.com")
    .notes("A second header family with sha256/sha512 exists for newer hooks.")
    .preset();

/// Zoom: HMAC-SHA256 in `x-zm-signature`.
pub static ZOOM: Preset = hmac("zoom", "Zoom")
    .header("x-zm-signature")
    .prefix("v0=")
    .timestamp("x-zm-request-timestamp")
    .text(&V0_TIMESTAMP_BODY)
    .sdk("zoom/webhook-sample: index.js")
    .notes("Zoom's own sample signs JSON.stringify(parsed body), which equals the raw body only while Zoom sends compact JSON; use raw bytes. Old apps send a static Authorization token. Tolerance is not in the sample (300 s is usual).")
    .challenge("POST JSON event=endpoint.url_validation: 200 JSON {\"plainToken\":payload.plainToken,\"encryptedToken\":hex(HMAC-SHA256(secret, plainToken))}, within 3 s; repeated every 72 h. The request is signed")
    .preset();

/// TikTok for Developers: HMAC-SHA256 in `TikTok-Signature`.
pub static TIKTOK: Preset = hmac("tiktok", "TikTok for Developers")
    .header("tiktok-signature")
    .stamped(b',', "t", "s")
    .text(&TIMESTAMP_DOT_BODY)
    .third_party("simstudioai/sim tiktok.ts")
    .preset();

/// Crisp: HMAC-SHA256 in `X-Crisp-Signature`.
pub static CRISP: Preset = hmac("crisp", "Crisp")
    .header("x-crisp-signature")
    .timestamp("x-crisp-request-timestamp")
    .text(&BRACKETS)
    .millis()
    .third_party("trigger.dev research notes citing docs.crisp.chat")
    .notes("Literal brackets and semicolon in the text.")
    .preset();

/// Stream (chat): HMAC-SHA256 in `X-Signature`.
pub static GETSTREAM: Preset = hmac("getstream", "Stream (chat)")
    .header("x-signature")
    .id("x-webhook-id")
    .sdk("stream-chat npm dist (verifyAndParseWebhook)")
    .notes("A body may be gzip, and then the signature is that of the decompressed bytes: such a delivery is refused here; switch compression off.")
    .preset();

/// Pusher Channels: HMAC-SHA256 in `X-Pusher-Signature`.
pub static PUSHER: Preset = hmac("pusher", "Pusher Channels")
    .header("x-pusher-signature")
    .custom(Custom::Pusher)
    .sdk("pusher/pusher-http-node: lib/webhook.js")
    .notes("X-Pusher-Key names the key: give each secret the key as its id. A secret without an id of its own takes any name.")
    .preset();

/// Mux: HMAC-SHA256 in `mux-signature`.
pub static MUX: Preset = hmac("mux", "Mux")
    .header("mux-signature")
    .stamped(b',', "t", "v1")
    .text(&TIMESTAMP_DOT_BODY)
    .max_age(300)
    .sdk("muxinc/mux-node-sdk: src/resources/webhooks/webhooks.ts")
    .notes("Stripe's scheme; age only.")
    .preset();
