use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    SignError, SignRequest, Signed,
    checks::{check, header_value},
    signed::Headers,
};
use crate::{
    Verifier,
    candidates::Candidates,
    custom::{Content, Custom, Delivery, Signer},
    scheme::{Place, Scheme, SignedText, Source, query},
    verify::Key,
};

impl Verifier {
    /// Signs a delivery with the key in front: the headers to send it with, of which the
    /// signature's is marked as sensitive.
    ///
    /// What is signed verifies under every scheme, within the tolerance of the time it was given.
    ///
    /// # Errors
    /// Something that the scheme signs is missing, or could not be sent; a signature that stands in
    /// the body or the query, for which there is [`sign_request`](Self::sign_request).
    pub fn sign(
        &self,
        request: &SignRequest<'_>,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, SignError> {
        let signed = self.sign_request(request)?;
        if signed.changes_body() || signed.changes_target() {
            return Err(SignError::NotInAHeader);
        }
        Ok(signed.headers)
    }

    /// Signs a whole request with the key in front, wherever the signature stands.
    ///
    /// A signature in the body takes its place there: the members or fields that hold it, and the
    /// timestamp and id that belong to it, are set, and the rest is left as it is. One in the query
    /// is put behind the target's other parameters.
    ///
    /// ```
    /// use webhook_core::{Secret, Timestamp};
    /// use webhook_signature::{SignRequest, Verifier, presets};
    ///
    /// let now = Timestamp::from_unix_seconds(1_700_000_000);
    /// let delivery = SignRequest::new(b"{\"event_type\":\"PING\"}", now).with_target("/hook?a=b");
    /// let secret = || Secret::new("a secret of some length");
    ///
    /// let figma = Verifier::new(&presets::FIGMA, secret()?)?.sign_request(&delivery)?;
    /// assert_eq!(figma.body(), b"{\"passcode\":\"a secret of some length\",\"event_type\":\"PING\"}");
    ///
    /// let pandadoc = Verifier::new(&presets::PANDADOC, secret()?)?.sign_request(&delivery)?;
    /// assert!(pandadoc.target().unwrap().starts_with("/hook?a=b&signature="));
    ///
    /// let github = Verifier::new(&presets::GITHUB, secret()?)?.sign_request(&delivery)?;
    /// assert!(github.headers().len() == 1 && !github.changes_body() && !github.changes_target());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Something that the scheme signs is missing, or could not be sent; a body that the signature
    /// has no place in.
    pub fn sign_request<'a>(&self, request: &SignRequest<'a>) -> Result<Signed<'a>, SignError> {
        let unchanged = |headers| Signed {
            headers,
            body: Cow::Borrowed(request.body()),
            target: request.target().map(Cow::Borrowed),
        };
        #[cfg(feature = "public-key")]
        if let Some(keys) = self.public() {
            return crate::public::sign(self.scheme(), keys, request).map(unchanged);
        }
        let (scheme, front) = (self.scheme(), self.front().ok_or(SignError::Header)?);
        let timestamp = match &scheme.timestamp {
            Some(rule) => rule
                .write(request.timestamp())
                .ok_or(SignError::TimestampOutOfRange)?,
            None => String::new(),
        };
        if scheme.location.signature == Place::Body {
            let content = self.content(front, request, &timestamp)?;
            let mut signed = unchanged(self.other_headers(request, &timestamp)?);
            match content {
                Content::Body(body) => signed.body = Cow::Owned(body),
                Content::Target(target) => signed.target = Some(Cow::Owned(target)),
            }
            return Ok(signed);
        }
        let mut headers = Vec::with_capacity(4);
        let value = self.signature_value(front, request, &timestamp, &mut headers)?;
        headers.extend(self.other_headers(request, &timestamp)?);
        let mut signed = unchanged(headers);
        if let Place::Query(name) = &scheme.location.signature {
            // The `*` of an `OPTIONS` has no query, and a query without a path is no target.
            let target = request.target();
            let target = target.filter(|target| !target.starts_with(['*', '?']));
            let target = target.ok_or(SignError::TargetMissing)?;
            signed.target = Some(Cow::Owned(query::with(target, name, &value)));
        } else {
            let place = scheme.location.signature.first_header();
            let mut value = header_value(&value)?;
            value.set_sensitive(true);
            signed.put(
                place.ok_or(SignError::NotInAHeader)?,
                value,
                scheme.event.as_ref(),
            );
        }
        Ok(signed)
    }

    /// The text that stands where the signature does; `added` are headers that it needs.
    fn signature_value(
        &self,
        front: &Key,
        request: &SignRequest<'_>,
        timestamp: &str,
        added: &mut Headers,
    ) -> Result<String, SignError> {
        let scheme = self.scheme();
        let signature = match (front.mac.token(), scheme.custom) {
            (Some(token), _) => scheme.encoding.encode(token),
            (None, None) => scheme
                .encoding
                .encode(&self.tag(front, request, timestamp)?),
            (None, Some(custom)) => {
                added.extend(custom.headers(front.name.as_deref()));
                let tag = self.custom_tag(front, custom, request, timestamp, added)?;
                scheme.encoding.encode(&tag)
            }
        };
        let value = scheme
            .custom
            .and_then(|custom| custom.write(timestamp, &signature));
        Ok(value.unwrap_or_else(|| scheme.grammar.write(timestamp, &signature)))
    }

    /// All headers but the signature's.
    fn other_headers(
        &self,
        request: &SignRequest<'_>,
        timestamp: &str,
    ) -> Result<Headers, SignError> {
        let scheme = self.scheme();
        let fixed = scheme.required.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        let mut headers: Headers = fixed.collect();
        let texts = [
            (&scheme.location.id, request.id()),
            (&scheme.location.timestamp, Some(timestamp)),
            (&scheme.event, request.event()),
        ];
        for (name, text) in texts {
            if let (Some(name), Some(text)) = (name, text) {
                headers.push((name.clone(), header_value(text)?));
            }
        }
        Ok(headers)
    }

    /// The body or target that holds the signature.
    fn content(
        &self,
        front: &Key,
        request: &SignRequest<'_>,
        timestamp: &str,
    ) -> Result<Content, SignError> {
        let scheme = self.scheme();
        check(scheme, request)?;
        let custom = scheme.custom.ok_or(SignError::NotInAHeader)?;
        let no_headers = HeaderMap::new();
        let headers = request.headers().unwrap_or(&no_headers);
        let delivery = unsigned(scheme, request, timestamp, headers)?;
        let signer = Signer {
            delivery,
            event: request.event(),
            key: front,
        };
        let content = custom.content(&signer)?;
        // What was put together must read as it was meant.
        let made = match &content {
            Content::Body(body) => Delivery { body, ..delivery },
            Content::Target(target) => Delivery { target, ..delivery },
        };
        let claims = custom.claims(&made, Candidates::new(0));
        if claims.is_ok_and(|claims| claims.hold(front)) {
            Ok(content)
        } else {
            Err(SignError::Body)
        }
    }

    fn custom_tag(
        &self,
        front: &Key,
        custom: Custom,
        request: &SignRequest<'_>,
        timestamp: &str,
        added: &[(HeaderName, HeaderValue)],
    ) -> Result<Vec<u8>, SignError> {
        let scheme = self.scheme();
        check(scheme, request)?;
        let mut headers = request.headers().cloned().unwrap_or_default();
        headers.extend(added.iter().cloned());
        if let (Some(name), false) = (&scheme.location.timestamp, timestamp.is_empty()) {
            headers.insert(name, header_value(timestamp)?);
        }
        let delivery = unsigned(scheme, request, timestamp, &headers)?;
        if custom.finds_timestamp() {
            check_own_time(scheme, custom, &delivery)?;
        }
        let texts = custom.texts(&delivery).map_err(|_| SignError::Body)?;
        let text = texts.ok_or(SignError::NotInAHeader)?.into_iter().next();
        Ok(front.tag(&text.ok_or(SignError::Body)?))
    }

    fn tag(
        &self,
        front: &Key,
        request: &SignRequest<'_>,
        timestamp: &str,
    ) -> Result<Vec<u8>, SignError> {
        let scheme = self.scheme();
        check(scheme, request)?;
        let no_headers = HeaderMap::new();
        let source = Source {
            timestamp: timestamp.as_bytes(),
            id: request.id().unwrap_or_default().as_bytes(),
            method: request.method(),
            target: request.target().unwrap_or_default(),
            base_url: request.base_url_under(scheme)?,
            headers: request.headers().unwrap_or(&no_headers),
        };
        let mut text = SignedText::new();
        scheme
            .text
            .render(&source, &mut text)
            .map_err(|_| SignError::Header)?;
        let body = self.covered().body.then(|| request.body());
        let tag = front
            .mac
            .tag(text.before_body(), body.into_iter(), text.after_body());
        Ok(tag.as_slice().to_vec())
    }
}

/// Checks that a body which brings its own time has one that can be read.
fn check_own_time(
    scheme: &Scheme,
    custom: Custom,
    delivery: &Delivery<'_>,
) -> Result<(), SignError> {
    let claims = custom.claims(delivery, Candidates::new(0));
    let claims = claims.map_err(|_| SignError::Body)?;
    match (&claims.timestamp, &scheme.timestamp) {
        (Some(text), Some(rule)) => rule.read(text).map(drop).ok_or(SignError::Body),
        _ => Ok(()),
    }
}

/// A delivery that is still to be signed, as functions see it.
fn unsigned<'a>(
    scheme: &'a Scheme,
    request: &SignRequest<'a>,
    timestamp: &'a str,
    headers: &'a HeaderMap,
) -> Result<Delivery<'a>, SignError> {
    Ok(Delivery {
        scheme,
        method: request.method(),
        base_url: request.base_url_under(scheme)?,
        target: request.target().unwrap_or_default(),
        headers,
        timestamp: timestamp.as_bytes(),
        id: request.id().unwrap_or_default(),
        body: request.body(),
    })
}
