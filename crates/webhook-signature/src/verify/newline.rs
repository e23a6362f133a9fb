//! The usual mistake with secrets: a newline that one of the two sides has at its end.

use http::request::Parts;
use webhook_core::{Name, Timestamp};
use zeroize::Zeroizing;

use super::{Verifier, keys::Key};
use crate::{
    KeyRing, SecretEncoding,
    key::{Entry, Meter},
    scheme::Scheme,
};

/// Which side has a newline at the end of its secret that the other has not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewlineMistake {
    /// The secret of this id has one here, as the base64 of a line has that `echo` wrote.
    Ours(Name),
    /// The sender's secret has one that the secret of this id lacks.
    Theirs(Name),
}

/// The secrets of a verifier with the newline at their ends taken away, or put there.
#[derive(Clone)]
pub(super) struct Variant {
    verifier: Verifier,
    /// The secrets that end with a newline here.
    ours: Vec<Name>,
}

impl Variant {
    /// The variant of a ring; `None` where no secret can be mistaken in that way.
    pub(super) fn of(scheme: &Scheme, ring: &KeyRing) -> Option<Self> {
        let (mut keys, mut ours) = (Vec::new(), Vec::new());
        for (at, entry) in ring.entries().enumerate() {
            let key = scheme.secret.key(&entry.secret).ok()?;
            let end = key.strip_suffix(b"\n");
            let other = match end.map(|end| end.strip_suffix(b"\r").unwrap_or(end)) {
                Some([]) => continue,
                Some(end) => {
                    ours.push(entry.id.clone());
                    Zeroizing::new(end.to_vec())
                }
                // What the sender decodes has no newline at its end.
                None if scheme.secret != SecretEncoding::Raw => continue,
                None => Zeroizing::new([&**key, b"\n"].concat()),
            };
            // Whatever it verifies is no use of the secret.
            let entry = Entry {
                meter: Meter::new(&entry.secret).into(),
                ..entry.clone()
            };
            keys.extend(Key::of_bytes(scheme, &entry, at, &other).ok()?);
        }
        let verifier = Verifier::of_keys(scheme.clone(), keys.into_iter(), None)?;
        Some(Self { verifier, ours })
    }

    pub(super) fn without(mut self: Box<Self>, id: &str) -> Option<Box<Self>> {
        match self.verifier.without(id) {
            Ok(verifier) => self.verifier = verifier,
            Err(crate::KeyRingError::Last) => return None,
            Err(_) => {}
        }
        Some(self)
    }
}

impl Verifier {
    /// Whether this delivery, which did not verify, would have if a newline at the end of a secret
    /// were taken away here or at the sender's. For diagnoses: it accepts nothing. Costs as much as
    /// verifying once more.
    ///
    /// `body` is the whole body, in any pieces. `None` for public keys and tokens that hold claims.
    pub fn newline_mistake<'b, I>(
        &self,
        parts: &Parts,
        body: I,
        now: Timestamp,
    ) -> Option<NewlineMistake>
    where
        I: IntoIterator<Item = &'b [u8]>,
        I::IntoIter: Clone,
    {
        let variant = self.variant()?;
        let mut pending = variant.verifier.begin(parts, now).ok()?;
        let verification = pending.finish(body).ok()?;
        let id = verification.secret_id()?.clone();
        Some(if variant.ours.contains(&id) {
            NewlineMistake::Ours(id)
        } else {
            NewlineMistake::Theirs(id)
        })
    }
}
