use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use flate2::Crc;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use webhook_signature::{Encoding, Part, Scheme, TimestampUnit};

use super::{
    TestKey,
    form::{encoded, fields, serialised},
    key::Form,
    token::token,
};
use crate::signer::{Draft, Made};

/// Signs as this provider does; `None` where the body is none that it could send.
pub(crate) fn sign(scheme: &Scheme, key: &TestKey, draft: &Draft<'_>) -> Option<Made> {
    let name = scheme.name().as_str();
    let mut made = Made {
        headers: Vec::new(),
        body: draft.body.to_vec(),
        target: draft.target.to_owned(),
    };
    let time = time_text(scheme, draft);
    let texts = [
        (scheme.id_header(), draft.id),
        (scheme.timestamp_header(), &time),
        (scheme.event_header(), draft.event.unwrap_or_default()),
    ];
    for (header, text) in texts {
        if let (Some(header), false) = (header, text.is_empty()) {
            made.put(header.clone(), text)?;
        }
    }
    match name {
        "aws-sns" => made.body = notification(key, draft)?,
        "paddle-classic" => {
            let body = std::str::from_utf8(draft.body).ok()?;
            let text = serialised(fields(body)?);
            let signature = Base64::encode_string(&key.sign(Form::Plain, text.as_bytes()));
            made.body = format!("{body}&p_signature={}", encoded(&signature)).into_bytes();
        }
        "mailchannels" => message(key, draft, &mut made)?,
        _ if scheme.is_token() => {
            let token = token(name, key, draft, &time)?;
            match scheme.signature_header() {
                Some(header) if !scheme.is_signed_in_body() => made.put(header.clone(), &token)?,
                _ => made.body = token.into_bytes(),
            }
        }
        _ => header(scheme, key, draft, &time, &mut made)?,
    }
    Some(made)
}

impl Made {
    fn put(&mut self, name: HeaderName, text: &str) -> Option<()> {
        self.headers.push((name, HeaderValue::from_str(text).ok()?));
        Some(())
    }
}

/// The timestamp as this provider writes it.
fn time_text(scheme: &Scheme, draft: &Draft<'_>) -> String {
    match (scheme.name().as_str(), scheme.timestamp_unit()) {
        ("kick" | "paypal" | "truelayer", _) => draft.time.to_string(),
        (_, Some(TimestampUnit::Milliseconds)) => draft.time.unix_millis().to_string(),
        _ => draft.time.unix_seconds().to_string(),
    }
}

/// A signature in a header, over the scheme's text.
fn header(
    scheme: &Scheme,
    key: &TestKey,
    draft: &Draft<'_>,
    time: &str,
    made: &mut Made,
) -> Option<()> {
    let name = scheme.name().as_str();
    let own = match name {
        "fal" => Some(("x-fal-webhook-user-id", "test-user")),
        "paypal" => {
            made.put(HeaderName::from_static("paypal-auth-algo"), "SHA256withRSA")?;
            Some(("paypal-cert-url", TestKey::PAYPAL_URL))
        }
        _ => None,
    };
    if let Some((name, text)) = own {
        made.put(HeaderName::from_static(name), text)?;
    }
    let mut headers = draft.headers.clone();
    headers.extend(made.headers.iter().cloned());
    let text = signed_text(scheme, draft, time, &headers)?;
    let signature = key.sign(Form::Plain, &text);
    let signature = match scheme.encoding() {
        Encoding::Hex | Encoding::HexAnyCase => const_hex::encode(signature),
        Encoding::HexUpper => const_hex::encode_upper(signature),
        Encoding::Base64 => Base64::encode_string(&signature),
        Encoding::Base64Url => Base64UrlUnpadded::encode_string(&signature),
        _ => return None,
    };
    let label = if name == "standard-webhooks-asymmetric" {
        "v1a,"
    } else {
        ""
    };
    let place = scheme.signature_header()?.clone();
    made.put(place, &format!("{label}{signature}"))
}

fn signed_text(
    scheme: &Scheme,
    draft: &Draft<'_>,
    time: &str,
    headers: &HeaderMap,
) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    for part in scheme.signed_text() {
        match part {
            Part::Literal(literal) => text.extend_from_slice(literal.as_bytes()),
            Part::Body => text.extend(body_text(scheme.name().as_str(), draft.body)?),
            Part::Timestamp => text.extend_from_slice(time.as_bytes()),
            Part::Id => text.extend_from_slice(draft.id.as_bytes()),
            Part::Method => text.extend_from_slice(draft.method.as_str().as_bytes()),
            Part::Target => text.extend_from_slice(draft.target.as_bytes()),
            Part::Url => {
                text.extend_from_slice(draft.base_url.as_bytes());
                text.extend_from_slice(draft.target.as_bytes());
            }
            Part::Header(name) => text.extend_from_slice(headers.get(name)?.as_bytes()),
            _ => return None,
        }
    }
    Some(text)
}

/// What stands for the body in the signed text.
fn body_text(name: &str, body: &[u8]) -> Option<Vec<u8>> {
    Some(match name {
        "fal" => const_hex::encode(Sha256::digest(body)).into_bytes(),
        "paypal" => {
            let mut crc = Crc::new();
            crc.update(body);
            crc.sum().to_string().into_bytes()
        }
        "travis-ci" => {
            let mut fields = fields(std::str::from_utf8(body).ok()?)?.into_iter();
            let (_, value) = fields.find(|(name, _)| name == "payload")?;
            value.into_bytes()
        }
        _ => body.to_vec(),
    })
}

/// A notification of Amazon SNS, whose message is the body.
fn notification(key: &TestKey, draft: &Draft<'_>) -> Option<Vec<u8>> {
    const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:test";
    let message = std::str::from_utf8(draft.body).ok()?;
    let (id, time) = (draft.id, draft.time);
    let text = format!(
        "Message\n{message}\nMessageId\n{id}\nTimestamp\n{time}\nTopicArn\n{TOPIC}\nType\nNotification\n"
    );
    let signature = Base64::encode_string(&key.sign(Form::Plain, text.as_bytes()));
    let document = json!({
        "Type": "Notification", "MessageId": id, "TopicArn": TOPIC, "Message": message,
        "Timestamp": time.to_string(), "SignatureVersion": "2",
        "SigningCertURL": TestKey::SNS_URL, "Signature": signature,
    });
    Some(document.to_string().into_bytes())
}

/// An HTTP Message Signature over `Content-Digest`.
fn message(key: &TestKey, draft: &Draft<'_>, made: &mut Made) -> Option<()> {
    let digest = Base64::encode_string(&Sha256::digest(draft.body));
    let digest = format!("sha-256=:{digest}:");
    let (created, id) = (draft.time.unix_seconds(), TestKey::ID);
    let params = format!(r#"("content-digest");created={created};alg="ed25519";keyid="{id}""#);
    let text = format!("\"content-digest\": {digest}\n\"@signature-params\": {params}");
    let signature = Base64::encode_string(&key.sign(Form::Plain, text.as_bytes()));
    for (name, value) in [
        ("content-digest", digest),
        ("signature-input", format!("sig_1={params}")),
        ("signature", format!("sig_1=:{signature}:")),
    ] {
        made.put(HeaderName::from_static(name), &value)?;
    }
    Some(())
}
