//! What is decided about one delivery: first from its head, then from its whole body.

use std::{sync::Arc, time::Duration};

use http::{Extensions, request::Parts};
use http_body::Body;
use webhook_core::{
    BufferedBody, Check, ClientAddr, ClientNetwork, Clock, DeliveryRecord, Facts, Reason,
    Rejection, Settings, ShortText, Ticks, Timestamp, Verdict, body::Observer, record::Verdicts,
};
use webhook_signature::{
    Pending, Refusal,
    handshake::{Reply, Responder, Seen},
};

use crate::{
    HmacSettings,
    admission::{admit_encoding, admit_size},
    diagnosis,
    ending::Ending,
};

/// The most bytes of a claimed delivery id that are recorded.
const MAX_CLAIMED_ID: usize = 256;

/// When a sender may try again where no secret is valid: somebody has to set one first.
const SECRET_RETRY: Duration = Duration::from_secs(60);

/// Shows the body to the verification as it comes.
pub(crate) struct Hashing<'a>(pub(crate) &'a mut Pending);

impl Observer for Hashing<'_> {
    fn observe(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

/// The wall time, and the monotonic time where a record wants to know how long this takes. A record
/// that began by the same clock makes one of the other: a clock that is read is 150 instructions.
fn read(clock: &Clock, record: &DeliveryRecord) -> (Timestamp, Option<Ticks>) {
    match record.now(clock) {
        Some((now, ticks)) => (now, Some(ticks)),
        None => (clock.now(), record.is_kept().then(|| clock.ticks())),
    }
}

/// One delivery being judged: under which settings, for which record, and how long it took.
pub(crate) struct Case {
    pub(crate) settings: Arc<HmacSettings>,
    pub(crate) record: DeliveryRecord,
    /// The client that a layer resolved.
    client: Option<ClientAddr>,
    clock: Clock,
    /// When the head was judged.
    now: Timestamp,
    /// Since when it is being judged, where a record wants to know.
    since: Option<Ticks>,
    spent_nanos: u64,
    /// Why the head is refused, unless the body turns out to be a handshake.
    pub(crate) waiting: Option<Refusal>,
    /// Whether the head was admitted, so that the body decides.
    is_pending: bool,
}

impl Case {
    /// Opens a case under the settings in force; there is none without settings.
    pub(crate) fn open(
        settings: &Settings<HmacSettings>,
        clock: &Clock,
        extensions: &Extensions,
    ) -> Result<Self, Rejection> {
        let Some(settings) = settings.load(extensions) else {
            diagnosis::no_settings();
            return Err(Rejection::new(Reason::Misconfigured, Check::Signature));
        };
        let settings = settings.into_arc();
        let facts = Facts::of(extensions);
        let record = facts.map_or_else(DeliveryRecord::default, |facts| facts.record().clone());
        let (now, since) = read(clock, &record);
        Ok(Self {
            settings,
            record,
            client: facts.and_then(Facts::client),
            clock: clock.clone(),
            now,
            since,
            spent_nanos: 0,
            waiting: None,
            is_pending: false,
        })
    }

    /// The network that the body's memory is counted for.
    pub(crate) fn network(&self, extensions: &Extensions) -> Option<ClientNetwork> {
        let client = self.client.or_else(|| Facts::client_of(extensions));
        client.map(|client| client.network())
    }

    /// Tells the record whose delivery this claims to be; a verified one tells it by itself, for less.
    pub(crate) fn name_provider(&self) {
        self.record
            .set_provider(self.settings.verifier.scheme().name());
    }

    /// Everything that the head decides. No byte of the body has been asked for when it refuses.
    ///
    /// Nothing is pending afterwards where a head that was refused is let pass in shadow mode.
    pub(crate) fn judge_head(
        &mut self,
        parts: &Parts,
        body: &impl Body,
        pending: &mut Pending,
    ) -> Result<(), Ending> {
        if let Some(Reply::Answer(answer)) = self.introduction(parts, Seen::Head) {
            return Err(answer.into());
        }
        self.settings.methods.admit(&parts.method)?;
        let passed = Verdicts::default().with(Check::Method, Verdict::Pass);
        if let Err(rejection) = admit_encoding(&parts.headers) {
            self.record.add_verdicts(passed);
            return Err(rejection.into());
        }
        let passed = passed.with(Check::Encoding, Verdict::Pass);
        self.record.add_verdicts(passed);

        match pending.begin(&self.settings.verifier, parts, self.now) {
            Ok(()) => self.is_pending = true,
            Err(refusal) if self.may_be_introduction(parts, body, refusal) => {
                self.waiting = Some(refusal);
            }
            Err(refusal) => self.refuse(parts, refusal)?,
        }
        // Last, so that whoever cannot sign learns nothing of the limit.
        admit_size(body, self.settings.limits.max_bytes())?;
        Ok(())
    }

    /// What the whole body decides: whether the delivery is verified, which it is not where a wrong
    /// signature is let pass in shadow mode.
    pub(crate) fn judge_body(
        &mut self,
        parts: &mut Parts,
        body: &BufferedBody,
        pending: &mut Pending,
    ) -> Result<bool, Ending> {
        let passed = Verdicts::default()
            .with(Check::Size, Verdict::Pass)
            .with(Check::Body, Verdict::Pass);
        self.record.add_verdicts(passed);
        if self.record.is_kept() {
            self.record
                .set_body_bytes(u64::try_from(body.len()).unwrap_or(u64::MAX));
        }
        self.digest(body);
        if let Some(refusal) = self.waiting.take() {
            return self.judge_introduction(parts, body, refusal);
        }
        if !self.is_pending {
            return Ok(false);
        }
        match pending.finish_in_place(body.chunks()) {
            Ok(verified) => {
                self.settings
                    .watch
                    .accepted(&self.settings.verifier, self.now);
                if !self.is_delivery(parts, body, verified.as_ref())? {
                    return Ok(false);
                }
                self.record.set_verdict(Check::Signature, Verdict::Pass);
                Facts::of_mut(&mut parts.extensions).take_verification(verified);
                Ok(true)
            }
            Err(refusal) => {
                let reason = refusal.reason();
                if matches!(reason, Reason::SignatureMismatch | Reason::AuthInvalid) {
                    let HmacSettings {
                        watch, verifier, ..
                    } = &*self.settings;
                    watch.mismatched(verifier, parts, body, self.now);
                }
                self.refuse(parts, refusal).map(|()| false)
            }
        }
    }

    /// Makes the digest of the body, where it is asked for and a record keeps it.
    fn digest(&self, body: &BufferedBody) {
        let Some(key) = self.settings.body_digest.as_ref() else {
            return;
        };
        if self.record.is_kept() {
            let mut digester = key.begin();
            body.chunks().for_each(|chunk| digester.update(chunk));
            self.record.set_body_digest(digester.finish());
        }
    }

    /// Refuses, or notes that it would have in shadow mode.
    pub(crate) fn refuse(&self, parts: &Parts, refusal: Refusal) -> Result<(), Ending> {
        self.note_claims(parts, refusal);
        let reason = refusal.reason();
        self.diagnose(parts, reason);
        // A fault of the stack is no verdict on the sender.
        if self.settings.is_shadow && reason != Reason::Misconfigured {
            self.record.set_shadow_refusal(reason, Check::Signature);
            return Ok(());
        }
        let challenge = self.settings.challenge.clone();
        let mut rejection = Rejection::new(reason, Check::Signature).with_challenge(challenge);
        if reason == Reason::SecretUnavailable {
            rejection = rejection.with_retry_after(SECRET_RETRY);
        }
        let handshake = self.settings.handshake.as_ref();
        if handshake.is_some_and(Responder::has_bare_refusals) {
            Err(Ending::Bare(rejection))
        } else {
            Err(rejection.into())
        }
    }

    /// Notices what may be a fault of the setup.
    fn diagnose(&self, parts: &Parts, reason: Reason) {
        let verifier = &self.settings.verifier;
        match reason {
            Reason::TimestampTooOld | Reason::TimestampInFuture => {
                self.settings.watch.stale(verifier, parts, self.now);
            }
            Reason::Misconfigured if verifier.scheme().takes_url_from_trusted_proxy() => {
                self.settings.watch.no_origin(verifier);
            }
            _ => {}
        }
    }

    /// What a record tells of a delivery that did not verify.
    fn note_claims(&self, parts: &Parts, refusal: Refusal) {
        if !self.record.is_kept() {
            return;
        }
        let verifier = &self.settings.verifier;
        let id = verifier
            .scheme()
            .id_header()
            .and_then(|name| parts.headers.get(name));
        if let Some(id) = id {
            self.record
                .set_claimed_delivery_id(ShortText::from_header(id, MAX_CLAIMED_ID));
        }
        if refusal.reason() == Reason::SignatureMismatch {
            // As long as the list, so that it is not copied into a shorter one: 500 instructions.
            let mut tried = Vec::with_capacity(verifier.secret_ids().count());
            tried.extend(verifier.secret_ids().cloned());
            self.record.set_secrets_tried(tried);
        }
    }

    /// Begins to measure, where a record wants to know how long verification takes; what was
    /// measured and not [kept](Self::pause) is forgotten.
    pub(crate) fn start(&mut self) {
        if self.record.is_kept() {
            self.since = Some(self.clock.ticks());
        }
    }

    /// Keeps what was measured; the time that the body takes to come is not to be in it.
    pub(crate) fn pause(&mut self) -> Option<Ticks> {
        let (since, now) = (self.since.take()?, self.clock.ticks());
        let nanos = now.as_nanos().saturating_sub(since.as_nanos());
        self.spent_nanos = self.spent_nanos.saturating_add(nanos);
        Some(now)
    }

    /// Notes the time spent, and, where the delivery goes on, that the handler has its turn now.
    pub(crate) fn close(&mut self, goes_on: bool) {
        let Some(now) = self.pause() else {
            return;
        };
        self.record.set_verify_time(self.spent_nanos);
        if goes_on {
            self.record.set_handler_start(now);
        }
    }
}
