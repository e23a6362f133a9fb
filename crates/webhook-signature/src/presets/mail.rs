//! Mail and marketing.

use super::{
    Preset,
    form::At,
    spec::{basic, hmac, token, unsigned},
    texts::V0_TIMESTAMP_BODY,
};
use crate::{custom::Custom, scheme::Primitive};

/// Mailgun: HMAC-SHA256.
pub static MAILGUN: Preset = hmac("mailgun", "Mailgun")
    .at(At::Body)
    .within(86_400)
    .custom(Custom::Mailgun)
    .sdk("mailgun/mailgun-go: webhooks_test.go")
    .notes("The event itself is not covered, only timestamp and token: refuse a token that was used. The three fields are in a JSON body or, for routes, in a form. The tolerance of a day is ours: a delivery that is tried again may keep its time.")
    .preset();

/// Postmark: user and password in `Authorization`.
pub static POSTMARK: Preset = basic("postmark", "Postmark")
    .third_party("hookdeck/webhook-skills: providers.yaml")
    .notes("Credentials in the URL or custom headers; no signature.")
    .addresses("postmarkapp.com/support/article/800-ips-for-firewalls")
    .preset();

/// Resend (Svix): HMAC-SHA256 in `svix-signature`.
pub static RESEND: Preset = hmac("resend", "Resend (Svix)")
    .svix()
    .third_party("hookdeck/webhook-skills and resend SDK dependency on svix")
    .preset();

/// Loops: HMAC-SHA256 in `webhook-signature`.
pub static LOOPS: Preset = hmac("loops", "Loops")
    .standard()
    .third_party("trigger.dev research notes citing loops.so")
    .preset();

/// Customer.io: HMAC-SHA256 in `X-CIO-Signature`.
pub static CUSTOMERIO: Preset = hmac("customerio", "Customer.io")
    .header("x-cio-signature")
    .timestamp("x-cio-timestamp")
    .text(&V0_TIMESTAMP_BODY)
    .third_party("trigger.dev research notes citing docs.customer.io")
    .notes("Slack's signed string without its v0= prefix.")
    .preset();

/// Brevo: the secret itself in `Authorization`.
pub static BREVO: Preset = token("brevo", "Brevo")
    .header("authorization")
    .credentials("Bearer")
    .third_party("nuxt-webhook-validators brevo.js")
    .notes("IP allow-list first, bearer token optional.")
    .addresses("1.179.112.0/20 and 172.246.240.0/20 (from the third-party validator)")
    .preset();

/// Mailchimp Transactional (Mandrill): HMAC-SHA1 in `X-Mandrill-Signature`.
pub static MANDRILL: Preset = hmac("mandrill", "Mailchimp Transactional (Mandrill)")
    .with(Primitive::HmacSha1)
    .header("x-mandrill-signature")
    .base64()
    .custom(Custom::UrlAndForm)
    .third_party("gists of receivers, among them joost/6460736 and yannispanousis/0ccfd76bf19a49f45b69")
    .notes("The URL and each form field's name and value, sorted. The key is `test-webhook` until a real one is set.")
    .challenge("HEAD or an unsigned test POST on creation")
    .preset();

/// Mailchimp Marketing: nothing to verify.
pub static MAILCHIMP: Preset = unsigned("mailchimp", "Mailchimp Marketing")
    .third_party("several receivers' code; https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/ not re-read")
    .notes("NOT VERIFIABLE: nothing is signed. Put a secret into the URL, and keep it out of logs.")
    .challenge("GET on creation must answer 200")
    .preset();
