//! Monitoring, incidents and identity.

use super::{
    Preset,
    form::At,
    relays::OR_WEBHOOK,
    spec::{hmac, token},
    texts::{TIMESTAMP_BODY, TIMESTAMP_DOT_BODY},
};

/// PagerDuty v3: HMAC-SHA256 in `X-PagerDuty-Signature`.
pub static PAGERDUTY: Preset = hmac("pagerduty", "PagerDuty v3")
    .header("x-pagerduty-signature")
    .list(b',', b'=', "v1")
    .id("x-webhook-id")
    .sdk("PagerDuty/go-pagerduty: webhookv3/webhookv3.go and test")
    .notes("Comma list with one entry per active secret. No timestamp. Secret looks like base64 but is used as text.")
    .addresses("developer.pagerduty.com ip-safelists: JSON array per service region")
    .preset();

/// Sentry integration platform: HMAC-SHA256 in `Sentry-Hook-Signature`.
pub static SENTRY: Preset = hmac("sentry", "Sentry integration platform")
    .header("sentry-hook-signature")
    .id("request-id")
    .event("sentry-hook-resource")
    .third_party("simstudioai/sim: apps/sim/lib/webhooks/providers/sentry.ts")
    .notes("Docs' sample signs JSON.stringify(body); raw bytes are right. Timestamp header is not covered.")
    .addresses("docs.sentry.io/security-legal-pii/security/ip-ranges")
    .preset();

/// Grafana alerting: HMAC-SHA256 in `X-Grafana-Alerting-Signature`.
pub static GRAFANA: Preset = hmac("grafana", "Grafana alerting")
    .header("x-grafana-alerting-signature")
    .sdk("grafana/alerting: http/hmac.go")
    .notes("Header names are configuration. The timestamp is signed only where its header is configured: build that scheme with `signed_text(\"{timestamp}:{body}\")` and `timestamp_header(…)`.")
    .preset();

/// Datadog: the secret itself.
pub static DATADOG: Preset = token("datadog", "Datadog")
    .at(At::Chosen)
    .third_party("trigger.dev research notes citing docs.datadoghq.com")
    .notes("No signature; the payload is a template of yours. Name the header of your choice with `with_signature_header`.")
    .addresses("https://ip-ranges.datadoghq.com JSON, webhooks.prefixes_ipv4")
    .preset();

/// Rootly: HMAC-SHA256 in `X-Rootly-Signature`.
pub static ROOTLY: Preset = hmac("rootly", "Rootly")
    .header("x-rootly-signature")
    .stamped(b',', "t", "v1")
    .text(&TIMESTAMP_BODY)
    .third_party("simstudioai/sim rootly.ts")
    .notes("Looks like Stripe's header but has NO dot in the signed text.")
    .preset();

/// incident.io: HMAC-SHA256 in `webhook-signature`.
pub static INCIDENT_IO: Preset = hmac("incident-io", "incident.io")
    .standard()
    .third_party("simstudioai/sim incidentio.ts")
    .preset();

/// Okta event hooks: the secret itself in `Authorization`.
pub static OKTA: Preset = token("okta", "Okta event hooks")
    .header("authorization")
    .doc("okta/okta-developer-docs: packages/@okta/vuepress-site/docs/concepts/event-hooks/index.md")
    .notes("The challenge is the value of a header.")
    .addresses("https://s3.amazonaws.com/okta-ip-ranges/ip_ranges.json object of cells, each with ip_ranges[]")
    .challenge("GET with x-okta-verification-challenge: 200 JSON {\"verification\": header value}")
    .preset();

/// Auth0 log streams: the secret itself in `Authorization`.
pub static AUTH0: Preset = token("auth0", "Auth0 log streams")
    .header("authorization")
    .third_party("trigger.dev research notes citing auth0.com")
    .preset();

/// WorkOS: HMAC-SHA256 in `WorkOS-Signature`.
pub static WORKOS: Preset = hmac("workos", "WorkOS")
    .header("workos-signature")
    .stamped(b',', "t", "v1")
    .text(&TIMESTAMP_DOT_BODY)
    .millis()
    .max_age(180)
    .sdk("workos/workos-node: src/common/crypto/signature-provider.ts")
    .notes("Space after the comma. SDK default tolerance 180000 ms, age only. The npm release tested re-serialises the parsed body (pretty JSON and escapes fail in it); newer source takes the raw text.")
    .preset();

/// Clerk (Svix): HMAC-SHA256 in `svix-signature`.
pub static CLERK: Preset = hmac("clerk", "Clerk (Svix)")
    .svix()
    .third_party("@clerk/backend dist/webhooks.js depends on standardwebhooks")
    .preset();

/// Logto: HMAC-SHA256 in `logto-signature-sha-256`.
pub static LOGTO: Preset = hmac("logto", "Logto")
    .header("logto-signature-sha-256")
    .doc("https://docs.logto.io/developers/webhooks/secure-webhooks")
    .preset();

/// Onfido: HMAC-SHA256 in `X-SHA2-Signature`.
pub static ONFIDO: Preset = hmac("onfido", "Onfido")
    .header("x-sha2-signature")
    .sdk("onfido/onfido-node: test/*webhook-event-verifier.test.ts")
    .preset();

/// Seam (Svix): HMAC-SHA256 in `svix-signature`.
pub static SEAM: Preset = hmac("seam", "Seam (Svix)")
    .svix()
    .or(&OR_WEBHOOK)
    .sdk("@seamapi/webhook")
    .notes("The provider's library is Svix's, and takes the names of Standard Webhooks too.")
    .preset();

/// Fingerprint: HMAC-SHA256 in `fpjs-event-signature`.
pub static FINGERPRINT: Preset = hmac("fingerprint", "Fingerprint")
    .header("fpjs-event-signature")
    .list(b',', b'=', "v1")
    .sdk("@fingerprint/node-sdk dist/index.cjs")
    .notes("No timestamp.")
    .preset();

/// Supabase Auth hooks: HMAC-SHA256 in `webhook-signature`.
pub static SUPABASE_AUTH: Preset = hmac("supabase-auth", "Supabase Auth hooks")
    .standard()
    .doc("https://supabase.com/docs/guides/auth/auth-hooks")
    .notes("The secret begins with `v1,whsec_`, and is given as it is.")
    .preset();
