//! Payments, banks and bookkeeping.

use super::{
    Preset,
    form::At,
    spec::{basic, hmac, token, unsigned},
    texts::{TIMESTAMP_COLON_BODY, TIMESTAMP_DOT_BODY},
};
use crate::{
    custom::Custom,
    key::SecretEncoding,
    scheme::{Encoding, Primitive, TimestampUnit},
};

/// Stripe: HMAC-SHA256 in `Stripe-Signature`.
pub static STRIPE: Preset = hmac("stripe", "Stripe")
    .header("stripe-signature")
    .stamped(b',', "t", "v1")
    .text(&TIMESTAMP_DOT_BODY)
    .max_age(300)
    .no_leading_zeros()
    .sdk("stripe/stripe-node (npm stripe 23.x) and stripe PyPI 16.1")
    .notes("Key is the whole whsec_ string as UTF-8, NOT base64-decoded. Several v1 while a secret is rolled; v0 is a test-mode decoy and must be ignored. SDKs check age only (a future timestamp passes). node SDK: last t wins, integers are re-formatted before signing; py SDK: first t wins. Items must not have spaces. Event id is in the body. v2 thin events use the same header.")
    .addresses("https://stripe.com/files/ips/ips_webhooks.json (object, key WEBHOOKS = array of addresses) and .txt (one per line)")
    .preset();

/// Adyen standard (payments) webhooks: HMAC-SHA256.
pub static ADYEN: Preset = hmac("adyen", "Adyen standard (payments) webhooks")
    .at(At::Body)
    .base64()
    .custom(Custom::Adyen)
    .secret(SecretEncoding::Hex)
    .sdk("Adyen/adyen-node-api-library: src/utils/hmacValidator.ts")
    .notes("The signature is inside the JSON, one for each item, and all of them must be right; only eight fields are covered; a missing field is the empty string. The answer's body must be [accepted] or the status 2xx.")
    .addresses("docs.adyen.com: resolve out.adyen.com; no fixed list")
    .preset();

/// Adyen platform / management webhooks: HMAC-SHA256 in `HmacSignature`.
pub static ADYEN_PLATFORM: Preset = hmac("adyen-platform", "Adyen platform / management webhooks")
    .header("hmacsignature")
    .base64()
    .secret(SecretEncoding::Hex)
    .sdk("Adyen/adyen-node-api-library: src/utils/hmacValidator.ts")
    .notes("Raw body. SDK decodes base64 leniently (unpadded and trailing characters pass). A `protocol: HmacSHA256` header accompanies it.")
    .preset();

/// Braintree: HMAC-SHA1.
pub static BRAINTREE: Preset = hmac("braintree", "Braintree")
    .with(Primitive::HmacSha1)
    .at(At::Body)
    .custom(Custom::Braintree)
    .sdk("braintree/braintree_node: lib/braintree/webhook_notification_gateway.js")
    .notes("The key is the SHA-1 digest of the private key. Give the secret as `public|private`, or the private key with the public one as its id. The payload is accepted as it was signed with or without a final newline, and holds base64 characters and newlines only.")
    .challenge("GET ?bt_challenge={20-32 lower hex}: body {public_key}|{hex HMAC-SHA1(SHA1(private_key), challenge)}")
    .preset();

/// Paddle Billing: HMAC-SHA256 in `Paddle-Signature`.
pub static PADDLE: Preset = hmac("paddle", "Paddle Billing")
    .header("paddle-signature")
    .stamped(b';', "ts", "h1")
    .text(&TIMESTAMP_COLON_BODY)
    .max_age(5)
    .sdk("PaddleHQ/paddle-node-sdk: src/notifications/helpers/webhooks-validator.ts")
    .notes("Separator is ; and joiner is :. Default tolerance only 5 s, age only. Several h1 at rotation: node SDK looks at the last h1 only, so order matters to it. event_id in body.")
    .addresses("developer.paddle.com lists addresses; api.paddle.com/ips JSON {data:{ipv4_cidrs:[]}}")
    .preset();

/// Razorpay: HMAC-SHA256 in `X-Razorpay-Signature`.
pub static RAZORPAY: Preset = hmac("razorpay", "Razorpay")
    .header("x-razorpay-signature")
    .id("x-razorpay-event-id")
    .sdk("razorpay/razorpay-node: lib/utils/razorpay-utils.js")
    .notes("Checkout callbacks use {order_id}|{payment_id} instead.")
    .addresses("razorpay.com/docs webhooks pages list addresses")
    .preset();

/// Mollie (classic): nothing to verify.
pub static MOLLIE: Preset = unsigned("mollie", "Mollie (classic)")
    .sdk("mollie/mollie-api-php: src/Webhooks/SignatureValidator.php (treats an unsigned request as legacy)")
    .notes("NOT VERIFIABLE: nothing is signed and there is no secret. The form holds only an id; fetch the object.")
    .preset();

/// Mollie (next-gen webhooks): HMAC-SHA256 in `X-Mollie-Signature`.
pub static MOLLIE_NEXT_GEN: Preset = hmac("mollie-next-gen", "Mollie (next-gen webhooks)")
    .at(At::Lines("x-mollie-signature"))
    .maybe_prefix("sha256=")
    .sdk("mollie/mollie-api-php: src/Webhooks/SignatureValidator.php")
    .notes("Several secrets may be valid during a migration and the header may be repeated; any pair that matches passes.")
    .preset();

/// Coinbase Commerce: HMAC-SHA256 in `X-CC-Webhook-Signature`.
pub static COINBASE_COMMERCE: Preset = hmac("coinbase-commerce", "Coinbase Commerce")
    .header("x-cc-webhook-signature")
    .sdk("coinbase/coinbase-commerce-node: lib/Webhook.js")
    .preset();

/// GoCardless: HMAC-SHA256 in `Webhook-Signature`.
pub static GOCARDLESS: Preset = hmac("gocardless", "GoCardless")
    .header("webhook-signature")
    .encoding(Encoding::HexAnyCase)
    .sdk("gocardless/gocardless-nodejs: src/webhooks.ts")
    .notes("Status 498 is the documented answer to a bad signature. SDK decodes hex, so upper case passes. A batch of events per request.")
    .addresses("developer.gocardless.com lists addresses")
    .preset();

/// Checkout.com: HMAC-SHA256 in `Cko-Signature`.
pub static CHECKOUT: Preset = hmac("checkout", "Checkout.com")
    .header("cko-signature")
    .third_party("trigger.dev research notes citing checkout.com")
    .notes("An Authorization header with a second static key may accompany it.")
    .addresses("https://checkout.com/docs/public/files/ip-lists/webhooks-live.txt and webhooks-sandbox.txt: text, one address or CIDR a line (read)")
    .preset();

/// Mercado Pago: HMAC-SHA256 in `x-signature`.
pub static MERCADOPAGO: Preset = hmac("mercadopago", "Mercado Pago")
    .header("x-signature")
    .stamped(b',', "ts", "v1")
    .any_case()
    .unit(TimestampUnit::SecondsOrMilliseconds)
    .custom(Custom::MercadoPago)
    .id("x-request-id")
    .sdk("mercadopago/sdk-nodejs: src/utils/webhook")
    .notes("The body is NOT signed: only a parameter of the query, a header and the timestamp, each left out where it is absent. Labels are the same in either case.")
    .preset();

/// Modern Treasury: HMAC-SHA256 in `X-Signature`.
pub static MODERN_TREASURY: Preset = hmac("modern-treasury", "Modern Treasury")
    .header("x-signature")
    .id("x-webhook-id")
    .event("x-topic")
    .sdk("Modern-Treasury/modern-treasury-node: tests/api-resources/webhooks.test.ts")
    .preset();

/// Lithic: HMAC-SHA256 in `webhook-signature`.
pub static LITHIC: Preset = hmac("lithic", "Lithic")
    .standard()
    .sdk("lithic-com/lithic-node: tests/api-resources/webhooks.test.ts")
    .preset();

/// Increase: HMAC-SHA256 in `Increase-Webhook-Signature`.
pub static INCREASE: Preset = hmac("increase", "Increase")
    .header("increase-webhook-signature")
    .stamped(b',', "t", "v1")
    .text(&TIMESTAMP_DOT_BODY)
    .unit(TimestampUnit::Rfc3339)
    .third_party("webhookdb/webhookdb: lib/webhookdb/increase.rb")
    .notes("Timestamp element is an RFC 3339 text. Newer accounts use Standard Webhooks.")
    .preset();

/// Gr4vy: HMAC-SHA256 in `X-Gr4vy-Webhook-Signatures`.
pub static GR4VY: Preset = hmac("gr4vy", "Gr4vy")
    .header("x-gr4vy-webhook-signatures")
    .bare_list(b',')
    .timestamp("x-gr4vy-webhook-timestamp")
    .text(&TIMESTAMP_DOT_BODY)
    .max_age(300)
    .id("x-gr4vy-webhook-id")
    .sdk("@gr4vy/sdk lib/webhooks.js")
    .notes("Bare comma-separated list, no keys. Age only, as far as the caller says; the five minutes are ours. Header names are from the provider's docs, not the SDK function.")
    .preset();

/// Chargebee: user and password in `Authorization`.
pub static CHARGEBEE: Preset = basic("chargebee", "Chargebee")
    .third_party("hookdeck/webhook-skills: providers.yaml")
    .preset();

/// Authorize.Net: HMAC-SHA512 in `X-ANET-Signature`.
pub static AUTHORIZE_NET: Preset = hmac("authorize-net", "Authorize.Net")
    .with(Primitive::HmacSha512)
    .header("x-anet-signature")
    .prefix("sha512=")
    .encoding(Encoding::HexUpper)
    .third_party("trigger.dev research notes citing developer.authorize.net")
    .notes("Upper-case hexadecimal digits. Accounts differ in whether the secret's text or the bytes it is the hexadecimal text of are the key: see `with_secret_encoding`.")
    .preset();

/// Brex: HMAC-SHA256 in `webhook-signature`.
pub static BREX: Preset = hmac("brex", "Brex")
    .standard()
    .third_party("trigger.dev research notes")
    .notes("Two secrets during rotation.")
    .preset();

/// Xero: HMAC-SHA256 in `x-xero-signature`.
pub static XERO: Preset = hmac("xero", "Xero")
    .header("x-xero-signature")
    .base64()
    .third_party("NangoHQ/nango: packages/server/lib/webhook/xero-webhook-routing.ts")
    .notes("The status code for a bad signature is part of the contract: exactly 401.")
    .challenge("Intent to receive: several POSTs, some wrongly signed: 200 with an EMPTY body for good, 401 for bad")
    .preset();

/// Intuit QuickBooks: HMAC-SHA256 in `intuit-signature`.
pub static QUICKBOOKS: Preset = hmac("quickbooks", "Intuit QuickBooks")
    .header("intuit-signature")
    .base64()
    .sdk("IntuitDeveloper/SampleApp-Webhooks-nodejs: util/util.js")
    .notes("Key is the verifier token.")
    .preset();

/// Zoho Payments: HMAC-SHA256 in `X-Zoho-Webhook-Signature`.
pub static ZOHO_PAYMENTS: Preset = hmac("zoho-payments", "Zoho Payments")
    .header("x-zoho-webhook-signature")
    .stamped(b',', "t", "v")
    .text(&TIMESTAMP_DOT_BODY)
    .millis()
    .doc("https://zoho.com/in/payments/developerdocs/webhooks/verification")
    .preset();

/// Sellsy: a plain SHA-1 hash in `x-webhook-signature`.
pub static SELLSY: Preset = hmac("sellsy", "Sellsy")
    .with(Primitive::Sha1OfSecretAndText)
    .header("x-webhook-signature")
    .third_party("NangoHQ/nango sellsy-webhook-routing.ts")
    .notes("Plain hash with the secret in front.")
    .preset();

/// Paystack: HMAC-SHA512 in `x-paystack-signature`.
pub static PAYSTACK: Preset = hmac("paystack", "Paystack")
    .with(Primitive::HmacSha512)
    .header("x-paystack-signature")
    .third_party("several receivers' code, among it mintlify.com/GoodnessFx/GatePass; https://paystack.com/docs/payments/webhooks/ not re-read")
    .notes("The key is the API's secret key. PaystackOSS/doc-code-snippets shows a newer form beside this one, `t=…,v1={key id}:{hex}` over `{timestamp}.{body}`, which is not taken here.")
    .addresses("docs list 52.31.139.75, 52.49.173.169, 52.214.14.220")
    .preset();

/// Flutterwave v3: the secret itself in `verif-hash`.
pub static FLUTTERWAVE: Preset = token("flutterwave", "Flutterwave v3")
    .header("verif-hash")
    .third_party(
        "several receivers' code; https://developer.flutterwave.com/docs/webhooks not re-read",
    )
    .notes("The secret hash that was set in the dashboard. Nothing is signed.")
    .preset();

/// Flutterwave v4: HMAC-SHA256 in `flutterwave-signature`.
pub static FLUTTERWAVE_V4: Preset = hmac("flutterwave-v4", "Flutterwave v4")
    .header("flutterwave-signature")
    .base64()
    .third_party(
        "several receivers' code; https://developer.flutterwave.com/docs/webhooks not re-read",
    )
    .preset();

/// Coinbase Developer Platform (Hook0): HMAC-SHA256 in `X-Hook0-Signature`.
pub static COINBASE_CDP: Preset = hmac("coinbase-cdp", "Coinbase Developer Platform (Hook0)")
    .header("x-hook0-signature")
    .stamped(b',', "t", "v1")
    .no_leading_zeros()
    .custom(Custom::Hook0)
    .sdk("crates.io hook0-client 2.0.3: src/signature.rs; https://docs.cdp.coinbase.com/api-reference/payment-apis/webhooks/verification")
    .notes("The element `h` names the headers that are signed too, in their order; a named one that is missing is refused. The older `v0`, without headers, is not taken.")
    .preset();

/// Recurly: HMAC-SHA256 in `recurly-signature`.
pub static RECURLY: Preset = hmac("recurly", "Recurly")
    .header("recurly-signature")
    .stamped_list(b',')
    .text(&TIMESTAMP_DOT_BODY)
    .millis()
    .sdk("recurly/recurly-client-ruby: lib/recurly/webhooks.rb; https://docs.recurly.com/v1.3/docs/signature-verification")
    .notes("The first element is the timestamp, the others are signatures, two of them for a day after a rotation. Older XML notifications are unsigned (Basic authentication).")
    .preset();

/// Chargify / Maxio: HMAC-SHA256 in `X-Chargify-Webhook-Signature-Hmac-Sha-256`.
pub static CHARGIFY: Preset = hmac("chargify", "Chargify / Maxio")
    .header("x-chargify-webhook-signature-hmac-sha-256")
    .id("x-chargify-webhook-id")
    .third_party("gists of receivers, among them afreeland/003026ee17ab0f6de8b3acc4b33f797b")
    .notes("The key is the site's shared key. The same value is put into the query too; an old MD5 header exists.")
    .preset();
