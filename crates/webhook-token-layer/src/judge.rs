//! What is decided about one request, and what is noted of it.

use bytes::Bytes;
use http::{HeaderMap, Response, request::Parts};
use webhook_core::{
    Check, DeliveryRecord, Facts, Reason, Rejection, Timestamp, Verdict, Verification,
};

use crate::{Token, TokenSettings, diagnosis, ending::Ending};

/// What the head of a request was found to be.
pub(crate) enum Admission {
    /// One with a token, or one that is let pass without.
    Admitted,
    /// One without a token, to be refused unless its body is a provider's introduction.
    Waiting,
}

impl TokenSettings {
    /// Judges the head of a request, and tells inner layers what was found.
    ///
    /// A token in the query is part of the URL that a provider calls, so that its introduction
    /// carries it too; a header is often left out there. So an introduction is answered where the
    /// token is right, and also where none is sent, unless it belongs into the query.
    pub(crate) fn admit(
        &self,
        parts: &mut Parts,
        now: Timestamp,
        strips_query: bool,
        reads_body: bool,
    ) -> Result<Admission, Ending> {
        let judged = self.judge(parts, now);
        if strips_query {
            self.source().strip(&mut parts.uri);
        }
        match judged {
            Ok(token) => {
                self.accept(parts, token, now);
                self.introduction(parts, None)?;
                Ok(Admission::Admitted)
            }
            Err(Reason::AuthMissing) if !self.source().is_query() => {
                self.introduction(parts, None)?;
                if reads_body && self.wants_body(parts) {
                    return Ok(Admission::Waiting);
                }
                self.refuse(parts, Reason::AuthMissing, now)
            }
            Err(reason) => self.refuse(parts, reason, now),
        }
    }

    /// Which token a request holds, or why it holds none.
    fn judge(&self, parts: &Parts, now: Timestamp) -> Result<&Token, Reason> {
        let candidate = self.source().read(&parts.uri, &parts.headers)?;
        self.tokens().find(&candidate, now).ok_or_else(|| {
            diagnosis::out_of_time(|| self.tokens().find_out_of_time(&candidate, now));
            Reason::AuthInvalid
        })
    }

    /// Ends the request with an answer, where it is an introduction.
    pub(crate) fn introduction(&self, parts: &Parts, body: Option<&[u8]>) -> Result<(), Ending> {
        let known = self.handshake();
        let answer: Option<Response<Bytes>> = known.and_then(|known| known.answer(parts, body));
        answer.map_or(Ok(()), |answer| Err(Ending::Answered(Box::new(answer))))
    }

    /// Whether a request with this head may be an introduction that only its body tells.
    pub(crate) fn wants_body(&self, parts: &Parts) -> bool {
        self.handshake()
            .is_some_and(|known| known.wants_body(parts))
    }

    /// Tells inner layers, the handler and the record what the token proves.
    fn accept(&self, parts: &mut Parts, token: &Token, now: Timestamp) {
        token.note_use(now);
        let verification = self.verification(&parts.headers, token);
        let facts = Facts::of_mut(&mut parts.extensions);
        facts.record().set_verdict(Check::Token, Verdict::Pass);
        // A signature over the body, checked by an outer layer, says more than a token can.
        if !facts
            .verification()
            .is_some_and(Verification::is_body_signed)
        {
            facts.set_verification(verification);
        }
    }

    fn verification(&self, headers: &HeaderMap, token: &Token) -> Verification {
        let mut verification =
            Verification::new(self.provider()).with_secret_id(token.id().clone());
        if let Some(id) = self.delivery_id(headers) {
            verification = verification.with_delivery_id(id, false);
        }
        if let Some(event) = self.event_type(headers) {
            verification = verification.with_event_type(event, false);
        }
        verification
    }

    /// Refuses, or notes that it would have in shadow mode.
    pub(crate) fn refuse(
        &self,
        parts: &Parts,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Admission, Ending> {
        let record = Facts::record_of(&parts.extensions);
        if record.is_kept() {
            self.note_claims(&record, &parts.headers, reason, now);
        }
        if self.is_insecure_shadow() {
            record.set_shadow_refusal(reason, Check::Token);
            return Ok(Admission::Admitted);
        }
        let rejection = Rejection::new(reason, Check::Token);
        Err(Ending::Refused(
            rejection.with_challenge(self.challenge().clone()),
        ))
    }

    /// What a record tells of a request without a token that is taken.
    fn note_claims(
        &self,
        record: &DeliveryRecord,
        headers: &HeaderMap,
        reason: Reason,
        now: Timestamp,
    ) {
        if let Some(id) = self.delivery_id(headers) {
            record.set_claimed_delivery_id(id);
        }
        if reason == Reason::AuthInvalid {
            record.set_secrets_tried(self.tokens().valid_ids(now));
        }
    }
}
