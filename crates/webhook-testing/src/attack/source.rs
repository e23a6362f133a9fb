use std::cell::Cell;

use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};
use webhook_core::Timestamp;
use webhook_signature::{Part, Primitive, Scheme, SecretEncoding, SignRequest, Verifier};

use super::{call, delivery::Delivery};
use crate::{
    TestSecret,
    sample::{content_type, sample},
    signer::{Draft, Signer},
};

/// Makes deliveries that are signed with the right secret, with a wrong one, or over another text.
pub(super) struct Source {
    pub(super) scheme: Scheme,
    pub(super) secret: String,
    signer: Signer,
    wrong: Signer,
    sample: Vec<u8>,
    /// Whether the sample is the message of a gRPC call.
    is_call: bool,
    content_type: &'static str,
    target: String,
    base_url: String,
    event: Option<String>,
    pub(super) now: Timestamp,
    count: Cell<usize>,
}

/// What a source starts from.
pub(super) struct Start {
    pub(super) scheme: Scheme,
    pub(super) secret: TestSecret,
    pub(super) sample: Option<Vec<u8>>,
    pub(super) is_call: bool,
    pub(super) target: String,
    pub(super) base_url: String,
    pub(super) event: Option<String>,
    pub(super) now: Timestamp,
}

impl Source {
    pub(super) fn new(start: Start) -> Self {
        let scheme = start.scheme;
        let default = || sample(scheme.name().as_str(), start.now);
        let sample = start.sample.unwrap_or_else(default);
        Self {
            signer: Signer::new(scheme.clone(), &start.secret),
            wrong: Signer::new(scheme.clone(), &start.secret.other(&scheme)),
            content_type: content_type(&sample),
            sample,
            is_call: start.is_call,
            target: start.target,
            base_url: start.base_url,
            event: start.event,
            now: start.now,
            count: Cell::new(0),
            secret: start.secret.text,
            scheme,
        }
    }

    /// A body that no earlier delivery had.
    pub(super) fn fresh_body(&self) -> Vec<u8> {
        let count = self.count.get();
        self.count.set(count + 1);
        if self.is_call {
            return call::framed(&self.sample, count);
        }
        let mut body = self.sample.clone();
        match self.sample.first() {
            // Inside, where nobody who cuts or adds white space at the ends gets at it.
            Some(b'{' | b'[') => {
                body.splice(1..1, std::iter::repeat_n(b' ', count));
            }
            None => body.extend(std::iter::repeat_n(b' ', count)),
            Some(_) if count == 0 => {}
            Some(_) => body.extend_from_slice(format!("&attack={count}").as_bytes()),
        }
        body
    }

    /// The sample as it is, under a new id: JSON that whoever serialises it again finds unchanged.
    pub(super) fn compact_body(&self) -> Vec<u8> {
        if self.is_call {
            return self.fresh_body();
        }
        self.count.set(self.count.get() + 1);
        self.sample.clone()
    }

    /// Whether the scheme itself takes this: then it is the provider's rule, and no attack.
    pub(super) fn takes(&self, delivery: &Delivery) -> bool {
        let (parts, _) = delivery.request().into_parts();
        let verified = self
            .signer
            .verifier()
            .verify(&parts, &delivery.body, self.now);
        verified.is_ok()
    }

    /// A valid delivery that was never sent before.
    pub(super) fn fresh(&self) -> Delivery {
        self.of(&self.fresh_body())
    }

    /// A valid delivery of this body.
    pub(super) fn of(&self, body: &[u8]) -> Delivery {
        self.at(body, self.now)
    }

    /// A delivery that was validly signed at this time.
    pub(super) fn at(&self, body: &[u8], time: Timestamp) -> Delivery {
        // Only letters and digits, for providers whose id is a token in the body.
        let id = format!("attack{}", self.count.get());
        self.named(body, time, &id)
    }

    /// A valid delivery of this body; `None` where the scheme cannot sign it.
    pub(super) fn try_of(&self, body: &[u8]) -> Option<Delivery> {
        let sign = |signer| self.try_sign(signer, body, self.now, "attack0");
        let mut delivery = sign(&self.signer).ok()?;
        delivery.locate(&sign(&self.wrong).ok()?);
        Some(delivery)
    }

    /// A valid delivery with this id.
    pub(super) fn named(&self, body: &[u8], time: Timestamp, id: &str) -> Delivery {
        let mut delivery = self.sign(&self.signer, body, time, id);
        delivery.locate(&self.sign(&self.wrong, body, time, id));
        delivery
    }

    /// A delivery that was signed with another secret.
    pub(super) fn forged(&self) -> Delivery {
        let body = self.fresh_body();
        let id = format!("attack{}", self.count.get());
        self.sign(&self.wrong, &body, self.now, &id)
    }

    /// A delivery that was signed with the empty secret: in HMAC, one of zeros is the same.
    pub(super) fn unkeyed(&self) -> Option<Delivery> {
        let zeros = match self.scheme.secret_encoding() {
            SecretEncoding::Raw => "\0".repeat(16),
            SecretEncoding::Hex => "0".repeat(32),
            SecretEncoding::Base64 | SecretEncoding::Whsec => "A".repeat(32),
            _ => return None,
        };
        let hashes = [
            Primitive::HmacSha1,
            Primitive::HmacSha256,
            Primitive::HmacSha512,
        ];
        hashes.contains(&self.scheme.primitive()).then(|| {
            let unkeyed = Signer::new(self.scheme.clone(), &zeros.as_str().into());
            self.sign(&unkeyed, &self.fresh_body(), self.now, "attack0")
        })
    }

    /// The signature that a valid delivery of this one's body would have.
    pub(super) fn right_signature(&self, delivery: &Delivery) -> Option<String> {
        let request = self.try_sign(&self.signer, &delivery.body, delivery.time, &delivery.id);
        let mut right = request.ok()?;
        let wrong = self.try_sign(&self.wrong, &delivery.body, delivery.time, &delivery.id);
        right.locate(&wrong.ok()?);
        right.signature_text()
    }

    fn sign(&self, signer: &Signer, body: &[u8], time: Timestamp, id: &str) -> Delivery {
        match self.try_sign(signer, body, time, id) {
            Ok(delivery) => delivery,
            Err(error) => panic!(
                "{} cannot sign the sample of the attack: {error}; give another with `.body(…)`",
                self.scheme.name()
            ),
        }
    }

    fn try_sign(
        &self,
        signer: &Signer,
        body: &[u8],
        time: Timestamp,
        id: &str,
    ) -> Result<Delivery, webhook_signature::SignError> {
        let mut headers = HeaderMap::new();
        if self.is_call {
            call::set_headers(&mut headers);
        } else {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        let made = signer.sign(&Draft {
            body,
            time,
            id,
            event: self.event.as_deref(),
            method: &Method::POST,
            base_url: &self.base_url,
            target: &self.target,
            headers: &headers,
        })?;
        headers.extend(made.headers);
        Ok(Delivery {
            method: Method::POST,
            target: made.target,
            headers,
            body: made.body,
            framing: super::delivery::Framing::default(),
            is_panicking: false,
            id: id.to_owned(),
            time,
            signature: None,
        })
    }

    /// The signature's text under another primitive, or over another text, in the scheme's own
    /// encoding. `None` where the scheme is made otherwise than data can say.
    pub(super) fn raw(
        &self,
        delivery: &Delivery,
        primitive: Primitive,
        timestamp: &str,
    ) -> Option<String> {
        let parts = self.scheme.signed_text();
        let text: String = parts
            .iter()
            .map(|part| match part {
                Part::Timestamp => Part::Literal(timestamp.to_owned().into()).to_string(),
                other => other.to_string(),
            })
            .collect();
        let mut builder = Scheme::builder("raw", primitive)
            .header("x-raw-signature")
            .encoding(self.scheme.encoding())
            .secret_encoding(self.scheme.secret_encoding())
            .signed_text(text);
        if !parts.contains(&Part::Body) {
            builder = builder.insecure_unsigned_body();
        }
        if parts.contains(&Part::Id) {
            builder = builder.id_header("x-raw-id");
        }
        let scheme = builder.build().ok()?.with_base_url(self.base_url.clone());
        let secret = webhook_core::Secret::insecure_short(self.secret.clone().into_bytes());
        let signer = Verifier::new(scheme.ok()?, secret.ok()?).ok()?;
        let request = SignRequest::new(&delivery.body, delivery.time)
            .with_id(&delivery.id)
            .with_base_url(&self.base_url)
            .with_target(&delivery.target)
            .with_headers(&delivery.headers);
        let headers = signer.sign(&request).ok()?;
        let (_, value) = headers.iter().find(|(_, value)| value.is_sensitive())?;
        Some(value.to_str().ok()?.to_owned())
    }
}
