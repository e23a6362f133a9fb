//! The URL that the provider calls, which some of them sign: from the configuration, or from what a
//! trusted proxy tells.

use std::borrow::Cow;

use http::{request::Parts, uri};
use webhook_core::{Facts, Origin, Reason};

use super::{Part, Scheme, SchemeError};
use crate::custom::Custom;

impl Scheme {
    /// Whether the signature covers the URL that the provider calls, so that a verifier needs
    /// [`with_base_url`](Self::with_base_url) or
    /// [`with_url_from_trusted_proxy`](Self::with_url_from_trusted_proxy).
    #[must_use]
    pub fn covers_url(&self) -> bool {
        #[cfg(feature = "public-key")]
        if let Some(crate::public::Rules::Token(rules)) = self.rules() {
            return rules.url.is_some();
        }
        self.text.contains(&Part::Url) || self.custom.is_some_and(Custom::needs_base_url)
    }

    /// This scheme with the URL that the provider calls, for signed texts that hold
    /// [`Part::Url`]: scheme and host, and a port where the provider signs one, without a path.
    ///
    /// ```
    /// use webhook_signature::Scheme;
    ///
    /// let square_like = Scheme::hmac_sha256("square")
    ///     .header("x-square-hmacsha256-signature")
    ///     .base64()
    ///     .signed_text("{url}{body}")
    ///     .build()?
    ///     .with_base_url("https://hooks.example.com")?;
    /// assert!(square_like.with_base_url("hooks.example.com/").is_err());
    /// # Ok::<_, webhook_signature::SchemeError>(())
    /// ```
    ///
    /// # Errors
    /// A URL without `https://` or `http://`, or with a path.
    pub fn with_base_url(mut self, url: impl Into<Cow<'static, str>>) -> Result<Self, SchemeError> {
        let url = url.into();
        let host = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.contains(['/', '?', '#', ' '])) {
            return Err(SchemeError::BaseUrl(url.into_owned()));
        }
        self.base_url = url;
        Ok(self)
    }

    /// This scheme, with scheme, host and port of each delivery's URL from its [`Origin`]: what a
    /// trusted proxy told of it, in the [`Facts`] among the request's extensions. Where the origin or
    /// its host is not known, the [base URL](Self::with_base_url) is taken; where there is none
    /// either, the delivery is refused as [`Reason::Misconfigured`]. `Host` and forwarding headers
    /// are never looked at here: whoever sends the request chooses them. The usual port (443, 80) is
    /// left out, as URLs leave it out. Default: the base URL alone.
    ///
    /// A proxy that passes on every host that clients name lets a delivery that was signed for one
    /// of your hosts arrive at another; let it serve yours only.
    ///
    /// ```
    /// use http::{Request, uri};
    /// use webhook_core::{Facts, Origin, Reason, Secret, Timestamp};
    /// use webhook_signature::{SignRequest, Verifier, presets};
    ///
    /// let scheme = presets::SQUARE.scheme().with_url_from_trusted_proxy();
    /// let verifier = Verifier::new(scheme, Secret::new("0123456789abcdef")?)?;
    /// let now = Timestamp::from_unix_seconds(1_700_000_000);
    /// let (mut parts, ()) = Request::post("/square").body(())?.into_parts();
    /// let delivery = SignRequest::new(b"{}", now)
    ///     .with_base_url("https://hooks.example.com")
    ///     .with_target("/square");
    /// parts.headers.extend(verifier.sign(&delivery)?);
    ///
    /// let refusal = verifier.verify(&parts, b"{}", now).unwrap_err();
    /// assert_eq!(refusal.reason(), Reason::Misconfigured);
    ///
    /// // A layer that believes the proxy leaves this.
    /// let origin = Origin::new(uri::Scheme::HTTPS)
    ///     .with_authority(uri::Authority::from_static("hooks.example.com"));
    /// Facts::of_mut(&mut parts.extensions).set_origin(origin);
    /// assert!(verifier.verify(&parts, b"{}", now).is_ok());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_url_from_trusted_proxy(mut self) -> Self {
        self.url_from_proxy = true;
        self
    }

    /// Whether the URL is taken from what a trusted proxy tells.
    #[must_use]
    pub const fn takes_url_from_trusted_proxy(&self) -> bool {
        self.url_from_proxy
    }

    /// Whether nothing tells the URL that is signed.
    pub(crate) fn lacks_url(&self) -> bool {
        self.covers_url() && self.base_url.is_empty() && !self.url_from_proxy
    }

    /// Scheme, host and port of the URL of a delivery; what it is where none is signed does not
    /// matter.
    pub(crate) fn base_url_of(&self, parts: &Parts) -> Result<Cow<'_, str>, Reason> {
        if !self.url_from_proxy || !self.covers_url() {
            return Ok(Cow::Borrowed(&self.base_url));
        }
        let origin = Facts::of(&parts.extensions).and_then(Facts::origin);
        match origin.and_then(base_url) {
            Some(told) => Ok(Cow::Owned(told)),
            None if self.base_url.is_empty() => Err(Reason::Misconfigured),
            None => Ok(Cow::Borrowed(&self.base_url)),
        }
    }
}

fn base_url(origin: &Origin) -> Option<String> {
    let authority = origin.authority()?;
    let (scheme, host) = (origin.scheme(), authority.host());
    let usual = match scheme {
        _ if *scheme == uri::Scheme::HTTPS => Some(443),
        _ if *scheme == uri::Scheme::HTTP => Some(80),
        _ => None,
    };
    match authority.port_u16().filter(|port| Some(*port) != usual) {
        Some(port) => Some(format!("{scheme}://{host}:{port}")),
        None => Some(format!("{scheme}://{host}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Origin, base_url};

    #[test]
    fn the_usual_port_and_what_is_no_host_are_left_out() {
        for (scheme, authority, expected) in [
            ("https", "a.example", "https://a.example"),
            ("https", "a.example:443", "https://a.example"),
            ("https", "a.example:80", "https://a.example:80"),
            ("http", "a.example:80", "http://a.example"),
            ("http", "[::1]:8080", "http://[::1]:8080"),
            ("https", "user:word@a.example", "https://a.example"),
        ] {
            let origin = Origin::new(scheme.parse().unwrap());
            assert_eq!(base_url(&origin), None);
            let origin = origin.with_authority(authority.parse().unwrap());
            assert_eq!(base_url(&origin).as_deref(), Some(expected));
        }
    }
}
