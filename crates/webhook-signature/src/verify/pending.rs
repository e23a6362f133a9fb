use std::fmt;

use http::request::Parts;
use webhook_core::{Reason, Timestamp, Verification};

use super::{Refusal, Verifier, headers::Judged, keys::Key, whole};
use crate::mac::Fed;

/// A delivery whose headers passed and whose body is still to come.
///
/// It owns all that it needs, so that a future can hold it beside the request. Feeding it the body
/// as it arrives hides the cost of the front key, and takes one allocation for its state; nothing else
/// is allocated for up to two SHA-256 signatures and ids of the usual length.
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
#[derive(Default)]
pub struct Pending {
    /// None of whatever has not begun, or is finished.
    verifier: Option<Verifier>,
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
    Mac(Macs),
    #[cfg(feature = "public-key")]
    Public(Box<crate::public::Pending>),
}

impl Default for Work {
    fn default() -> Self {
        Self::Mac(Macs::default())
    }
}

#[derive(Default)]
struct Macs {
    judged: Judged,
    /// When the headers were judged.
    begun: Option<Timestamp>,
    /// The state of the first key that is valid, once it is fed.
    fed: Option<Box<Fed>>,
}

impl Pending {
    /// As [`Verifier::begin`], in the place of this one, whatever it was. It is some hundred bytes
    /// large: a caller who keeps it in a place of its own has it never moved.
    ///
    /// ```
    /// use webhook_core::{Reason, Secret, Timestamp};
    /// use webhook_signature::{Pending, Verifier, presets};
    ///
    /// let verifier = Verifier::new(presets::GITHUB.scheme(), Secret::new("It's a Secret to Everybody")?)?;
    /// let (parts, ()) = http::Request::post("/").body(())?.into_parts();
    /// let mut pending = Pending::default();
    /// let refusal = pending.begin(&verifier, &parts, Timestamp::from_unix_seconds(0)).unwrap_err();
    /// assert_eq!(refusal.reason(), Reason::SignatureMissing);
    /// // What did not begin does not verify.
    /// assert!(pending.finish([&b""[..]]).is_err());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Verifier::begin`]; nothing is pending then.
    pub fn begin(
        &mut self,
        verifier: &Verifier,
        parts: &Parts,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if self.is_used() {
            *self = Self::default();
        }
        #[cfg(feature = "public-key")]
        if let Some(keys) = verifier.public() {
            *self = verifier.begin_public(keys, parts, now)?;
            return Ok(());
        }
        match &mut self.work {
            Work::Mac(work) => work.begin(verifier, parts, now),
            #[cfg(feature = "public-key")]
            Work::Public(_) => Err(Reason::Misconfigured),
        }
        .map_err(Refusal::by_headers)?;
        self.verifier = Some(verifier.clone());
        Ok(())
    }

    #[cfg(feature = "public-key")]
    pub(super) fn public(verifier: Verifier, pending: crate::public::Pending) -> Self {
        Self {
            verifier: Some(verifier),
            work: Work::Public(Box::new(pending)),
            fed: 0,
        }
    }

    fn is_used(&self) -> bool {
        !matches!(&self.work, Work::Mac(Macs { begun: None, .. }))
    }

    /// Feeds the next bytes of the body. Optional: a body that was never fed is hashed at the end,
    /// which is cheaper where all of it is there already.
    pub fn update(&mut self, bytes: &[u8]) {
        let Some(verifier) = &self.verifier else {
            return;
        };
        match &mut self.work {
            Work::Mac(work) => work.update(verifier, bytes),
            #[cfg(feature = "public-key")]
            Work::Public(pending) => pending.update(bytes),
        }
        self.fed = self.fed.saturating_add(length(bytes));
    }

    /// Compares the signatures with that of the first valid key and, where none is right, of the
    /// other valid ones in turn, for which `body` is hashed again.
    ///
    /// `body` is the whole body, in any pieces. What is finished is finished: a second time nothing
    /// verifies.
    ///
    /// # Errors
    /// [`Reason::SignatureMismatch`] where no key made any of the signatures.
    /// [`Reason::Misconfigured`] where some bytes were fed and `body` has another length, because
    /// then something else than what was verified would be handed on, and where nothing was begun.
    pub fn finish<'b, I>(&mut self, body: I) -> Result<Verification, Refusal>
    where
        I: IntoIterator<Item = &'b [u8]>,
        I::IntoIter: Clone,
    {
        let verified = self.finish_in_place(body)?;
        verified
            .take()
            .ok_or(Refusal::by_body(Reason::Misconfigured))
    }

    /// As [`finish`](Self::finish), and leaves the verification where it was made, to be taken: it is
    /// large, and costs something to move. There is always one.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn finish_in_place<'b, I>(&mut self, body: I) -> Result<&mut Option<Verification>, Refusal>
    where
        I: IntoIterator<Item = &'b [u8]>,
        I::IntoIter: Clone,
    {
        let body = body.into_iter();
        if self.fed > 0 && self.fed != body.clone().map(length).fold(0, u64::saturating_add) {
            return Err(Refusal::by_body(Reason::Misconfigured));
        }
        let verifier = self.verifier.take();
        let verifier = verifier.ok_or(Refusal::by_body(Reason::Misconfigured))?;
        match &mut self.work {
            Work::Mac(work) => work.finish(&verifier, body)?,
            #[cfg(feature = "public-key")]
            Work::Public(_) => self
                .finish_public(&verifier, body)
                .map_err(Refusal::by_body)?,
        }
        match &mut self.work {
            Work::Mac(work) => Ok(&mut work.judged.known),
            #[cfg(feature = "public-key")]
            Work::Public(_) => Err(Refusal::by_body(Reason::Misconfigured)),
        }
    }
}

#[cfg(feature = "public-key")]
impl Pending {
    /// Leaves the verification where one by MACs stands.
    fn finish_public<'b>(
        &mut self,
        verifier: &Verifier,
        body: impl Iterator<Item = &'b [u8]> + Clone,
    ) -> Result<(), Reason> {
        let Work::Public(mut pending) = std::mem::take(&mut self.work) else {
            return Err(Reason::Misconfigured);
        };
        if self.fed == 0 {
            body.clone().for_each(|piece| pending.update(piece));
        }
        let keys = verifier.public().ok_or(Reason::Misconfigured)?;
        let pieces: Vec<_> = body.collect();
        let now = pending.now();
        let verification = pending.finish(verifier.scheme(), keys, &pieces)?;
        let mut secrets = verifier.watched();
        if let Some(used) = secrets.find(|secret| Some(&secret.id) == verification.secret_id()) {
            verifier.count(used, now);
        }
        // Marked as used, so that whatever is begun here next knows nothing of it.
        let mut work = Macs {
            begun: Some(now),
            ..Macs::default()
        };
        work.judged.known = Some(verification);
        self.work = Work::Mac(work);
        Ok(())
    }
}

impl Macs {
    fn begin(&mut self, verifier: &Verifier, parts: &Parts, now: Timestamp) -> Result<(), Reason> {
        self.begun = Some(now);
        self.judged.judge(verifier, parts, now)?;
        // A ring of which no secret is valid now cannot tell right from wrong.
        let valid = verifier.first_valid_key(now);
        valid.map(drop).ok_or(Reason::SecretUnavailable)
    }

    fn update(&mut self, verifier: &Verifier, bytes: &[u8]) {
        if !verifier.covered().body || self.judged.head.is_some() {
            return;
        }
        if self.fed.is_none() {
            let first = self.begun.and_then(|now| verifier.first_valid_key(now));
            self.fed = first.map(|key| {
                let mut mac = Box::new(key.mac.begin());
                mac.update(self.judged.text.before_body());
                mac
            });
        }
        if let Some(mac) = &mut self.fed {
            mac.update(bytes);
        }
    }

    /// Completes what is known of the delivery.
    fn finish<'b>(
        &mut self,
        verifier: &Verifier,
        body: impl Iterator<Item = &'b [u8]> + Clone,
    ) -> Result<(), Refusal> {
        let scheme = verifier.scheme();
        let refused = |reason| Refusal::by_body(scheme.told(reason));
        let now = self.begun.ok_or(Refusal::by_body(Reason::Misconfigured))?;
        if let Some(head) = self.judged.head.take() {
            let judged = std::mem::take(&mut self.judged);
            let known = whole::judge(verifier, &head, judged, body).map_err(refused)?;
            self.judged.known = Some(known);
            return Ok(());
        }
        let Judged {
            candidates, text, ..
        } = &self.judged;
        let (before, after) = (text.before_body(), text.after_body());
        let is_covered = verifier.covered().body;
        let made = |key: &Key| {
            let body = body.clone().filter(|_| is_covered);
            candidates.contain(key.mac.tag(before, body, after).as_slice())
        };
        let made_by_first = |key: &&Key| match self.fed.take() {
            Some(mut mac) => {
                mac.update(after);
                candidates.contain(mac.finish().as_slice())
            }
            None => made(key),
        };
        let first = verifier.first_valid_key(now).filter(made_by_first);
        let key = first.or_else(|| verifier.valid_keys(now).skip(1).find(|key| made(key)));
        let key = key.ok_or_else(|| refused(Reason::SignatureMismatch))?;
        verifier.count(&key.watched, now);
        let known = self.judged.known.as_mut();
        let known = known.ok_or(Refusal::by_body(Reason::Misconfigured))?;
        known.set_secret_id(key.watched.id.clone());
        Ok(())
    }
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
