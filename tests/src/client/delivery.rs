use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use prost::Message as _;
use webhook_layers::{SignRequest, Timestamp, Verifier};

use crate::hosts::{DELIVER, Event, Receipt, verifier};

/// One request to a receiver, as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The request's method.
    pub method: Method,
    /// The request's path.
    pub path: &'static str,
    /// The headers, without those of the framing.
    pub headers: HeaderMap,
    /// The body, frame by frame.
    pub frames: Vec<Bytes>,
    /// What the head declares as the body's length: `content-length`.
    pub declared: Option<usize>,
    payload: Bytes,
}

impl Delivery {
    /// A delivery of this payload, signed at this time with the secret of the tests' receivers.
    #[must_use]
    pub fn signed(is_grpc: bool, payload: impl Into<Bytes>, at: Timestamp) -> Self {
        Self::signed_by(&verifier(), is_grpc, payload, at)
    }

    /// A delivery that somebody else signed.
    #[must_use]
    pub fn signed_by(
        verifier: &Verifier,
        is_grpc: bool,
        payload: impl Into<Bytes>,
        at: Timestamp,
    ) -> Self {
        let payload = payload.into();
        let (path, content_type, body) = if is_grpc {
            (DELIVER, "application/grpc", framed(&payload))
        } else {
            ("/webhooks", "application/json", payload.clone())
        };
        let request = SignRequest::new(&body, at).with_id("msg_2mUrgLNZGNnPZZmXhSJ4");
        let signature = verifier.sign(&request).unwrap();
        let mut headers: HeaderMap = signature.into_iter().collect();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        if is_grpc {
            headers.insert("te", HeaderValue::from_static("trailers"));
        }
        let declared = Some(body.len());
        Self {
            method: Method::POST,
            path,
            headers,
            frames: vec![body],
            declared,
            payload,
        }
    }

    /// Takes the signature's headers away.
    #[must_use]
    pub fn unsigned(self) -> Self {
        self.without_header("webhook-id")
            .without_header("webhook-timestamp")
            .without_header("webhook-signature")
    }

    /// Takes a header away.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Changes the last bit of the body, after it was signed.
    #[must_use]
    pub fn tampered(self) -> Self {
        let last = self.body().len() * 8 - 1;
        self.with_bit_changed(last)
    }

    /// Changes one bit of the body, after it was signed.
    #[must_use]
    pub fn with_bit_changed(mut self, bit: usize) -> Self {
        let mut body = BytesMut::from(self.body());
        body[bit / 8] ^= 0b1000_0000 >> (bit % 8);
        self.frames = vec![body.freeze()];
        self
    }

    /// Adds a header that the signature does not cover.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        let name = HeaderName::from_static(name);
        self.headers.append(name, HeaderValue::from_static(value));
        self
    }

    /// Sends another method.
    #[must_use]
    pub fn with_method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Declares no length: chunks in HTTP/1.1, frames without `content-length` in HTTP/2.
    #[must_use]
    pub fn without_length(mut self) -> Self {
        self.declared = None;
        self
    }

    /// Sends the body in frames of at most this many bytes.
    #[must_use]
    pub fn in_frames_of(mut self, bytes: usize) -> Self {
        let body = self.body();
        self.frames = body.chunks(bytes).map(Bytes::copy_from_slice).collect();
        self
    }

    /// The whole body.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.frames.concat().into()
    }

    /// What the handler must have read of it.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        Receipt::of(&self.payload)
    }
}

/// The payload as a gRPC message: a flag, a length, and the encoded event.
///
/// # Panics
/// Where the message is over 4 GiB.
#[must_use]
pub fn framed(payload: &Bytes) -> Bytes {
    let event = Event {
        payload: payload.clone(),
    }
    .encode_to_vec();
    let mut message = BytesMut::new();
    message.put_u8(0);
    message.put_u32(u32::try_from(event.len()).unwrap());
    message.put_slice(&event);
    message.freeze()
}
