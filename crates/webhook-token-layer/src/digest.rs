use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// What tokens are compared by: their SHA-256, so that not even their lengths show in the time.
///
/// There is no `==` on purpose.
#[derive(Clone, Copy)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

/// Takes a text in pieces.
#[derive(Default)]
pub(crate) struct Hasher(Sha256);

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use std::marker::PhantomData;

    use super::Digest;

    struct Probe<T>(PhantomData<T>);

    trait Otherwise {
        const IS_EQUAL: bool = false;
    }

    impl<T> Otherwise for Probe<T> {}

    impl<T: PartialEq> Probe<T> {
        const IS_EQUAL: bool = true;
    }

    #[test]
    fn digests_of_tokens_cannot_be_compared_with_two_equals_signs() {
        let [of_digests, of_bytes] = [Probe::<Digest>::IS_EQUAL, Probe::<[u8; 32]>::IS_EQUAL];
        assert!(!of_digests && of_bytes);
    }
}
