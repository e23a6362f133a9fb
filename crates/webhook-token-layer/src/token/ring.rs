use std::fmt;

use subtle::{Choice, ConditionallySelectable as _};
use webhook_core::{Name, Timestamp};

use super::{Token, TokenError};
use crate::source::Candidate;

/// The most tokens in one [`TokenRing`], so that the cost of a wrong token is bounded.
pub const MAX_TOKENS: usize = 16;

/// The tokens that a receiver takes, all at once: the new one and the old one while senders change
/// over, or one for each sender.
///
/// Every token is looked at for every request, in constant time. A ring is made with one token, and
/// has none only where all of them were [revoked](Self::without): then nobody comes in.
///
/// ```
/// use webhook_core::{Secret, Timestamp};
/// use webhook_token_layer::{Token, TokenRing};
///
/// let ring = TokenRing::new(Token::new("2026-q4", Secret::new("a token of this quarter")?)?)
///     .with(
///         Token::new("2026-q3", Secret::new("a token of last quarter")?)?
///             .with_not_after(Timestamp::from_unix_seconds(1_791_763_200))?,
///     )?;
/// assert_eq!(ring.ids().collect::<Vec<_>>(), ["2026-q4", "2026-q3"]);
/// assert_eq!(ring.without("2026-q3")?.ids().count(), 1);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TokenRing(Vec<Token>);

impl TokenRing {
    /// A ring of one token.
    #[must_use]
    pub fn new(token: Token) -> Self {
        Self(vec![token])
    }

    /// Adds a token.
    ///
    /// # Errors
    /// An id or a token that is there already, and more than [`MAX_TOKENS`] tokens.
    pub fn with(mut self, token: Token) -> Result<Self, TokenError> {
        let name = |token: &Token| token.id().as_str().to_owned();
        if self.0.iter().any(|other| other.id() == token.id()) {
            return Err(TokenError::RepeatedId(name(&token)));
        }
        let same = |other: &&Token| bool::from(other.digest().ct_eq(token.digest()));
        if let Some(other) = self.0.iter().find(same) {
            return Err(TokenError::RepeatedToken {
                first: name(other),
                second: name(&token),
            });
        }
        if self.0.len() >= MAX_TOKENS {
            return Err(TokenError::Full);
        }
        self.0.push(token);
        Ok(self)
    }

    /// Revokes a token: the ring without it. Put it in force with
    /// [`SettingsHandle::replace`](webhook_core::SettingsHandle::replace); see
    /// [`TokenSettings::with_tokens`](crate::TokenSettings::with_tokens).
    ///
    /// A ring whose last token is revoked lets nobody in.
    ///
    /// # Errors
    /// An id that no token has, lest a slip pass for a revocation.
    pub fn without(mut self, id: &str) -> Result<Self, TokenError> {
        let place = self.0.iter().position(|token| token.id().as_str() == id);
        let Some(place) = place else {
            let shown = id.escape_default().take(super::entry::MAX_ID_BYTES);
            return Err(TokenError::UnknownId(shown.collect()));
        };
        self.0.remove(place);
        Ok(self)
    }

    /// The ids of the tokens, in the order they were added.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|token| token.id().as_str())
    }

    /// The tokens with their times of validity and their [usage](Token::usage), in the order they were
    /// added.
    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.0.iter()
    }

    /// The token that a candidate is, if it is valid now. Every token is looked at, and which one it
    /// is shows in no branch before: one that is out of time takes as long as one that never was.
    pub(crate) fn find(&self, candidate: &Candidate, now: Timestamp) -> Option<&Token> {
        self.search(candidate, |token| token.is_valid_at(now))
    }

    /// The token that a candidate is, where it is not valid now: for a diagnosis.
    pub(crate) fn find_out_of_time(&self, candidate: &Candidate, now: Timestamp) -> Option<&Token> {
        self.search(candidate, |token| !token.is_valid_at(now))
    }

    fn search(&self, candidate: &Candidate, counts: impl Fn(&Token) -> bool) -> Option<&Token> {
        let mut found = 0_u8;
        for (place, token) in (1_u8..).zip(&self.0) {
            let counts = Choice::from(u8::from(counts(token)));
            found.conditional_assign(&place, candidate.is(token.digest()) & counts);
        }
        let found = usize::from(found).checked_sub(1);
        found.and_then(|place| self.0.get(place))
    }

    /// The ids of the tokens that are valid now, for records.
    pub(crate) fn valid_ids(&self, now: Timestamp) -> Vec<Name> {
        let valid = self.0.iter().filter(|token| token.is_valid_at(now));
        valid.map(|token| token.id().clone()).collect()
    }
}

impl From<Token> for TokenRing {
    fn from(token: Token) -> Self {
        Self::new(token)
    }
}

/// Prints the ids only.
impl fmt::Debug for TokenRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenRing")?;
        f.debug_list().entries(self.ids()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use webhook_core::{Secret, Timestamp};

    use super::{MAX_TOKENS, Token, TokenError, TokenRing};
    use crate::source::Candidate;

    fn token(id: &str, text: &str) -> Token {
        Token::new(id.to_owned(), Secret::insecure_short(text).unwrap()).unwrap()
    }

    fn full() -> TokenRing {
        (1..MAX_TOKENS).fold(token("0", "token-0").into(), |ring: TokenRing, n| {
            let (id, text) = (n.to_string(), format!("token-{n}"));
            ring.with(token(&id, &text)).unwrap()
        })
    }

    fn found(ring: &TokenRing, text: &[u8]) -> Option<String> {
        let found = ring.find(&Candidate::of(text), Timestamp::from_unix_seconds(0));
        found.map(|token| token.id().as_str().to_owned())
    }

    #[test]
    fn every_place_of_a_full_ring_is_found_and_nothing_else() {
        let ring = full();
        for n in 0..MAX_TOKENS {
            let text = format!("token-{n}");
            assert_eq!(found(&ring, text.as_bytes()), Some(n.to_string()));
        }
        for text in ["", "token-", "token-16", "token-00", "Token-0", "0"] {
            assert_eq!(found(&ring, text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_token_that_is_out_of_time_is_found_for_a_diagnosis_alone() {
        let last = Timestamp::from_unix_seconds(100);
        let old = token("old", "token-old").with_not_after(last).unwrap();
        let ring = TokenRing::new(token("new", "token-new")).with(old).unwrap();
        let later = Timestamp::from_unix_seconds(101);
        for (text, valid, out_of_time) in [
            ("token-new", Some("new"), None),
            ("token-old", None, Some("old")),
            ("token-none", None, None),
        ] {
            let candidate = Candidate::of(text.as_bytes());
            let id = |found: Option<&Token>| found.map(|token| token.id().as_str().to_owned());
            assert_eq!(id(ring.find(&candidate, later)).as_deref(), valid);
            let found = ring.find_out_of_time(&candidate, later);
            assert_eq!(id(found).as_deref(), out_of_time);
        }
        assert!(ring.find(&Candidate::of(b"token-old"), last).is_some());
    }

    #[test]
    fn ids_and_tokens_are_distinct_and_few() {
        let ring = TokenRing::new(token("a", "token-a"));
        let error = ring.clone().with(token("a", "token-b")).unwrap_err();
        assert_eq!(error, TokenError::RepeatedId("a".into()));
        let error = ring.with(token("b", "token-a")).unwrap_err();
        let (first, second) = ("a".into(), "b".into());
        assert_eq!(error, TokenError::RepeatedToken { first, second });
        let error = full().with(token("more", "token-more")).unwrap_err();
        assert_eq!(error, TokenError::Full);
    }

    #[test]
    fn revoking_takes_exactly_one_and_the_last_leaves_nobody() {
        let ring = TokenRing::new(token("a", "token-a"));
        let ring = ring.with(token("b", "token-b")).unwrap();
        let error = ring.clone().without("c").unwrap_err();
        assert_eq!(error, TokenError::UnknownId("c".into()));
        let ring = ring.without("a").unwrap();
        assert_eq!(found(&ring, b"token-a"), None);
        assert_eq!(found(&ring, b"token-b"), Some("b".into()));
        let nobody = ring.without("b").unwrap();
        assert_eq!(found(&nobody, b"token-b"), None);
        assert_eq!(found(&nobody, b""), None);
    }

    #[test]
    fn ids_are_printed_and_no_token_is() {
        let ring = TokenRing::new(token("a", "canary"));
        assert_eq!(format!("{ring:?}"), r#"TokenRing["a"]"#);
    }

    proptest! {
        #[test]
        fn a_token_is_found_by_itself_alone(
            texts in proptest::collection::btree_set("[!-~]{1,40}", 1..MAX_TOKENS),
            candidate in proptest::collection::vec(any::<u8>(), 0..50),
        ) {
            let texts: Vec<_> = texts.into_iter().filter(|text| !text.starts_with("${")).collect();
            prop_assume!(!texts.is_empty());
            let mut ring = TokenRing::new(token("0", &texts[0]));
            for (n, text) in texts.iter().enumerate().skip(1) {
                ring = ring.with(token(&n.to_string(), text)).unwrap();
            }
            for text in &texts {
                prop_assert!(found(&ring, text.as_bytes()).is_some());
            }
            let is_one = texts.iter().any(|text| text.as_bytes() == candidate);
            prop_assert_eq!(found(&ring, &candidate).is_some(), is_one);
        }
    }
}
