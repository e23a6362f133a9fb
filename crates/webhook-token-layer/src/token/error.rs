use std::{error::Error, fmt};

use webhook_core::SecretError;

use super::{MAX_TOKEN_BYTES, MAX_TOKENS, entry::MAX_ID_BYTES};

/// Why a token, or a ring of them, cannot be used. Says the fix, and no byte of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// An id that is empty, longer than 64 bytes, or holds more than visible ASCII.
    Id(String),
    /// An id that another token of the ring has.
    RepeatedId(String),
    /// The same token stands in the ring under two ids, so that revoking one would revoke nothing.
    RepeatedToken {
        /// The id of the token that is there.
        first: String,
        /// The id of the token that was to be added.
        second: String,
    },
    /// There are [`MAX_TOKENS`] tokens already.
    Full,
    /// No token of the ring has this id.
    UnknownId(String),
    /// The secret is none that a sender could have been given.
    Secret(SecretError),
    /// White space at an end of the token, or a control character in it: no sender can send that.
    Unsendable(String),
    /// Longer than [`MAX_TOKEN_BYTES`].
    TooLong(String),
    /// The token ends being valid before it begins.
    NeverValid(String),
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(
                f,
                "`{id}` is no id of a token; take up to {MAX_ID_BYTES} visible ASCII characters, such as `2026-q4`, and never the token itself"
            ),
            Self::RepeatedId(id) => write!(f, "two tokens have the id `{id}`; give each its own"),
            Self::RepeatedToken { first, second } => write!(
                f,
                "`{first}` and `{second}` are the same token; leave one out, or revoking one of them would revoke nothing"
            ),
            Self::Full => write!(
                f,
                "more than {MAX_TOKENS} tokens; remove those that nobody sends any more"
            ),
            Self::UnknownId(id) => write!(
                f,
                "there is no token with the id `{id}`; `TokenRing::ids` lists those that there are"
            ),
            Self::Secret(error) => error.fmt(f),
            Self::Unsendable(id) => write!(
                f,
                "the token `{id}` has white space at an end or a control character in it, which no sender can send; was more copied than the token?"
            ),
            Self::TooLong(id) => write!(
                f,
                "the token `{id}` has more than {MAX_TOKEN_BYTES} bytes; use a shorter one (`openssl rand -hex 32`)"
            ),
            Self::NeverValid(id) => write!(
                f,
                "the token `{id}` ends being valid before it begins; are not-before and not-after the wrong way round?"
            ),
        }
    }
}

impl Error for TokenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Secret(error) => Some(error),
            _ => None,
        }
    }
}

/// Why a text is no [`TokenHash`](super::TokenHash). Says no digit of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenHashError {
    /// Not 64 hexadecimal digits.
    NotADigest,
    /// The hash of nothing, or of a newline alone: whatever made it was given no token.
    OfNothing,
}

impl fmt::Display for TokenHashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotADigest => {
                "a hashed token is 64 hexadecimal digits, as `printf %s \"$TOKEN\" | sha256sum` prints them"
            }
            Self::OfNothing => {
                "this is the SHA-256 of nothing, so that anybody could come in; was the variable set that held the token?"
            }
        })
    }
}

impl Error for TokenHashError {}
