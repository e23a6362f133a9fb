use http::Uri;

use crate::exit::Failure;

/// A URL as the sender saw it.
#[derive(Clone, Debug)]
pub(crate) struct Url {
    /// Scheme and host, and the port where one is written; `None` where only a path was given.
    base: Option<String>,
    authority: Option<String>,
    /// Path and query.
    target: Uri,
}

impl Url {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || {
            Failure::usage(format!(
                "`{text}` is no URL; write it as `https://hooks.example.com/path?query`, or only the path"
            ))
        };
        let uri: Uri = text
            .parse()
            .or_else(|_| on_the_wire(text).parse())
            .map_err(|_| wrong())?;
        let authority = uri.authority().map(ToString::to_string);
        let base = match (uri.scheme_str(), &authority) {
            (Some(scheme @ ("http" | "https")), Some(authority)) => {
                Some(format!("{scheme}://{authority}"))
            }
            (None, None) => None,
            _ => return Err(wrong()),
        };
        let target = match uri.path_and_query() {
            Some(target) => Uri::from(target.clone()),
            None => return Err(wrong()),
        };
        Ok(Self {
            base,
            authority,
            target,
        })
    }

    /// The same place, with another path and query.
    pub(crate) fn with_target(&self, target: &str) -> Result<Self, Failure> {
        let target = target.parse().map_err(Failure::usage)?;
        Ok(Self {
            target,
            ..self.clone()
        })
    }

    /// The same place and path, with the query of another URL.
    pub(crate) fn with_query_of(&self, other: &Self) -> Result<Self, Failure> {
        let query = other.target.query().unwrap_or_default();
        self.with_target(&format!("{}?{query}", self.target.path()))
    }

    /// The whole URL, or the path where only that was given.
    pub(crate) fn text(&self) -> String {
        let base = self.base().unwrap_or_default();
        format!("{base}{}", self.target_text())
    }

    pub(crate) fn base(&self) -> Option<&str> {
        self.base.as_deref()
    }

    /// Host and port, as a `Host` header holds them.
    pub(crate) fn host(&self) -> Option<&str> {
        let authority = self.authority.as_deref()?;
        authority.rsplit('@').next()
    }

    /// Path and query, in the form of a request's head.
    pub(crate) const fn target(&self) -> &Uri {
        &self.target
    }

    pub(crate) fn target_text(&self) -> &str {
        self.target
            .path_and_query()
            .map_or("/", |text| text.as_str())
    }
}

/// The URL as a client has to write it: what no request line can hold is percent-encoded.
fn on_the_wire(text: &str) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if !b"\"<>\\^`{|}".contains(&byte) => url.push(char::from(byte)),
            byte => url.extend(format!("%{byte:02X}").chars()),
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::Url;

    #[test]
    fn a_url_is_taken_apart_and_not_changed() {
        let url = Url::parse("https://u:p@hooks.example.com:8443/a%2Fb//c?x=1&y=%20").unwrap();
        assert_eq!(url.base(), Some("https://u:p@hooks.example.com:8443"));
        assert_eq!(url.host(), Some("hooks.example.com:8443"));
        assert_eq!(url.target_text(), "/a%2Fb//c?x=1&y=%20");

        let path = Url::parse("/hooks?x").unwrap();
        assert_eq!((path.base(), path.target_text()), (None, "/hooks?x"));

        let odd = Url::parse("https://hooks.example.com/a b?ä={1}").unwrap();
        assert_eq!(odd.target_text(), "/a%20b?%C3%A4=%7B1%7D");

        for text in [
            "",
            "hooks.example.com",
            "ftp://a/b",
            "https://",
            "https://a b/",
        ] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
    }
}
