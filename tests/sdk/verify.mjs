// Holds deliveries against the SDKs of npm: a case a line on stdin, an answer a line on stdout.
// An SDK refuses by throwing or by answering false.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'node:querystring';
import { createInterface } from 'node:readline';

// Where it is not what the package's name imports.
const MODULE = {
  gocardless: 'gocardless-nodejs/webhooks',
  gr4vy: '@gr4vy/sdk/lib/webhooks.js',
  linear: '@linear/sdk/webhooks',
  polar: '@polar-sh/sdk/2026-04',
};

const hubspot = (signatureVersion, header) => (sdk, { body, headers, secret, url }) =>
  sdk.Signature.isValid({
    signatureVersion, method: 'POST', url, requestBody: body, clientSecret: secret,
    signature: headers[header], timestamp: Number(headers['x-hubspot-request-timestamp']),
  });

async function shopify(sdk, { body, headers, secret }) {
  await import('@shopify/shopify-api/adapters/node');
  const { webhooks } = sdk.shopifyApi({
    apiKey: 'x', apiSecretKey: secret, apiVersion: '2026-01', hostName: 'hooks.example.com', isEmbeddedApp: false,
    logger: { level: sdk.LogSeverity.Error },
  });
  // What the SDK wants to see beside the signature.
  const others = { topic: 'orders/create', 'shop-domain': 'x.myshopify.com', 'api-version': '2026-01', 'webhook-id': '1' };
  const entries = Object.entries(others).map(([name, value]) => [`x-shopify-${name}`, value]);
  const rawRequest = { method: 'POST', url: '/', headers: { ...headers, ...Object.fromEntries(entries) } };
  return (await webhooks.validate({ rawBody: body, rawRequest, rawResponse: {} })).valid;
}

// How the provider's own SDK verifies, for each preset.
const VERIFY = {
  adyen: ({ default: { hmacValidator: Validator } }, { body, secret }) =>
    JSON.parse(body).notificationItems.every((item) =>
      new Validator().validateHMAC(item.NotificationRequestItem, secret)),
  contentful: (sdk, { body, headers, secret, url }) =>
    sdk.verifyRequest(secret, { method: 'POST', path: url.slice(new URL(url).origin.length), headers, body }),
  'dropbox-sign': ({ default: sdk }, { body, secret }) =>
    sdk.EventCallbackHelper.isValid(secret, sdk.EventCallbackRequest.init(JSON.parse(body))),
  github: (sdk, { body, headers, secret }) => sdk.verify(secret, body, headers['x-hub-signature-256']),
  gocardless: (sdk, { body, headers, secret }) => sdk.parse(body, secret, headers['webhook-signature']),
  gr4vy: ({ default: sdk }, { body, headers, secret }) =>
    sdk.verifyWebhook(body, secret, headers['x-gr4vy-webhook-signatures'], headers['x-gr4vy-webhook-timestamp'], 300),
  hubspot: hubspot('v3', 'x-hubspot-signature-v3'),
  'hubspot-v1': hubspot('v1', 'x-hubspot-signature'),
  'hubspot-v2': hubspot('v2', 'x-hubspot-signature'),
  line: (sdk, { body, headers, secret }) => sdk.validateSignature(body, secret, headers['x-line-signature']),
  linear: (sdk, { body, headers, secret }) =>
    new sdk.LinearWebhookClient(secret).verify(Buffer.from(body), headers['linear-signature']),
  'modern-treasury': (sdk, { body, headers, secret }) =>
    new sdk.default({ organizationID: 'x', apiKey: 'x' }).webhooks.validateSignature(body, headers, { key: secret }),
  mux: (sdk, { body, headers, secret }) =>
    new sdk.default({ tokenId: 'x', tokenSecret: 'x' }).webhooks.verifySignature(body, headers, secret),
  notion: (sdk, { body, headers, secret }) =>
    sdk.verifyWebhookSignature({ body, signature: headers['x-notion-signature'], verificationToken: secret }),
  openai: (sdk, { body, headers, secret }) =>
    new sdk.default({ apiKey: 'x' }).webhooks.verifySignature(body, headers, secret),
  paddle: (sdk, { body, headers, secret }) =>
    new sdk.Paddle('x').webhooks.isSignatureValid(body, secret, headers['paddle-signature']),
  polar: (sdk, { body, headers, secret }) => sdk.webhooks.validateEvent(body, headers, secret),
  razorpay: (sdk, { body, headers, secret }) =>
    sdk.default.validateWebhookSignature(body, headers['x-razorpay-signature'], secret),
  replicate: ({ default: { validateWebhook } }, { body, headers, secret }) => validateWebhook({ headers, body }, secret),
  retell: ({ default: { Retell } }, { body, headers, secret }) => Retell.verify(body, secret, headers['x-retell-signature']),
  sanity: (sdk, { body, headers, secret }) => sdk.isValidSignature(body, headers['sanity-webhook-signature'], secret),
  shopify,
  square: (sdk, { body, headers, secret, url }) =>
    sdk.WebhooksHelper.verifySignature({
      requestBody: body, signatureHeader: headers['x-square-hmacsha256-signature'], signatureKey: secret, notificationUrl: url,
    }),
  seam: (sdk, { body, headers, secret }) => new sdk.SeamWebhook(secret).verify(body, headers),
  'standard-webhooks': (sdk, { body, headers, secret }) => new sdk.Webhook(secret).verify(body, headers),
  stripe: (sdk, { body, headers, secret }) =>
    new sdk.default('x').webhooks.constructEvent(body, headers['stripe-signature'], secret),
  svix: (sdk, { body, headers, secret }) => new sdk.Webhook(secret).verify(body, headers),
  twilio: ({ default: sdk }, { name, body, headers, secret, url }) =>
    name.startsWith('form')
      ? sdk.validateRequest(secret, headers['x-twilio-signature'], url, parse(body))
      : sdk.validateRequestWithBody(secret, headers['x-twilio-signature'], url, body),
  webflow: (sdk, { body, headers, secret }) =>
    new sdk.WebflowClient({ accessToken: 'x' }).webhooks.verifySignature({ headers, body, secret }),
  workos: (sdk, { body, headers, secret }) =>
    new sdk.WorkOS('x').webhooks.verifyHeader({ payload: body, sigHeader: headers['workos-signature'], secret }),
};

// A delivery's headers, signed now, and its body where the signature stands in it.
function sign({ preset, name, path, url, secret }) {
  const type = name.startsWith('form') ? 'x-www-form-urlencoded' : 'json';
  const delivery = ['--body', path, '--url', url, '-H', `content-type: application/${type}`];
  const signing = ['sign', '--format', 'json', '--provider', preset, '--secret-env', 'WEBHOOK_SECRET'];
  const options = { env: { ...process.env, WEBHOOK_SECRET: secret }, stdio: ['ignore', 'pipe', 'pipe'] };
  const answer = execFileSync(process.env.WEBHOOK_PROGRAM, [...signing, ...delivery], options);
  const { headers, body } = JSON.parse(answer);
  return { headers: Object.fromEntries(headers), body };
}

// The body with its last digit or newline changed, so that JSON stays JSON.
const changed = (body) =>
  /[\d\n]/.test(body) ? body.replace(/[\d\n](?=[^\d\n]*$)/, (last) => (last === '\n' ? ' ' : last ^ 1)) : `${body}x`;

// Why the SDK refuses the delivery, if it does.
async function refusal(sdk, delivery) {
  try {
    return (await VERIFY[delivery.preset](sdk, delivery)) === false ? 'answered false' : undefined;
  } catch (error) {
    return String(error).split('\n', 1)[0];
  }
}

async function fault(from, delivery) {
  const sdk = await import(MODULE[delivery.preset] ?? from.replace(/^npm (.*)@.*/, '$1'));
  const signed = sign(delivery);
  delivery.body = signed.body ?? readFileSync(delivery.path, 'utf8');
  delivery.headers = signed.headers;
  const reason = await refusal(sdk, delivery);
  if (reason) return `refused: ${reason}`;
  return (await refusal(sdk, { ...delivery, body: changed(delivery.body) })) ? '' : 'accepted with a changed byte';
}

for await (const line of createInterface({ input: process.stdin })) {
  const [from, preset, name, path, url, secret] = line.split('\t');
  const found = await fault(from, { preset, name, path, url, secret }).catch((error) => String(error).replaceAll('\n', ' '));
  console.log(found ? `FAIL  ${preset} (${from}): ${name}: ${found}` : `ok    ${preset} (${from}): ${name}`);
}
