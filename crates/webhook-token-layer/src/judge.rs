//! What is decided about one request, and what is noted of it.

use http::{HeaderMap, Request};
use webhook_core::{
    Check, DeliveryRecord, Facts, Reason, Rejection, Timestamp, Verdict, Verification,
};

use crate::{Token, TokenSettings, diagnosis, token::Finding};

impl TokenSettings {
    /// Which token a request holds, or why it holds none.
    pub(crate) fn judge<B>(&self, request: &Request<B>, now: Timestamp) -> Result<&Token, Reason> {
        let candidate = self.source().read(request.uri(), request.headers())?;
        match self.tokens().find(&candidate, now) {
            Finding::Valid(token) => Ok(token),
            Finding::OutOfTime(token) => {
                diagnosis::out_of_time(token.id());
                Err(Reason::AuthInvalid)
            }
            Finding::Unknown => Err(Reason::AuthInvalid),
        }
    }

    /// Tells inner layers, the handler and the record what the token proves.
    pub(crate) fn accept<B>(&self, request: &mut Request<B>, token: &Token) {
        let verification = self.verification(request.headers(), token);
        let facts = Facts::of_mut(request.extensions_mut());
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
    pub(crate) fn refuse<B>(
        &self,
        request: &Request<B>,
        reason: Reason,
        now: Timestamp,
    ) -> Result<(), Rejection> {
        let record = Facts::record_of(request.extensions());
        if record.is_kept() {
            self.note_claims(&record, request.headers(), reason, now);
        }
        if self.is_insecure_shadow() {
            record.set_shadow_refusal(reason, Check::Token);
            return Ok(());
        }
        Err(Rejection::new(reason, Check::Token).with_challenge(self.challenge().clone()))
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
