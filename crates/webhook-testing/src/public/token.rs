//! JSON Web Tokens and Signatures, as their providers write them.

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{TestKey, key::Form};
use crate::signer::Draft;

/// The timestamp's header of `TrueLayer`, in its capitals.
const TRUELAYER_TIME: &str = "X-Tl-Webhook-Timestamp";

/// The token of this provider over this delivery; `None` where the provider is none of them, or the
/// body is none that it sends.
pub(super) fn token(name: &str, key: &TestKey, draft: &Draft<'_>, time: &str) -> Option<String> {
    let alg = key.token_name();
    let id = TestKey::ID;
    let seconds = draft.time.unix_seconds();
    let unencoded = json!({"alg": alg, "kid": id, "b64": false, "crit": ["b64"]});
    let digest = Sha256::digest(draft.body);
    let claims = match name {
        "plaid" => {
            json!({"iat": seconds, "request_body_sha256": const_hex::encode(digest)}).to_string()
        }
        "fusionauth" => json!({"request_body_sha256": Base64::encode_string(&digest)}).to_string(),
        // The body as it is: two with other white space are two deliveries.
        "kinde" => std::str::from_utf8(draft.body)
            .ok()
            .filter(|body| serde_json::from_str::<Map<String, Value>>(body).is_ok())?
            .to_owned(),
        "wix" => json!({"data": std::str::from_utf8(draft.body).ok()?}).to_string(),
        "saleor" => return Some(detached(key, &unencoded, draft.body)),
        "constant-contact" => {
            let header =
                json!({"alg": alg, "kid": id, "ts": seconds, "b64": false, "crit": ["b64"]});
            return Some(detached(key, &header, draft.body));
        }
        "truelayer" => {
            let header = json!({"alg": alg, "kid": id, "tl_version": "2", "tl_headers": TRUELAYER_TIME,
                "jku": "https://webhooks.truelayer-sandbox.com/.well-known/jwks"});
            let path = draft.target.split('?').next().unwrap_or_default();
            let head = format!("{} {path}\n{TRUELAYER_TIME}: {time}\n", draft.method);
            let text = [head.as_bytes(), draft.body].concat();
            let payload = Base64UrlUnpadded::encode_string(&text);
            return Some(detached(key, &header, payload.as_bytes()));
        }
        _ => return None,
    };
    let header = json!({"alg": alg, "typ": "JWT", "kid": id}).to_string();
    let [header, claims] =
        [header, claims].map(|json| Base64UrlUnpadded::encode_string(json.as_bytes()));
    let text = format!("{header}.{claims}");
    Some(format!("{text}.{}", tag(key, text.as_bytes())))
}

/// Without the payload, which is the body.
fn detached(key: &TestKey, header: &Value, payload: &[u8]) -> String {
    let header = Base64UrlUnpadded::encode_string(header.to_string().as_bytes());
    let text = [header.as_bytes(), b".", payload].concat();
    format!("{header}..{}", tag(key, &text))
}

fn tag(key: &TestKey, text: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(&key.sign(Form::Token, text))
}
