//! Which headers are kept, and which never.

use http::{HeaderMap, HeaderName};

use super::{CaptureError, CaptureErrorKind};
use crate::SenderText;

/// The most headers that can be listed, and the most values that are kept.
pub const MAX_HEADERS: usize = 32;
/// The most bytes of a header's value that are kept.
pub const MAX_HEADER_VALUE_BYTES: usize = 256;

/// What, anywhere in a name, says that the header carries a credential.
const CREDENTIALS: [&str; 16] = [
    "apikey",
    "authenti",
    "authoriz",
    "cookie",
    "credential",
    "hmac",
    "jwt",
    "oauth",
    "passphrase",
    "passw",
    "secret",
    "session",
    "sha1",
    "sha256",
    "signature",
    "token",
];

/// The same for a whole word of a name.
const CREDENTIAL_WORDS: [&str; 14] = [
    "auth",
    "authtoken",
    "bearer",
    "digest",
    "hash",
    "key",
    "mac",
    "otp",
    "pass",
    "pin",
    "sig",
    "sign",
    "signed",
    "verification",
];

/// Signatures whose header's name says nothing of it.
const MORE_CREDENTIALS: [&str; 1] = ["x-trello-webhook"];

/// Named like a credential and none: they name a request, or its event.
const NO_CREDENTIALS: [&str; 4] = [
    "i-twilio-idempotency-token",
    "idempotency-key",
    "x-event-key",
    "x-idempotency-key",
];

/// The headers whose values are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HeaderList(Vec<HeaderName>);

impl HeaderList {
    pub(super) fn add(&mut self, name: &str) -> Result<(), CaptureError> {
        let header: HeaderName = name.parse().map_err(|_| {
            let what = format!("`{}` is no name of a header", name.escape_debug());
            CaptureError::new(CaptureErrorKind::InvalidHeader, what)
        })?;
        if is_credential(header.as_str()) {
            let what = format!(
                "the header `{header}` looks like one that carries a credential, and is never kept: leave it out"
            );
            return Err(CaptureError::new(CaptureErrorKind::CredentialHeader, what));
        }
        if self.0.contains(&header) {
            return Ok(());
        }
        if self.0.len() == MAX_HEADERS {
            let what = format!("more than {MAX_HEADERS} headers");
            return Err(CaptureError::new(CaptureErrorKind::TooManyHeaders, what));
        }
        self.0.push(header);
        Ok(())
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Copies of the values that are there, and the list's own names.
    pub(super) fn of(&self, headers: &HeaderMap) -> Vec<(HeaderName, SenderText)> {
        let values = self.0.iter().flat_map(|name| {
            let values = headers.get_all(name).iter();
            values.map(move |value| {
                let text = SenderText::from_bytes(value.as_bytes(), MAX_HEADER_VALUE_BYTES);
                (name.clone(), text)
            })
        });
        values.take(MAX_HEADERS).collect()
    }
}

/// Whether a header of this name, in lower case, may carry what lets somebody in.
fn is_credential(name: &str) -> bool {
    if NO_CREDENTIALS.contains(&name) {
        return false;
    }
    let mut words = name.split(['-', '_', '.']);
    MORE_CREDENTIALS.contains(&name)
        || CREDENTIALS.iter().any(|part| name.contains(part))
        || words.any(|word| CREDENTIAL_WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::{HeaderList, MAX_HEADERS};
    use crate::capture::CaptureErrorKind;

    #[test]
    fn credentials_are_never_listed() {
        for name in [
            "Authorization",
            "Proxy-Authorization",
            "Authentication-Info",
            "Cookie",
            "Set-Cookie",
            "X-Hub-Signature-256",
            "X-Shopify-Hmac-Sha256",
            "X-Gitlab-Token",
            "X-Api-Key",
            "X-ApiKey",
            "X-Hook-Secret",
            "PayPal-Transmission-Sig",
            "X-Nf-Sign",
            "Plaid-Verification",
            "X-Auth",
            "X-Session-Id",
            "Digest",
            "X_Auth_Pin",
        ] {
            let error = HeaderList::default().add(name).unwrap_err();
            assert_eq!(error.kind(), CaptureErrorKind::CredentialHeader, "{name}");
        }
    }

    #[test]
    fn what_describes_a_delivery_may_be_listed() {
        let mut list = HeaderList::default();
        for name in [
            "Content-Type",
            "User-Agent",
            "X-GitHub-Event",
            "X-GitHub-Delivery",
            "webhook-id",
            "Idempotency-Key",
            "X-Author",
            "X-Assigned-To",
            "Traceparent",
        ] {
            list.add(name).unwrap();
        }
        let kind = |result: Result<(), super::CaptureError>| result.unwrap_err().kind();
        assert_eq!(kind(list.add("a b")), CaptureErrorKind::InvalidHeader);
        for n in 9..MAX_HEADERS {
            list.add(&format!("x-{n}")).unwrap();
        }
        // Once more is no more.
        list.add("x-9").unwrap();
        assert_eq!(kind(list.add("x-more")), CaptureErrorKind::TooManyHeaders);
    }

    #[test]
    fn values_are_bounded_copies_in_the_order_of_the_list() {
        let mut list = HeaderList::default();
        list.add("x-second").unwrap();
        list.add("x-first").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-first", "a".repeat(300).parse().unwrap());
        headers.insert("x-second", "1".parse().unwrap());
        headers.append("x-second", "2".parse().unwrap());
        headers.insert("x-other", "3".parse().unwrap());
        let kept = list.of(&headers);
        let texts: Vec<_> = kept
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_raw().len()))
            .collect();
        assert_eq!(texts, [("x-second", 1), ("x-second", 1), ("x-first", 256)]);
        for n in 0..100 {
            headers.append("x-second", n.into());
        }
        assert_eq!(list.of(&headers).len(), MAX_HEADERS);
    }
}
