//! The handshakes that are known, in the order of the providers' names.

use super::{
    alphabet::Alphabet::{ShortHex, Text, Token},
    definition::{Condition, Handshake, KeyRule, Origin, Piece, Signing, Step, Trust},
};
use crate::{Encoding, Primitive, presets::Evidence};

/// A handshake with unsigned answers, read in the provider's documentation.
const PLAIN: Handshake = Handshake {
    provider: "",
    steps: &[],
    signing: None,
    bare_refusals: false,
    evidence: Evidence::OfficialDoc,
    source: "",
};

/// A secret that comes with the request and goes back in the same header.
static ASANA: Handshake = Handshake {
    provider: "asana",
    steps: &[Step::post()
        .trusting(Trust::Offer)
        .takes(Origin::Header("x-hook-secret"), Token)
        .header("x-hook-secret")],
    source: "https://developers.asana.com/reference/createwebhook.md",
    ..PLAIN
};

static AWS_SNS: Handshake = Handshake {
    provider: "aws-sns",
    steps: &[Step::post()
        .when(&[Condition::Json(&["Type"], "SubscriptionConfirmation")])
        .trusting(Trust::Confirm)
        .takes(Origin::Json(&["SubscribeURL"]), Text)],
    evidence: Evidence::OfficialSdk,
    source: "npm sns-validator 0.3.5 (AWS) index.js",
    ..PLAIN
};

/// Both schemas: Event Grid's own, and `CloudEvents` with its `OPTIONS`.
static AZURE_EVENT_GRID: Handshake = Handshake {
    provider: "azure-event-grid",
    steps: &[
        Step::post()
            .when(&[Condition::Header(
                "aeg-event-type",
                "SubscriptionValidation",
            )])
            .takes(Origin::JsonItem(&["data", "validationCode"]), Text)
            .json(&[
                Piece::Text(r#"{"validationResponse":"#),
                Piece::Quoted,
                Piece::Text("}"),
            ]),
        Step::options()
            .takes(Origin::Header("webhook-request-origin"), Token)
            .header("webhook-allowed-origin"),
    ],
    source: "MicrosoftDocs/azure-docs: articles/event-grid/webhook-event-delivery.md",
    ..PLAIN
};

static BITBUCKET_SERVER: Handshake = Handshake {
    provider: "bitbucket-server",
    steps: &[Step::post().when(&[Condition::Header("x-event-key", "diagnostics:ping")])],
    evidence: Evidence::ThirdParty,
    source: "@coderabbitai/bitbucket type docs quoting Atlassian",
    ..PLAIN
};

/// Deliveries sign the form field `bt_payload`, base64 of XML, with the same key.
static BRAINTREE: Handshake = Handshake {
    provider: "braintree",
    steps: &[Step::get()
        .takes(Origin::Query("bt_challenge"), ShortHex)
        .text(&[Piece::PublicKey, Piece::Text("|"), Piece::Mac])],
    signing: Some(Signing {
        primitive: Primitive::HmacSha1,
        key: KeyRule::PublicAndSha1OfPrivate,
        encoding: Encoding::Hex,
        alphabet: ShortHex,
        form_field: Some("bt_payload"),
    }),
    evidence: Evidence::OfficialSdk,
    source: "braintree/braintree_node: lib/braintree/webhook_notification_gateway.js",
    ..PLAIN
};

/// An interaction's PING is answered with a PONG, a webhook event's with 204.
static DISCORD: Handshake = Handshake {
    provider: "discord",
    steps: &[
        Step::post()
            .when(&[Condition::Json(&["type"], "1")])
            .trusting(Trust::Signed)
            .json(&[Piece::Text(r#"{"type":1}"#)]),
        Step::post()
            .when(&[Condition::Json(&["type"], "0")])
            .trusting(Trust::Signed)
            .status(204),
    ],
    evidence: Evidence::OfficialSdk,
    source: "npm discord-interactions, and the provider's page on webhook events",
    ..PLAIN
};

static DROPBOX: Handshake = Handshake {
    provider: "dropbox",
    steps: &[Step::get()
        .takes(Origin::Query("challenge"), Text)
        .text(&[Piece::Challenge])],
    evidence: Evidence::OfficialSdk,
    source: "dropbox/mdwebhook: app.py",
    ..PLAIN
};

static FIGMA: Handshake = Handshake {
    provider: "figma",
    steps: &[Step::post()
        .when(&[Condition::Json(&["event_type"], "PING")])
        .trusting(Trust::Signed)],
    evidence: Evidence::OfficialSdk,
    source: "figma/rest-api-spec: dist/api_types.ts",
    ..PLAIN
};

static FRONT: Handshake = Handshake {
    provider: "front",
    steps: &[Step::post()
        .takes(Origin::Header("x-front-challenge"), Text)
        .json(&[
            Piece::Text(r#"{"challenge":"#),
            Piece::Quoted,
            Piece::Text("}"),
        ])],
    evidence: Evidence::ThirdParty,
    source: "webhookdb/webhookdb: lib/webhookdb/front.rb",
    ..PLAIN
};

static INTERCOM: Handshake = Handshake {
    provider: "intercom",
    steps: &[Step::head()],
    evidence: Evidence::ThirdParty,
    source: "webhookdb/webhookdb: lib/webhookdb/intercom.rb",
    ..PLAIN
};

static LINE: Handshake = Handshake {
    provider: "line",
    steps: &[Step::post()
        .when(&[Condition::EmptyList(&["events"])])
        .trusting(Trust::Signed)],
    evidence: Evidence::OfficialSdk,
    source: "line/line-bot-sdk-nodejs: lib/validate-signature.ts",
    ..PLAIN
};

static MAILCHIMP: Handshake = Handshake {
    provider: "mailchimp",
    steps: &[Step::get(), Step::head()],
    evidence: Evidence::GeneralKnowledge,
    source: "https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/",
    ..PLAIN
};

static MANDRILL: Handshake = Handshake {
    provider: "mandrill",
    steps: &[Step::get(), Step::head()],
    evidence: Evidence::GeneralKnowledge,
    source: "https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/",
    ..PLAIN
};

static HUB: [Step; 1] = [Step::get()
    .when(&[Condition::Query("hub.mode", "subscribe")])
    .trusting(Trust::VerifyToken("hub.verify_token"))
    .takes(Origin::Query("hub.challenge"), Token)
    .text(&[Piece::Challenge])];

static META: Handshake = Handshake {
    provider: "meta",
    steps: &HUB,
    evidence: Evidence::ThirdParty,
    source: "https://developers.facebook.com/docs/messenger-platform/webhook-reference, seen in part",
    ..PLAIN
};

/// The token is sent back as it was before it was escaped for the URL.
static MICROSOFT_GRAPH: Handshake = Handshake {
    provider: "microsoft-graph",
    steps: &[Step::post()
        .takes(Origin::Query("validationToken"), Text)
        .text(&[Piece::Challenge])],
    evidence: Evidence::GeneralKnowledge,
    source: "https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks",
    ..PLAIN
};

static MONDAY: Handshake = Handshake {
    provider: "monday",
    steps: &[Step::post()
        .takes(Origin::Json(&["challenge"]), Text)
        .json(&[
            Piece::Text(r#"{"challenge":"#),
            Piece::Quoted,
            Piece::Text("}"),
        ])],
    evidence: Evidence::ThirdParty,
    source: "simstudioai/sim: monday.ts",
    ..PLAIN
};

/// The operator pastes the token back, and it becomes the key.
static NOTION: Handshake = Handshake {
    provider: "notion",
    steps: &[Step::post()
        .trusting(Trust::Offer)
        .takes(Origin::Json(&["verification_token"]), Token)],
    evidence: Evidence::OfficialSdk,
    source: "npm @notionhq/client 5: webhooks.js",
    ..PLAIN
};

static OKTA: Handshake = Handshake {
    provider: "okta",
    steps: &[Step::get()
        .takes(Origin::Header("x-okta-verification-challenge"), Text)
        .json(&[
            Piece::Text(r#"{"verification":"#),
            Piece::Quoted,
            Piece::Text("}"),
        ])],
    source: "okta/okta-developer-docs: docs/concepts/event-hooks/index.md",
    ..PLAIN
};

static SLACK: Handshake = Handshake {
    provider: "slack",
    steps: &[Step::post()
        .when(&[Condition::Json(&["type"], "url_verification")])
        .trusting(Trust::Signed)
        .takes(Origin::Json(&["challenge"]), Token)
        .text(&[Piece::Challenge])],
    source: "https://docs.slack.dev/reference/events/url_verification/",
    ..PLAIN
};

static TRELLO: Handshake = Handshake {
    provider: "trello",
    steps: &[Step::head()],
    source: "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks",
    ..PLAIN
};

static TWITCH: Handshake = Handshake {
    provider: "twitch",
    steps: &[Step::post()
        .when(&[Condition::Header(
            "twitch-eventsub-message-type",
            "webhook_callback_verification",
        )])
        .trusting(Trust::Signed)
        .takes(Origin::Json(&["challenge"]), Text)
        .text(&[Piece::Challenge])],
    evidence: Evidence::OfficialSdk,
    source: "twitchdev/twitch-cli: internal/events/verify",
    ..PLAIN
};

static WHATSAPP: Handshake = Handshake {
    provider: "whatsapp",
    steps: &HUB,
    evidence: Evidence::ThirdParty,
    source: "simstudioai/sim: apps/sim/lib/webhooks/providers/whatsapp.ts",
    ..PLAIN
};

/// The ping comes as a form of one number, signed or not.
static WOOCOMMERCE: Handshake = Handshake {
    provider: "woocommerce",
    steps: &[Step::post().when(&[Condition::NumberForm("webhook_id")])],
    source: "woocommerce/woocommerce-rest-api-docs",
    ..PLAIN
};

/// Deliveries sign the body with the same secret, so that a token must not be one.
static X: Handshake = Handshake {
    provider: "x",
    steps: &[Step::get().takes(Origin::Query("crc_token"), Token).json(&[
        Piece::Text(r#"{"response_token": "sha256="#),
        Piece::Mac,
        Piece::Text(r#""}"#),
    ])],
    signing: Some(Signing {
        primitive: Primitive::HmacSha256,
        key: KeyRule::Raw,
        encoding: Encoding::Base64,
        alphabet: Token,
        form_field: None,
    }),
    source: "https://docs.x.com/x-api/webhooks/introduction",
    ..PLAIN
};

/// The intent to receive: good signatures want 200 and bad ones 401, both without a body.
static XERO: Handshake = Handshake {
    provider: "xero",
    steps: &[Step::post()
        .when(&[Condition::EmptyList(&["events"])])
        .trusting(Trust::Signed)],
    bare_refusals: true,
    evidence: Evidence::ThirdParty,
    source: "NangoHQ/nango: packages/server/lib/webhook/xero-webhook-routing.ts",
    ..PLAIN
};

/// Deliveries sign `v0:{timestamp}:{body}` with the same secret; no token holds a `:`.
static ZOOM: Handshake = Handshake {
    provider: "zoom",
    steps: &[Step::post()
        .when(&[Condition::Json(&["event"], "endpoint.url_validation")])
        .trusting(Trust::Signed)
        .takes(Origin::Json(&["payload", "plainToken"]), Token)
        .json(&[
            Piece::Text(r#"{"plainToken": "#),
            Piece::Quoted,
            Piece::Text(r#", "encryptedToken": ""#),
            Piece::Mac,
            Piece::Text(r#""}"#),
        ])],
    signing: Some(Signing {
        primitive: Primitive::HmacSha256,
        key: KeyRule::Raw,
        encoding: Encoding::Hex,
        alphabet: Token,
        form_field: None,
    }),
    evidence: Evidence::OfficialSdk,
    source: "zoom/webhook-sample: index.js",
    ..PLAIN
};

static ALL: [&Handshake; 26] = [
    &ASANA,
    &AWS_SNS,
    &AZURE_EVENT_GRID,
    &BITBUCKET_SERVER,
    &BRAINTREE,
    &DISCORD,
    &DROPBOX,
    &FIGMA,
    &FRONT,
    &INTERCOM,
    &LINE,
    &MAILCHIMP,
    &MANDRILL,
    &META,
    &MICROSOFT_GRAPH,
    &MONDAY,
    &NOTION,
    &OKTA,
    &SLACK,
    &TRELLO,
    &TWITCH,
    &WHATSAPP,
    &WOOCOMMERCE,
    &X,
    &XERO,
    &ZOOM,
];

/// Every handshake, in the order of the providers' names.
#[must_use]
pub fn all() -> impl ExactSizeIterator<Item = &'static Handshake> {
    ALL.iter().copied()
}

/// The handshake of the provider, or preset, of this name.
#[must_use]
pub fn by_name(provider: &str) -> Option<&'static Handshake> {
    ALL.binary_search_by(|handshake| handshake.provider.cmp(provider))
        .ok()
        .and_then(|at| ALL.get(at).copied())
}
