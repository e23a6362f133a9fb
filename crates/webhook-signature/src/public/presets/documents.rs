//! Signatures over something that is made from the body.

use std::borrow::Cow;

use http::HeaderName;

use super::pieces::{
    BODY, Data, FIVE_MINUTES, Form, IN_BODY, TIMED_BODY, header_rules, preset, within,
};
use crate::{
    Preset,
    presets::Evidence,
    public::{
        digest::BodyAs,
        rules::{HeaderRules, Rules},
        url::UrlRule,
    },
    scheme::{Encoding, Part, Primitive},
};

static SNS_TEXT: [Part; 3] = [Part::Id, Part::Timestamp, Part::Body];
static SNS_RULES: Rules = Rules::Sns;

/// [Amazon SNS](https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html): RSA
/// with SHA-1 (version 1) or SHA-256 (version 2) over some members of the document, in the member
/// `Signature`.
///
/// The key is that of the certificate which `SigningCertURL` names: give it as PEM, or a
/// [`KeySource`](crate::KeySource) that knows keys by that URL.
pub static AWS_SNS: Preset = preset(Data {
    name: "aws-sns",
    title: "Amazon SNS",
    primitive: Primitive::RsaPkcs1Sha256,
    signature: IN_BODY,
    timestamp: None,
    id: Some("x-amz-sns-message-id"),
    event: Some("x-amz-sns-message-type"),
    form: Form::Ruled(&SNS_RULES),
    encoding: Encoding::Base64,
    text: &SNS_TEXT,
    tolerance: Some(within(3600)),
    evidence: Evidence::OfficialSdk,
    source: "npm sns-validator 0.3.5: index.js",
    notes: "Message, MessageId, Subject, Timestamp, TopicArn and Type are signed; MessageAttributes and UnsubscribeURL are not. Any topic of any AWS account has a valid signature: compare TopicArn with yours. Raw message delivery takes the signature away.",
})
.published_at("https://ip-ranges.amazonaws.com/ip-ranges.json prefixes[] (no separate SNS service key)")
.introduced_by("Type SubscriptionConfirmation: GET SubscribeURL (after checking signature and host) or call ConfirmSubscription");

static MESSAGE_RULES: Rules = Rules::Message;

/// [MailChannels](https://docs.mailchannels.com/email-api/webhooks): HTTP Message Signatures
/// ([RFC 9421](https://www.rfc-editor.org/rfc/rfc9421)) with Ed25519 over `Content-Digest`.
pub static MAILCHANNELS: Preset = preset(Data {
    name: "mailchannels",
    title: "MailChannels",
    primitive: Primitive::Ed25519,
    signature: "signature",
    timestamp: None,
    id: None,
    event: None,
    form: Form::Ruled(&MESSAGE_RULES),
    encoding: Encoding::Base64,
    text: &TIMED_BODY,
    tolerance: FIVE_MINUTES,
    evidence: Evidence::ThirdParty,
    source: "nuxt-webhook-validators: mailchannels.js",
    notes: "The digest in Content-Digest must be SHA-256. The key is known by `keyid`.",
});

static FORM_RULES: Rules = Rules::SortedForm;

/// Paddle Classic: RSA with SHA-1 over the sorted fields of the form, in the field `p_signature`.
pub static PADDLE_CLASSIC: Preset = preset(Data {
    name: "paddle-classic",
    title: "Paddle Classic",
    primitive: Primitive::RsaPkcs1Sha1,
    signature: IN_BODY,
    timestamp: None,
    id: None,
    event: None,
    form: Form::Ruled(&FORM_RULES),
    encoding: Encoding::Base64,
    text: &BODY,
    tolerance: None,
    evidence: Evidence::ThirdParty,
    source: "npm verify-paddle-webhook; trigger.dev: research notes",
    notes: "The delivery's id is the field `alert_id`. No freshness can be checked.",
});

static PAYPAL_TEXT: [Part; 6] = [
    Part::Id,
    Part::Literal(Cow::Borrowed("|")),
    Part::Timestamp,
    Part::Literal(Cow::Borrowed("|")),
    // The webhook's id is put here by `Scheme::with_webhook_id`.
    Part::Literal(Cow::Borrowed("|")),
    Part::Body,
];

static PAYPAL_RULES: Rules = Rules::Header(HeaderRules {
    rfc3339: true,
    body: BodyAs::Crc32,
    key_url: Some((HeaderName::from_static("paypal-cert-url"), UrlRule::PayPal)),
    algorithm: Some((HeaderName::from_static("paypal-auth-algo"), "SHA256withRSA")),
    lacks_webhook_id: true,
});

/// [PayPal](https://developer.paypal.com/api/rest/webhooks/rest/): RSA with SHA-256 over
/// `{id}|{timestamp}|{webhook id}|{CRC-32 of the body}`. The webhook's id comes from
/// [`Scheme::with_webhook_id`](crate::Scheme::with_webhook_id).
pub static PAYPAL: Preset = preset(Data {
    name: "paypal",
    title: "PayPal",
    primitive: Primitive::RsaPkcs1Sha256,
    signature: "paypal-transmission-sig",
    timestamp: Some("paypal-transmission-time"),
    id: Some("paypal-transmission-id"),
    event: None,
    form: Form::Ruled(&PAYPAL_RULES),
    encoding: Encoding::Base64,
    text: &PAYPAL_TEXT,
    tolerance: FIVE_MINUTES,
    evidence: Evidence::OfficialSdk,
    source: "paypal/PayPal-Python-SDK: paypalrestsdk/notifications.py",
    notes: "Only a checksum of the body is signed, for which anybody can make another body up: ask PayPal about what matters, or let it verify the delivery. The key is that of the certificate which PAYPAL-CERT-URL names.",
});

static TRAVIS_RULES: Rules = header_rules(false, BodyAs::Field("payload"));

/// [Travis CI](https://docs.travis-ci.com/user/notifications/#verifying-webhook-requests): RSA with
/// SHA-1 over the decoded form field `payload`, in `Signature`.
pub static TRAVIS_CI: Preset = preset(Data {
    name: "travis-ci",
    title: "Travis CI",
    primitive: Primitive::RsaPkcs1Sha1,
    signature: "signature",
    timestamp: None,
    id: None,
    event: None,
    form: Form::Ruled(&TRAVIS_RULES),
    encoding: Encoding::Base64,
    text: &BODY,
    tolerance: None,
    evidence: Evidence::OfficialDoc,
    source: "travis-ci/docs-travis-ci-com: user/notifications.md.erb",
    notes: "Only the field `payload` is signed. Travis-Repo-Slug is not. No freshness can be checked.",
});
