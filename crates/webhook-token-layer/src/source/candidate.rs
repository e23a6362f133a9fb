use subtle::Choice;
use webhook_core::Reason;

use super::MAX_CREDENTIAL_BYTES;
use crate::digest::Digest;

/// What a request offered as a token: its hash, and whether everything that must stand beside it,
/// the user name, was right.
pub(crate) struct Candidate {
    token: Digest,
    rest: Choice,
}

impl Candidate {
    pub(crate) fn of(token: &[u8]) -> Self {
        Self::hashed(Digest::of(token))
    }

    pub(super) fn hashed(token: Digest) -> Self {
        Self::pair(token, Choice::from(1))
    }

    pub(super) const fn pair(token: Digest, rest: Choice) -> Self {
        Self { token, rest }
    }

    pub(crate) fn is(&self, token: &Digest) -> Choice {
        self.token.ct_eq(token) & self.rest
    }
}

/// Refuses to look at what is too long to be a token: as wrong as any other, and not hashed.
pub(super) fn admit_length(credential: &[u8]) -> Result<(), Reason> {
    if credential.len() > MAX_CREDENTIAL_BYTES {
        return Err(Reason::AuthInvalid);
    }
    Ok(())
}
