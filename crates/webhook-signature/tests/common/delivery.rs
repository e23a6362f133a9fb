//! Deliveries as each preset's provider would send them.

use http::{HeaderName, HeaderValue, request::Parts};
use webhook_core::Timestamp;
use webhook_signature::{Kind, Preset, Scheme, SecretEncoding, SignRequest, Verifier};

use super::{parts, secret};

/// A key that every encoding takes.
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";
/// Another one.
pub(crate) const OTHER_KEY: &str = "fedcba9876543210fedcba9876543210";
/// The time of every delivery that is made here.
pub(crate) const NOW: i64 = 1_700_000_000;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_seconds(NOW)
}

/// The preset's scheme, with all that the receiver must say.
pub(crate) fn configured(preset: &Preset) -> Scheme {
    let scheme = preset
        .scheme()
        .with_base_url("https://hooks.example.com")
        .unwrap();
    if scheme.signature_place().contains("your choice") {
        return scheme.with_signature_header(HeaderName::from_static("x-secret"));
    }
    scheme
}

pub(crate) fn receiver(preset: &Preset, key: &str) -> Verifier {
    Verifier::new(configured(preset), secret(key)).unwrap()
}

/// A signature of this text under the scheme's primitive and encoding.
pub(crate) fn signature(scheme: &Scheme, key: &str, text: &str) -> String {
    let same = Scheme::builder("same", scheme.primitive())
        .header("x")
        .encoding(scheme.encoding())
        .secret_encoding(scheme.secret_encoding());
    let signer = Verifier::new(same.build().unwrap(), secret(key)).unwrap();
    let headers = signer
        .sign(&SignRequest::new(text.as_bytes(), now()))
        .unwrap();
    headers[0].1.to_str().unwrap().to_owned()
}

/// A delivery, and the text of its signature.
#[derive(Clone)]
pub(crate) struct Whole {
    pub(crate) parts: Parts,
    pub(crate) body: Vec<u8>,
    pub(crate) signature: String,
}

/// A delivery as the provider would send it.
pub(crate) fn whole(preset: &Preset, key: &str) -> Whole {
    in_body(preset, key).unwrap_or_else(|| in_header(preset, key))
}

fn in_header(preset: &Preset, key: &str) -> Whole {
    let verifier = receiver(preset, key);
    let is_form = matches!(preset.name(), "twilio" | "plivo" | "plivo-v1" | "mandrill");
    let body = match preset.name() {
        "linear" => format!("{{\"webhookTimestamp\":{NOW}000}}"),
        _ if is_form => "a=1&b=2".to_owned(),
        _ => "{\"a\":1}".to_owned(),
    };
    let mut parts = parts([]);
    if is_form {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        parts.headers.insert("content-type", form);
    }
    let others = parts.headers.clone();
    let request = SignRequest::new(body.as_bytes(), now())
        .with_target("/webhook")
        .with_id("msg_1")
        .with_headers(&others);
    let headers = verifier.sign(&request);
    let headers = headers.unwrap_or_else(|error| panic!("{}: {error}", preset.name()));
    let line = headers
        .iter()
        .find(|(_, value)| value.is_sensitive())
        .unwrap();
    let line = line.1.to_str().unwrap();
    let signature = match preset.name() {
        // The signature does not end the line.
        "hygraph" => line
            .split(',')
            .next()
            .unwrap()
            .strip_prefix("sign=")
            .unwrap(),
        _ => line.rsplit([',', ';', ' ']).next().unwrap(),
    };
    // What separates a label from a signature is no part of any encoding's beginning.
    let label = signature.find('=').filter(|at| *at < signature.len() - 2);
    let signature = match (preset.kind(), label) {
        (Kind::Hmac | Kind::Hash, Some(at)) => &signature[at + 1..],
        _ => signature,
    };
    let signature = signature.to_owned();
    parts.headers.extend(headers);
    Whole {
        parts,
        body: body.into(),
        signature,
    }
}

fn in_body(preset: &Preset, key: &str) -> Option<Whole> {
    let sign = |text: &str| signature(&preset.scheme(), key, text);
    let mut parts = parts([]);
    let (signature, body) = match preset.name() {
        "adyen" => {
            let signature = sign("p::m:r:1:EUR:AUTHORISATION:true");
            let item = format!(
                "{{\"NotificationRequestItem\":{{\"pspReference\":\"p\",\"merchantAccountCode\":\"m\",\"merchantReference\":\"r\",\"amount\":{{\"value\":1,\"currency\":\"EUR\"}},\"eventCode\":\"AUTHORISATION\",\"success\":\"true\",\"additionalData\":{{\"hmacSignature\":\"{signature}\"}}}}}}"
            );
            (signature, format!("{{\"notificationItems\":[{item}]}}"))
        }
        "braintree" => {
            let signature = braintree(key).unwrap();
            let body = format!("bt_signature=default%7C{signature}&bt_payload=PGE%2BPC9hPg%3D%3D");
            (signature, body)
        }
        "dropbox-sign" => {
            let signature = sign("1700000000callback_test");
            let body = format!(
                "{{\"event\":{{\"event_time\":\"1700000000\",\"event_type\":\"callback_test\",\"event_hash\":\"{signature}\"}}}}"
            );
            (signature, body)
        }
        "figma" => (key.to_owned(), format!("{{\"passcode\":\"{key}\"}}")),
        "mailgun" => {
            let signature = sign("1700000000token");
            let body = format!(
                "{{\"signature\":{{\"timestamp\":\"1700000000\",\"token\":\"token\",\"signature\":\"{signature}\"}}}}"
            );
            (signature, body)
        }
        "microsoft-graph" => (
            key.to_owned(),
            format!("{{\"value\":[{{\"clientState\":\"{key}\"}}]}}"),
        ),
        "vonage-sms" | "vonage-sms-sha512" => {
            let signature = sign("&a=1&timestamp=1700000000");
            let body = format!("timestamp=1700000000&a=1&sig={signature}");
            (signature, body)
        }
        "pandadoc" => {
            let signature = sign("{}");
            parts.uri = format!("/webhook?signature={signature}").parse().unwrap();
            (signature, "{}".to_owned())
        }
        _ => return None,
    };
    let body = body.into_bytes();
    Some(Whole {
        parts,
        body,
        signature,
    })
}

/// HMAC-SHA1 of the payload, keyed with the digest of the private key.
fn braintree(key: &str) -> Option<String> {
    use sha1::Digest as _;
    let key = const_hex::encode(sha1::Sha1::digest(key.as_bytes()));
    let scheme = Scheme::builder("braintree", webhook_signature::Primitive::HmacSha1)
        .header("x")
        .secret_encoding(SecretEncoding::Hex);
    let signer = Verifier::new(scheme.build().ok()?, secret(key)).ok()?;
    let headers = signer
        .sign(&SignRequest::new(b"PGE+PC9hPg==", now()))
        .ok()?;
    headers[0].1.to_str().ok().map(str::to_owned)
}

impl Whole {
    /// With another text in place of the signature.
    pub(crate) fn with_signature(&self, text: &str) -> Self {
        self.map(|line| line.replace(&self.signature, text))
    }

    /// Without what the signature stands in.
    pub(crate) fn without_signature(&self) -> Self {
        let mut other = self.clone();
        let ours = |value: &HeaderValue| {
            value
                .to_str()
                .is_ok_and(|value| value.contains(&self.signature))
        };
        let names: Vec<_> = self
            .parts
            .headers
            .iter()
            .filter(|(_, value)| ours(value))
            .collect();
        for (name, _) in names {
            other.parts.headers.remove(name);
        }
        if self.parts.uri.query().is_some() {
            other.parts.uri = "/webhook".parse().unwrap();
        }
        if String::from_utf8_lossy(&self.body).contains(&self.signature) {
            other.body = b"{}".to_vec();
        }
        other
    }

    /// With an empty value in the header that the signature stands in, where there is one.
    pub(crate) fn emptied(&self) -> Option<Self> {
        let mut other = self.clone();
        let ours = |value: &&mut HeaderValue| {
            value
                .to_str()
                .is_ok_and(|value| value.contains(&self.signature))
        };
        let value = other.parts.headers.values_mut().find(ours)?;
        *value = HeaderValue::from_static("");
        Some(other)
    }

    /// With the last letter or digit in front of the signature replaced by another one, or with
    /// `sha1=` in front of it.
    pub(crate) fn with_another_label(&self) -> Self {
        self.map(|line| {
            let Some(start) = line.find(&self.signature) else {
                return line.to_owned();
            };
            let (front, rest) = line.split_at(start);
            match front.rfind(|char: char| char.is_ascii_alphanumeric()) {
                Some(at) => format!("{}z{}{rest}", &front[..at], &front[at + 1..]),
                None => format!("sha1={rest}"),
            }
        })
    }

    /// With everything that holds the signature twice.
    pub(crate) fn twice(&self) -> Self {
        let mut other = self.clone();
        for (name, value) in &self.parts.headers {
            if value
                .to_str()
                .is_ok_and(|value| value.contains(&self.signature))
            {
                other.parts.headers.append(name, value.clone());
            }
        }
        if let Some(query) = self.parts.uri.query() {
            other.parts.uri = format!("/webhook?{query}&{query}").parse().unwrap();
        }
        let body = String::from_utf8(self.body.clone()).unwrap();
        if body.contains(&self.signature) {
            let again = match body.strip_prefix('{') {
                Some(members) => format!("{{{},{members}", members.strip_suffix('}').unwrap()),
                None => format!("{body}&{body}"),
            };
            other.body = again.into_bytes();
        }
        other
    }

    fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let mut other = self.clone();
        for value in other.parts.headers.values_mut() {
            *value = HeaderValue::from_str(&change(value.to_str().unwrap())).unwrap();
        }
        if let Some(query) = self.parts.uri.query() {
            let uri = format!("/webhook?{}", change(query).replace(' ', "%20"));
            other.parts.uri = uri.parse().unwrap();
        }
        other.body = change(std::str::from_utf8(&self.body).unwrap()).into_bytes();
        other
    }
}
