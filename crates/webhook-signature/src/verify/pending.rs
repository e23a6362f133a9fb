use std::fmt;

use webhook_core::{Reason, Timestamp, Verification};

use super::{Refusal, Verifier, headers::Judged, keys::Key, whole};
use crate::mac::Mac;

/// A delivery whose headers passed and whose body is still to come.
///
/// It owns all that it needs, so that a future can hold it beside the request. Feeding it the body
/// as it arrives hides the cost of the front key; nothing is allocated for up to two SHA-256
/// signatures and ids of the usual length.
///
/// ```
/// use http::Request;
/// use webhook_core::{Secret, Timestamp};
/// use webhook_signature::{Verifier, presets};
///
/// let verifier = Verifier::new(presets::GITHUB.scheme(), Secret::new("It's a Secret to Everybody")?)?;
/// let (parts, ()) = Request::post("/")
///     .header("x-hub-signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
///     .body(())?
///     .into_parts();
///
/// let frames: [&[u8]; 2] = [b"Hello, ", b"World!"];
/// let mut pending = verifier.begin(&parts, Timestamp::from_unix_seconds(1_700_000_000))?;
/// for frame in frames {
///     pending.update(frame);
/// }
/// assert!(pending.finish(frames).is_ok());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is verified before `finish()`"]
pub struct Pending {
    verifier: Verifier,
    work: Work,
    fed: u64,
}

/// What is done while the body arrives, and after it.
#[cfg_attr(
    feature = "public-key",
    allow(
        clippy::large_enum_variant,
        reason = "the large one is the usual one, and a box would be an allocation for each delivery"
    )
)]
enum Work {
    /// The state of the first key that is valid, and what its tag is compared with.
    Mac(Mac, Judged, Timestamp),
    #[cfg(feature = "public-key")]
    Public(Box<crate::public::Pending>),
}

impl Pending {
    pub(super) fn new(verifier: Verifier, first: &Key, judged: Judged, now: Timestamp) -> Self {
        let mac = begin(first, &judged);
        Self {
            verifier,
            work: Work::Mac(mac, judged, now),
            fed: 0,
        }
    }

    #[cfg(feature = "public-key")]
    pub(super) fn public(verifier: Verifier, pending: crate::public::Pending) -> Self {
        Self {
            verifier,
            work: Work::Public(Box::new(pending)),
            fed: 0,
        }
    }

    /// Feeds the next bytes of the body. Optional: a body that was never fed is hashed at the end.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.work {
            Work::Mac(mac, judged, _) if self.verifier.covered().body && judged.head.is_none() => {
                mac.update(bytes);
            }
            Work::Mac(..) => {}
            #[cfg(feature = "public-key")]
            Work::Public(pending) => pending.update(bytes),
        }
        self.fed = self.fed.saturating_add(length(bytes));
    }

    /// Compares the signatures with that of the first valid key and, where none is right, of the
    /// other valid ones in turn, for which `body` is hashed again.
    ///
    /// `body` is the whole body, in any pieces.
    ///
    /// # Errors
    /// [`Reason::SignatureMismatch`] where no key made any of the signatures.
    /// [`Reason::Misconfigured`] where some bytes were fed and `body` has another length, because
    /// then something else than what was verified would be handed on.
    pub fn finish<'b, I>(mut self, body: I) -> Result<Verification, Refusal>
    where
        I: IntoIterator<Item = &'b [u8]>,
        I::IntoIter: Clone,
    {
        let body = body.into_iter();
        if self.fed == 0 {
            for piece in body.clone() {
                self.update(piece);
            }
        } else if self.fed != body.clone().map(length).fold(0, u64::saturating_add) {
            return Err(Refusal::by_body(Reason::Misconfigured));
        }
        let Self { verifier, work, .. } = self;
        let (mac, mut judged, now) = match work {
            Work::Mac(mac, judged, now) => (mac, judged, now),
            #[cfg(feature = "public-key")]
            Work::Public(pending) => {
                let keys = verifier.public();
                let keys = keys.ok_or(Refusal::by_body(Reason::Misconfigured))?;
                let pieces: Vec<_> = body.collect();
                let now = pending.now();
                let verdict = pending.finish(verifier.scheme(), keys, &pieces);
                let verification = verdict.map_err(Refusal::by_body)?;
                let mut secrets = verifier.watched();
                if let Some(used) =
                    secrets.find(|secret| Some(&secret.id) == verification.secret_id())
                {
                    verifier.count(used, now);
                }
                return Ok(verification);
            }
        };
        if let Some(head) = judged.head.take() {
            return whole::judge(&verifier, &head, judged, body)
                .map_err(|reason| Refusal::by_body(verifier.scheme().told(reason)));
        }
        let again = |key: &Key| {
            let mut mac = begin(key, &judged);
            if verifier.covered().body {
                body.clone().for_each(|piece| mac.update(piece));
            }
            mac
        };
        let mut keys = verifier.valid_keys(now);
        let first = keys.next().filter(|_| matches(mac, &judged));
        let key = first.or_else(|| keys.find(|key| matches(again(key), &judged)));
        let reason = verifier.scheme().told(Reason::SignatureMismatch);
        let key = key.ok_or_else(|| Refusal::by_body(reason))?;
        verifier.count(&key.watched, now);
        Ok(judged.facts.describe(&verifier, key))
    }
}

fn begin(key: &Key, judged: &Judged) -> Mac {
    let mut mac = key.mac.clone();
    mac.update(judged.text.before_body());
    mac
}

fn matches(mut mac: Mac, judged: &Judged) -> bool {
    mac.update(judged.text.after_body());
    judged.candidates.contain(mac.finish().as_slice())
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("verifier", &self.verifier)
            .field("fed", &self.fed)
            .finish_non_exhaustive()
    }
}
