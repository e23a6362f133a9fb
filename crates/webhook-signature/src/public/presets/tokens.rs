//! JSON Web Tokens and Signatures.

use super::pieces::{
    BODY, Data, FIVE_MINUTES, Form, IN_BODY, TIMED_BODY, preset, token_rules, within,
};
use crate::{
    Preset,
    presets::Evidence,
    public::{
        rules::{Payload, Place, Rules, TokenTime},
        url::UrlRule,
    },
    scheme::{Encoding, Part, Primitive, Tolerance},
};

static HS256: [Primitive; 1] = [Primitive::HmacSha256];
static RS256: [Primitive; 1] = [Primitive::RsaPkcs1Sha256];
static ES256: [Primitive; 1] = [Primitive::EcdsaP256Sha256];
static ES512: [Primitive; 1] = [Primitive::EcdsaP521Sha512];

/// What a token's preset adds to what all of them have.
const fn token(
    names: [&'static str; 3],
    primitive: Primitive,
    rules: &'static Rules,
    text: &'static [Part],
    tolerance: Option<Tolerance>,
    known: (Evidence, &'static str, &'static str),
) -> Data {
    let [name, title, signature] = names;
    Data {
        name,
        title,
        primitive,
        signature,
        timestamp: None,
        id: None,
        event: None,
        form: Form::Ruled(rules),
        encoding: Encoding::Base64Url,
        text,
        tolerance,
        evidence: known.0,
        source: known.1,
        notes: known.2,
    }
}

static CONSTANT_CONTACT_RULES: Rules = Rules::Token(
    token_rules(&RS256, None)
        .signing(Payload::Detached {
            unencoded_required: true,
        })
        .timed(TokenTime::HeaderTs),
);

/// [Constant Contact](https://developer.constantcontact.com/api_guide/webhook_authenticity.html): a
/// detached RS256 signature over the body as it is ([RFC 7797](https://www.rfc-editor.org/rfc/rfc7797)),
/// with a timestamp in its header.
pub static CONSTANT_CONTACT: Preset = preset(token(
    ["constant-contact", "Constant Contact", "x-ctct-webhook-sig"],
    Primitive::RsaPkcs1Sha256,
    &CONSTANT_CONTACT_RULES,
    &TIMED_BODY,
    FIVE_MINUTES,
    (
        Evidence::OfficialDoc,
        "https://developer.constantcontact.com/api_guide/webhook_authenticity.html",
        "",
    ),
));

static FUSIONAUTH_RULES: Rules =
    Rules::Token(token_rules(&RS256, None).with_body("request_body_sha256", Encoding::Base64));

/// [FusionAuth](https://fusionauth.io/docs/extend/events-and-webhooks/signing): a token with the
/// body's digest, by default RS256;
/// [`Scheme::with_token_algorithm`](crate::Scheme::with_token_algorithm) sets another one.
pub static FUSIONAUTH: Preset = preset(token(
    ["fusionauth", "FusionAuth", "x-fusionauth-signature-jwt"],
    Primitive::RsaPkcs1Sha256,
    &FUSIONAUTH_RULES,
    &BODY,
    None,
    (
        Evidence::ThirdParty,
        "hookdeck/webhook-skills: providers.yaml",
        "The tenant chooses the algorithm and the key. A token may last for ever.",
    ),
));

static KINDE_RULES: Rules = Rules::Token(token_rules(&RS256, None).at(Place::Body));

/// [Kinde](https://docs.kinde.com/integrate/webhooks/about-webhooks/): the body is an RS256 token,
/// whose claims are the event.
pub static KINDE: Preset = preset(token(
    ["kinde", "Kinde", IN_BODY],
    Primitive::RsaPkcs1Sha256,
    &KINDE_RULES,
    &BODY,
    None,
    (
        Evidence::OfficialSdk,
        "npm @kinde/webhooks: dist",
        "The content type is application/jwt; the event is in the token's claims.",
    ),
));

static LIVEKIT_RULES: Rules = Rules::Token(
    token_rules(&HS256, None)
        .with_body("sha256", Encoding::Base64)
        .timed(TokenTime::Expiry),
);

/// [LiveKit](https://docs.livekit.io/home/server/webhooks/): an HS256 token with the body's digest
/// in `Authorization`, without `Bearer`. [`Scheme::with_issuer`](crate::Scheme::with_issuer) sets the
/// API key that it must name.
pub static LIVEKIT: Preset = preset(token(
    ["livekit", "LiveKit", "authorization"],
    Primitive::HmacSha256,
    &LIVEKIT_RULES,
    &TIMED_BODY,
    Some(within(10)),
    (
        Evidence::OfficialSdk,
        "livekit/node-sdks: packages/livekit-server-sdk/src/WebhookReceiver.ts",
        "LiveKit's library lets the token choose among HS256, HS384 and HS512; here it is HS256.",
    ),
));

static MESSAGEBIRD_ALGORITHMS: [Primitive; 3] = [
    Primitive::HmacSha256,
    Primitive::HmacSha384,
    Primitive::HmacSha512,
];
static MESSAGEBIRD_TEXT: [Part; 4] = [Part::Id, Part::Timestamp, Part::Url, Part::Body];

static MESSAGEBIRD_RULES: Rules = Rules::Token(
    token_rules(&MESSAGEBIRD_ALGORITHMS, Some("MessageBird"))
        .with_some_body("payload_hash")
        .with_url("url_hash")
        .with_id("jti")
        .timed(TokenTime::Expiry),
);

/// [Bird, formerly MessageBird](https://developers.messagebird.com/api/#verifying-http-requests): a
/// token with the digests of URL and body. Needs
/// [`Scheme::with_base_url`](crate::Scheme::with_base_url).
pub static MESSAGEBIRD: Preset = preset(token(
    [
        "messagebird",
        "Bird / MessageBird",
        "messagebird-signature-jwt",
    ],
    Primitive::HmacSha256,
    &MESSAGEBIRD_RULES,
    &MESSAGEBIRD_TEXT,
    Some(within(5)),
    (
        Evidence::OfficialSdk,
        "messagebird/messagebird-nodejs: lib/webhook-signature-jwt.js",
        "The token says HS256, HS384 or HS512, all of them with the same secret. Only a delivery without a body lacks the body's digest.",
    ),
));

static MONDAY_RULES: Rules = Rules::Token(token_rules(&HS256, None));

static NOTHING: [Part; 0] = [];

/// [monday.com](https://developer.monday.com/apps/docs/mondaywebhooks): an HS256 token in
/// `Authorization` that says nothing of the body, for webhooks that an app created.
pub static MONDAY: Preset = preset(token(
    ["monday", "monday.com", "authorization"],
    Primitive::HmacSha256,
    &MONDAY_RULES,
    &NOTHING,
    None,
    (
        Evidence::ThirdParty,
        "simstudioai/sim: monday.ts",
        "THE BODY IS NOT SIGNED: whoever captures one token can send any body with it until it expires. Ask the API about what matters.",
    ),
))
.introduced_by("POST JSON {\"challenge\":...}: echo the same JSON, 200");

static NETLIFY_RULES: Rules =
    Rules::Token(token_rules(&HS256, Some("netlify")).with_body("sha256", Encoding::Hex));

/// [Netlify](https://docs.netlify.com/site-deploys/notifications/#payload-signature): an HS256 token
/// with the body's digest in `X-Webhook-Signature`.
pub static NETLIFY: Preset = preset(token(
        ["netlify", "Netlify", "x-webhook-signature"],
        Primitive::HmacSha256,
        &NETLIFY_RULES,
        &BODY,
        None,
        (
            Evidence::ThirdParty,
            "nuxt-webhook-validators: netlify.js; simstudioai/sim: pull 4518",
            "The token has no times, so that a captured delivery verifies for ever. The event type is not signed.",
        ),
    ).with_event("x-netlify-event"));

static PLAID_RULES: Rules = Rules::Token(
    token_rules(&ES256, None)
        .with_body("request_body_sha256", Encoding::Hex)
        .timed(TokenTime::Age),
);

/// [Plaid](https://plaid.com/docs/api/webhooks/webhook-verification/): an ES256 token with the body's
/// digest in `Plaid-Verification`, at most five minutes old. Keys are known by `kid`.
pub static PLAID: Preset = preset(token(
    ["plaid", "Plaid", "plaid-verification"],
    Primitive::EcdsaP256Sha256,
    &PLAID_RULES,
    &TIMED_BODY,
    FIVE_MINUTES,
    (
        Evidence::OfficialDoc,
        "https://plaid.com/docs/api/webhooks/webhook-verification/",
        "Fetch keys from /webhook_verification_key/get and drop those with an `expired_at`.",
    ),
))
.published_at("plaid.com/docs/api/webhooks lists addresses");

static SALEOR_RULES: Rules = Rules::Token(token_rules(&RS256, None).signing(Payload::Detached {
    unencoded_required: false,
}));

/// [Saleor](https://docs.saleor.io/developer/extending/webhooks/payload-signature): a detached RS256
/// signature over the body in `Saleor-Signature`.
pub static SALEOR: Preset = preset(token(
    ["saleor", "Saleor", "saleor-signature"],
    Primitive::RsaPkcs1Sha256,
    &SALEOR_RULES,
    &BODY,
    None,
    (
        Evidence::OfficialDoc,
        "https://docs.saleor.io/developer/extending/webhooks/payload-signature",
        "A webhook with the deprecated `secretKey` has hexadecimal HMAC-SHA256 in the same header instead. No timestamp is signed.",
    ),
));

static TRUELAYER_KEY_SETS: [&str; 2] = [
    "https://webhooks.truelayer.com/.well-known/jwks",
    "https://webhooks.truelayer-sandbox.com/.well-known/jwks",
];

static TRUELAYER_TEXT: [Part; 4] = [Part::Method, Part::Target, Part::Timestamp, Part::Body];

static TRUELAYER_RULES: Rules = Rules::Token(
    token_rules(&ES512, None)
        .signing(Payload::TrueLayer)
        .with_key_set(UrlRule::OneOf(&TRUELAYER_KEY_SETS)),
);

/// [TrueLayer](https://docs.truelayer.com/docs/configure-webhooks-for-your-integration): a detached
/// ES512 signature over method, path, some headers and the body in `Tl-Signature`.
pub static TRUELAYER: Preset = preset(token(
        ["truelayer", "TrueLayer", "tl-signature"],
        Primitive::EcdsaP521Sha512,
        &TRUELAYER_RULES,
        &TRUELAYER_TEXT,
        FIVE_MINUTES,
        (
            Evidence::OfficialSdk,
            "TrueLayer/truelayer-signing: request-signing-v2.md",
            "Keys are known by `kid`; `jku` must be one of TrueLayer's two key sets and is not followed. The query is not signed.",
        ),
    ).with_timestamp("x-tl-webhook-timestamp"));

static VONAGE_RULES: Rules = Rules::Token(
    token_rules(&HS256, None)
        .at(Place::Header("Bearer "))
        .with_some_body("payload_hash")
        .with_id("jti"),
);

static VONAGE_TEXT: [Part; 2] = [Part::Id, Part::Body];

/// [Vonage](https://developer.vonage.com/en/getting-started/concepts/webhooks): an HS256 token with
/// the body's digest in `Authorization: Bearer …`.
pub static VONAGE: Preset = preset(token(
    ["vonage", "Vonage Messages/Voice", "authorization"],
    Primitive::HmacSha256,
    &VONAGE_RULES,
    &VONAGE_TEXT,
    None,
    (
        Evidence::OfficialSdk,
        "npm @vonage/jwt: verifySignature.js",
        "Vonage's library does not compare the body's digest; here a body without one is refused. A token may last for ever.",
    ),
));

static WIX_RULES: Rules = Rules::Token(token_rules(&RS256, None).at(Place::Body));

/// [Wix](https://dev.wix.com/docs/build-apps/develop-your-app/api-integrations/events-and-webhooks/about-webhooks):
/// the body is an RS256 token, whose claim `data` is a JSON text with the event.
pub static WIX: Preset = preset(token(
    ["wix", "Wix", IN_BODY],
    Primitive::RsaPkcs1Sha256,
    &WIX_RULES,
    &BODY,
    None,
    (
        Evidence::ThirdParty,
        "trigger.dev: research notes citing dev.wix.com",
        "The key is the app's public key. The event is JSON in JSON in the token.",
    ),
));
