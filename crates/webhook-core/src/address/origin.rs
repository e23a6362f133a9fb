use http::uri::{Authority, Scheme};

/// What the sender called, before any proxy: the scheme, and host and port where they are known.
///
/// It comes from configuration or from a trusted proxy's headers. A request's own `Host` is never
/// enough: whoever sends the request chooses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    authority: Option<Authority>,
}

impl Origin {
    /// An origin of which only the scheme is known.
    #[must_use]
    pub const fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            authority: None,
        }
    }

    /// Says host and port.
    #[must_use]
    pub fn with_authority(mut self, authority: Authority) -> Self {
        self.authority = Some(authority);
        self
    }

    /// The scheme that the sender used.
    #[must_use]
    pub const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Whether the sender used https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// The host, with its port where the sender named one.
    #[must_use]
    pub const fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use http::uri::{Authority, Scheme};

    use super::Origin;

    #[test]
    fn only_https_is_https_and_the_authority_comes_back() {
        assert!(Origin::new(Scheme::HTTPS).is_https());
        let origin = Origin::new(Scheme::HTTP);
        assert!(!origin.is_https());
        assert_eq!(origin.authority(), None);
        let authority = Authority::from_static("hooks.example.com:8443");
        let origin = origin.with_authority(authority.clone());
        assert_eq!(origin.authority(), Some(&authority));
    }
}
