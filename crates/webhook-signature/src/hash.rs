//! Plain hashes with the secret in front of the text or behind it, which are no HMAC.

use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A hash that is under way, and what of the secret is still to come.
#[derive(Clone)]
pub(crate) struct Hash {
    state: State,
    end: Zeroizing<Vec<u8>>,
}

#[derive(Clone)]
enum State {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hash {
    pub(crate) fn sha1() -> Self {
        Self::new(State::Sha1(Sha1::new()))
    }

    pub(crate) fn sha256() -> Self {
        Self::new(State::Sha256(Sha256::new()))
    }

    fn new(state: State) -> Self {
        Self {
            state,
            end: Zeroizing::default(),
        }
    }

    /// With the text behind the secret.
    pub(crate) fn behind(mut self, secret: &[u8]) -> Self {
        self.update(secret);
        self
    }

    /// With the text before the secret.
    pub(crate) fn before(mut self, secret: &[u8]) -> Self {
        self.end = Zeroizing::new(secret.to_vec());
        self
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Sha1(hash) => hash.update(bytes),
            State::Sha256(hash) => hash.update(bytes),
        }
    }

    pub(crate) fn finish<T>(mut self, digest: impl FnOnce(&[u8]) -> T) -> T {
        let end = std::mem::take(&mut self.end);
        self.update(&end);
        match self.state {
            State::Sha1(hash) => digest(&hash.finalize()),
            State::Sha256(hash) => digest(&hash.finalize()),
        }
    }
}

/// The SHA-256 digest of these bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The SHA-1 digest of these bytes.
pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}
