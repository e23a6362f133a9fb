use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use webhook_core::{Secret, Timestamp};
use webhook_signature::{Scheme, SignError, SignRequest, Verifier};

#[cfg(feature = "public-key")]
use crate::TestKey;

/// What [`signed`](crate::signed()) and [`attack`](crate::attack()) sign with: the text of the secret
/// that the app has, or with the feature `public-key` a `TestKey`.
#[derive(Clone)]
pub struct TestSecret {
    pub(crate) text: String,
    #[cfg(feature = "public-key")]
    key: Option<TestKey>,
}

impl From<&str> for TestSecret {
    fn from(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            #[cfg(feature = "public-key")]
            key: None,
        }
    }
}

impl From<&String> for TestSecret {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

#[cfg(feature = "public-key")]
#[cfg_attr(docsrs, doc(cfg(feature = "public-key")))]
impl From<&TestKey> for TestSecret {
    fn from(key: &TestKey) -> Self {
        Self {
            text: key.public_key().to_owned(),
            key: Some(key.clone()),
        }
    }
}

/// Tells no secret.
impl fmt::Debug for TestSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestSecret").finish_non_exhaustive()
    }
}

impl TestSecret {
    /// Another of the same form.
    #[cfg_attr(
        not(feature = "public-key"),
        allow(unused_variables, reason = "only a key has an algorithm")
    )]
    pub(crate) fn other(&self, scheme: &Scheme) -> Self {
        #[cfg(feature = "public-key")]
        if let Some(key) = &self.key {
            return (&key.other(scheme)).into();
        }
        (&another(&self.text)).into()
    }
}

/// Makes signed requests, and knows which are.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    verifier: Verifier,
    #[cfg(feature = "public-key")]
    key: Option<TestKey>,
}

/// A request to be signed.
#[derive(Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) time: Timestamp,
    pub(crate) id: &'a str,
    pub(crate) event: Option<&'a str>,
    pub(crate) method: &'a Method,
    pub(crate) base_url: &'a str,
    pub(crate) target: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

/// What became of it: the headers to add, and body and target to send.
pub(crate) struct Made {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Vec<u8>,
    pub(crate) target: String,
}

impl Signer {
    /// A short secret is taken: tests have wrong ones.
    #[track_caller]
    pub(crate) fn new(scheme: Scheme, secret: &TestSecret) -> Self {
        let name = scheme.name().clone();
        #[cfg(feature = "public-key")]
        assert!(
            secret.key.is_some() || !scheme.primitive().is_public_key(),
            "the test cannot sign for {name}: its key is a public one; give the app the public key of a `TestKey`, and sign with that"
        );
        let made = Secret::insecure_short(secret.text.clone().into_bytes())
            .map_err(|error| error.to_string())
            .and_then(|secret| Verifier::new(scheme, secret).map_err(|error| error.to_string()));
        match made {
            Ok(verifier) => Self {
                verifier,
                #[cfg(feature = "public-key")]
                key: secret.key.clone(),
            },
            Err(error) => panic!("the test cannot sign for {name}: {error}"),
        }
    }

    pub(crate) const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    pub(crate) fn sign(&self, draft: &Draft<'_>) -> Result<Made, SignError> {
        #[cfg(feature = "public-key")]
        if let Some(key) = &self.key {
            let made = crate::public::sign(self.verifier.scheme(), key, draft);
            return made.ok_or(SignError::Body);
        }
        let mut request = SignRequest::new(draft.body, draft.time)
            .with_id(draft.id)
            .with_method(draft.method)
            .with_base_url(draft.base_url)
            .with_target(draft.target)
            .with_headers(draft.headers);
        if let Some(event) = draft.event {
            request = request.with_event(event);
        }
        let (headers, body, target) = self.verifier.sign_request(&request)?.into_parts();
        Ok(Made {
            headers,
            body: body.into_owned(),
            target: target.map_or_else(|| draft.target.to_owned(), Into::into),
        })
    }
}

/// Another secret of the same form: one letter or digit in the middle is another.
fn another(secret: &str) -> String {
    let middle = secret.len() / 2;
    let candidates = secret
        .char_indices()
        .filter(|(_, c)| c.is_ascii_alphanumeric());
    let Some((at, old)) = candidates.min_by_key(|(at, _)| at.abs_diff(middle)) else {
        return format!("{secret}0");
    };
    let new = if old == '0' { '1' } else { '0' };
    secret
        .char_indices()
        .map(|(place, c)| if place == at { new } else { c })
        .collect()
}
