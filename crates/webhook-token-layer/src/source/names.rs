use std::fmt;

use super::SourceError;
use crate::digest::Digest;

/// The longest user name, in bytes.
const MAX_USER_BYTES: usize = 256;

/// The longest name of a query parameter, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// The user name that must stand beside the password in `Authorization: Basic`.
///
/// It is compared as the password is, in constant time, and `Debug` does not print it.
#[derive(Clone)]
pub struct BasicUser(Digest);

impl BasicUser {
    /// A user name.
    ///
    /// # Errors
    /// A name that is empty, longer than 256 bytes, or holds a colon or a control character: RFC 7617
    /// has no way to send those.
    pub fn new(user: &str) -> Result<Self, SourceError> {
        let is_sendable = !user.contains(|c: char| c == ':' || c.is_control());
        if user.is_empty() || user.len() > MAX_USER_BYTES || !is_sendable {
            return Err(SourceError::User);
        }
        Ok(Self(Digest::of(user.as_bytes())))
    }

    pub(super) const fn digest(&self) -> &Digest {
        &self.0
    }
}

impl fmt::Debug for BasicUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BasicUser(…)")
    }
}

/// The name of the query parameter that holds a token, as it reads once it is percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueryName(Box<str>);

impl QueryName {
    /// A name, such as `token` or `api_key`. Its case matters.
    ///
    /// # Errors
    /// A name that is empty, longer than 64 bytes, or holds anything but visible ASCII without
    /// `&`, `=`, `+`, `%` and `#`, which servers take in different ways.
    pub fn new(name: &str) -> Result<Self, SourceError> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"&=+%#".contains(&byte);
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(is_plain) {
            let shown = name.escape_default().take(MAX_NAME_BYTES).collect();
            return Err(SourceError::Query(shown));
        }
        Ok(Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{BasicUser, QueryName, SourceError};

    #[test]
    fn users_are_those_that_can_be_sent() {
        for user in ["hook", "hö ok", "a@example.com", &"x".repeat(256)] {
            assert!(BasicUser::new(user).is_ok(), "{user}");
        }
        for user in ["", "a:b", "a\n", "\u{85}", &"x".repeat(257)] {
            assert_eq!(BasicUser::new(user).unwrap_err(), SourceError::User);
        }
        assert!(!format!("{:?}", BasicUser::new("canary")).contains("canary"));
    }

    #[test]
    fn names_are_those_that_every_server_reads_alike() {
        for name in ["token", "api_key", "hub.token", "a[b]", &"x".repeat(64)] {
            assert_eq!(QueryName::new(name).unwrap().as_str(), name);
        }
        for name in [
            "",
            "a b",
            "a+b",
            "a%20b",
            "a=b",
            "a&b",
            "ä",
            &"x".repeat(65),
        ] {
            assert!(
                matches!(QueryName::new(name), Err(SourceError::Query(_))),
                "{name}"
            );
        }
    }
}
