use std::{borrow::Borrow, fmt, sync::Arc};

use webhook_core::{Name, Secret, SecretError, SecretErrorKind, Timestamp};

use super::{TokenError, TokenHash, TokenUsage, usage::Counters};
use crate::digest::Digest;

/// The longest token, in bytes, so that the cost of comparing one is bounded.
pub const MAX_TOKEN_BYTES: usize = 2048;

/// The longest id of a token, in bytes.
pub(super) const MAX_ID_BYTES: usize = 64;

/// One shared token: a short id that records may show, the token's SHA-256, and when it is valid.
///
/// The token itself is not kept: not in memory, not in `Debug`.
///
/// | setting | default |
/// |---|---|
/// | not before | always valid so far |
/// | not after | valid for ever |
///
/// ```
/// use webhook_core::{Secret, Timestamp};
/// use webhook_token_layer::Token;
///
/// let token = Token::new("2026-q4", Secret::new("a token of this quarter")?)?
///     .with_not_after(Timestamp::from_unix_seconds(1_798_761_599))?;
/// assert!(token.is_valid_at(Timestamp::from_unix_seconds(1_798_761_599)));
/// assert!(!token.is_valid_at(Timestamp::from_unix_seconds(1_798_761_600)));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Token {
    id: Name,
    digest: Digest,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
    // Of the token and its clones: settings that are swapped go on counting.
    counters: Arc<Counters>,
}

impl Token {
    /// A token as the sender was given it. The secret is only hashed; an owned one is wiped here.
    ///
    /// For [Basic](crate::TokenSource::Basic) the token is the password.
    ///
    /// # Errors
    /// An id that is empty, longer than 64 bytes, or holds more than visible ASCII; a token with a
    /// newline or other white space at an end, with a control character, or longer than
    /// [`MAX_TOKEN_BYTES`].
    pub fn new(id: impl Into<Name>, token: impl Borrow<Secret>) -> Result<Self, TokenError> {
        let token = token.borrow();
        let made = Self::hashed(id, &TokenHash::of(token))?;
        made.check(token.expose())?;
        Ok(made)
    }

    /// A token that is stored hashed; read [`TokenHash`] for which tokens that is safe.
    ///
    /// ```
    /// use webhook_token_layer::Token;
    ///
    /// let stored = "9b74c9897bac770ffc029102a200c5de0f6a0a6e4e4e4f0f5b1c1a1d6a3c1e2f";
    /// let token = Token::hashed("2026-q4", &stored.parse()?)?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// An id that is empty, longer than 64 bytes, or holds more than visible ASCII.
    pub fn hashed(id: impl Into<Name>, hash: &TokenHash) -> Result<Self, TokenError> {
        let id = id.into();
        let text = id.as_str();
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > MAX_ID_BYTES || !is_visible {
            let shown = text.escape_default().take(MAX_ID_BYTES).collect();
            return Err(TokenError::Id(shown));
        }
        Ok(Self {
            id,
            digest: hash.digest(),
            not_before: None,
            not_after: None,
            counters: Arc::new(Counters::new()),
        })
    }

    /// Refuses what can never arrive: it is a slip of whoever configured it.
    fn check(&self, token: &[u8]) -> Result<(), TokenError> {
        if token.ends_with(b"\n") {
            let kind = SecretErrorKind::TrailingNewline { bytes: token.len() };
            let error = SecretError::new(kind).of(format!("the token `{}`", self.id));
            return Err(TokenError::Secret(error));
        }
        let is_trimmed = token.trim_ascii().len() == token.len();
        if !is_trimmed || token.iter().any(u8::is_ascii_control) {
            return Err(TokenError::Unsendable(self.name()));
        }
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong(self.name()));
        }
        Ok(())
    }

    /// Sets from when on the token is valid, that instant included. Default: always.
    ///
    /// # Errors
    /// An instant after the token's not-after.
    pub fn with_not_before(mut self, instant: Timestamp) -> Result<Self, TokenError> {
        self.not_before = Some(instant);
        self.in_order()
    }

    /// Sets until when the token is valid, that instant included, as X.509 has it
    /// ([RFC 5280 section 4.1.2.5](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5)).
    /// Default: for ever.
    ///
    /// # Errors
    /// An instant before the token's not-before.
    pub fn with_not_after(mut self, instant: Timestamp) -> Result<Self, TokenError> {
        self.not_after = Some(instant);
        self.in_order()
    }

    fn in_order(self) -> Result<Self, TokenError> {
        match (self.not_before, self.not_after) {
            (Some(first), Some(last)) if last < first => Err(TokenError::NeverValid(self.name())),
            _ => Ok(self),
        }
    }

    /// The id, for records.
    #[must_use]
    pub const fn id(&self) -> &Name {
        &self.id
    }

    /// From when on the token is valid.
    #[must_use]
    pub const fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// Until when the token is valid, so that somebody can be told in time.
    #[must_use]
    pub const fn not_after(&self) -> Option<Timestamp> {
        self.not_after
    }

    /// Whether the token is valid at this instant.
    #[must_use]
    pub fn is_valid_at(&self, instant: Timestamp) -> bool {
        self.not_before.is_none_or(|first| first <= instant)
            && self.not_after.is_none_or(|last| instant <= last)
    }

    /// How often the token was taken, and when last.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        self.counters.read()
    }

    pub(crate) fn note_use(&self, now: Timestamp) {
        self.counters.note(now);
    }

    pub(crate) const fn digest(&self) -> &Digest {
        &self.digest
    }

    fn name(&self) -> String {
        self.id.as_str().to_owned()
    }
}

/// Prints the id and the times, nothing of the token.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("id", &self.id)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{error::Error as _, time::Duration};

    use webhook_core::{Secret, SecretError, SecretErrorKind, Timestamp};

    use super::{MAX_TOKEN_BYTES, Token, TokenError};

    fn token(text: impl Into<Vec<u8>>) -> Result<Token, TokenError> {
        Token::new("id", Secret::new(text).unwrap())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[test]
    fn both_ends_of_the_validity_are_inside_it() {
        let bounded = token("canary-canary-canary").unwrap();
        let bounded = bounded.with_not_before(at(100)).unwrap();
        let bounded = bounded.with_not_after(at(200)).unwrap();
        assert_eq!(bounded.not_before(), Some(at(100)));
        assert_eq!(bounded.not_after(), Some(at(200)));
        let nanosecond = Duration::from_nanos(1);
        assert!(!bounded.is_valid_at(at(99).saturating_add(Duration::from_nanos(999_999_999))));
        assert!(bounded.is_valid_at(at(100)));
        assert!(bounded.is_valid_at(at(200)));
        assert!(!bounded.is_valid_at(at(200).saturating_add(nanosecond)));
        assert!(!bounded.is_valid_at(at(i64::MIN)));
        assert!(!bounded.is_valid_at(at(i64::MAX)));
    }

    #[test]
    fn without_bounds_a_token_is_always_valid() {
        let token = token("canary-canary-canary").unwrap();
        assert!(token.is_valid_at(at(i64::MIN)) && token.is_valid_at(at(i64::MAX)));
    }

    #[test]
    fn a_token_that_is_never_valid_is_refused_either_way_round() {
        let never = TokenError::NeverValid("id".into());
        let first = token("canary-canary-canary").unwrap();
        let first = first.with_not_before(at(2)).unwrap();
        assert_eq!(first.clone().with_not_after(at(1)).unwrap_err(), never);
        assert!(first.with_not_after(at(2)).is_ok());
        let last = token("canary-canary-canary").unwrap();
        let last = last.with_not_after(at(1)).unwrap();
        assert_eq!(last.with_not_before(at(2)).unwrap_err(), never);
    }

    #[test]
    fn what_no_sender_can_send_is_refused_and_not_shown() {
        let newline = token("canary-canary-canary\n").unwrap_err();
        assert!(matches!(
            &newline,
            TokenError::Secret(error)
                if error.kind() == SecretErrorKind::TrailingNewline { bytes: 21 }
        ));
        assert!(newline.to_string().contains("`id`"));
        assert!(newline.source().unwrap().is::<SecretError>());
        let unsendable = TokenError::Unsendable("id".into());
        assert!(unsendable.source().is_none());
        for text in [
            " canary-canary-canary",
            "canary-canary-canary ",
            "canary-canary-canary\t",
            "canary-\0canary-canary",
            "canary-\x7fcanary-canary",
            "canary-canary\r\n-canary",
        ] {
            assert_eq!(token(text).unwrap_err(), unsendable, "{text:?}");
        }
        assert!(!format!("{newline} {newline:?} {unsendable}").contains("canary"));
        assert!(token("canary canary-canäry").is_ok());
    }

    #[test]
    fn the_longest_token_is_taken_and_no_longer_one() {
        assert!(token("x".repeat(MAX_TOKEN_BYTES)).is_ok());
        let error = token("x".repeat(MAX_TOKEN_BYTES + 1)).unwrap_err();
        assert_eq!(error, TokenError::TooLong("id".into()));
    }

    #[test]
    fn ids_are_short_and_visible() {
        let secret = Secret::new("canary-canary-canary").unwrap();
        for id in ["", "a b", "a\n", "ä", &"x".repeat(65)] {
            let error = Token::new(id.to_owned(), &secret).unwrap_err();
            assert!(matches!(error, TokenError::Id(_)), "{id}");
        }
        let token = Token::new("x".repeat(64), &secret).unwrap();
        assert!(!format!("{token:?}").contains("canary"));
    }
}
