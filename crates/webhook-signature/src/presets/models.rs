//! Language and speech models.

use super::{
    Preset,
    spec::{hmac, token},
    texts::TIMESTAMP_DOT_BODY,
};

/// OpenAI: HMAC-SHA256 in `webhook-signature`.
pub static OPENAI: Preset = hmac("openai", "OpenAI")
    .standard()
    .sdk("openai/openai-python: src/openai/lib/_webhooks.py")
    .notes("As Standard Webhooks. The provider's library also takes a bare signature and secrets that are no base64; here the secret's text is base64 with `whsec_` or without.")
    .preset();

/// Anthropic: HMAC-SHA256 in `webhook-signature`.
pub static ANTHROPIC: Preset = hmac("anthropic", "Anthropic")
    .standard()
    .sdk("@anthropic-ai/sdk 1.x resources/beta/webhooks (unwrap via standardwebhooks)")
    .notes("SDK hands the headers to the Standard Webhooks library; trigger.dev's catalogue claims one X-Webhook-Signature header instead, unresolved.")
    .preset();

/// Replicate: HMAC-SHA256 in `webhook-signature`.
pub static REPLICATE: Preset = hmac("replicate", "Replicate")
    .standard()
    .sdk("replicate npm 1.4 lib/util.js")
    .notes("SDK checks neither the timestamp nor the version tag (v2, passes) and strips everything up to the last _ of the secret.")
    .preset();

/// ElevenLabs: HMAC-SHA256 in `ElevenLabs-Signature`.
pub static ELEVENLABS: Preset = hmac("elevenlabs", "ElevenLabs")
    .header("elevenlabs-signature")
    .stamped(b',', "t", "v0")
    .text(&TIMESTAMP_DOT_BODY)
    .max_age(1800)
    .sdk("elevenlabs/elevenlabs-python: tests/test_webhooks.py and elevenlabs-js wrapper/webhooks.js")
    .notes("v0 is the live version here (a decoy at Stripe). Age-only tolerance of 30 min. Third-party lists that call it Standard Webhooks are wrong.")
    .preset();

/// Deepgram callbacks: the secret itself in `dg-token`.
pub static DEEPGRAM: Preset = token("deepgram", "Deepgram callbacks")
    .header("dg-token")
    .third_party("hookdeck/webhook-skills: providers.yaml")
    .preset();
