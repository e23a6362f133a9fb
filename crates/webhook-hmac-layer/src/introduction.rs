//! The part of a judgement that is about handshakes.

use bytes::Bytes;
use http::request::Parts;
use http_body::Body;
use webhook_core::{
    BufferedBody, Check, Reason, Verdict, Verification,
    body::{BodyError, BodyLimits},
};
use webhook_signature::{
    Refusal,
    handshake::{MAX_BODY, Reply, Responder, Seen},
};

use crate::{ending::Ending, judge::Case};

impl Case {
    /// The reply to a request that is a handshake.
    pub(crate) fn introduction(&self, parts: &Parts, seen: Seen<'_>) -> Option<Reply> {
        self.settings.handshake.as_ref()?.respond(parts, seen)
    }

    /// Whether a head without a signature can be that of a handshake which only the body tells.
    pub(crate) fn may_be_introduction(
        &self,
        parts: &Parts,
        body: &impl Body,
        refusal: Refusal,
    ) -> bool {
        let is_unsigned = matches!(
            refusal.reason(),
            Reason::SignatureMissing
                | Reason::TimestampMissing
                | Reason::IdMissing
                | Reason::AuthMissing
        );
        let fits = body.size_hint().lower() <= limit(MAX_BODY);
        let handshake = self.settings.handshake.as_ref();
        is_unsigned
            && fits
            && handshake.is_some_and(|responder| responder.wants_unverified_body(parts))
    }

    /// The limits of the body: those of a handshake, where the head is not verified.
    pub(crate) fn limits(&self) -> BodyLimits {
        let limits = self.settings.limits;
        if self.waiting.is_none() || self.settings.is_shadow {
            return limits;
        }
        limits.with_max_bytes(limits.max_bytes().min(limit(MAX_BODY)))
    }

    /// A body that did not come whole; a head that was refused is refused for that.
    pub(crate) fn give_up(&mut self, parts: &Parts, error: BodyError) -> Ending {
        let waiting = self.waiting.take();
        waiting
            .and_then(|refusal| self.refuse(parts, refusal).err())
            .unwrap_or_else(|| error.rejection().into())
    }

    /// An unsigned body: a handshake, or refused for what its head lacked.
    pub(crate) fn judge_introduction(
        &self,
        parts: &Parts,
        body: &BufferedBody,
        refusal: Refusal,
    ) -> Result<bool, Ending> {
        let bytes = joined(body);
        match self.introduction(parts, Seen::Unverified(&bytes)) {
            Some(Reply::Answer(answer)) => Err(answer.into()),
            _ => self.refuse(parts, refusal).map(|()| false),
        }
    }

    /// The responder, where it has anything to say about a body of this size.
    fn responder_for(&self, body: &BufferedBody) -> Option<&Responder> {
        let responder = self.settings.handshake.as_ref()?;
        (responder.handshake().signs() || body.len() <= MAX_BODY).then_some(responder)
    }

    /// Whether a body whose signature is right is a delivery, and belongs to no handshake.
    pub(crate) fn is_delivery(
        &self,
        parts: &mut Parts,
        body: &BufferedBody,
        verified: Option<&Verification>,
    ) -> Result<bool, Ending> {
        let Some(responder) = self.responder_for(body) else {
            return Ok(true);
        };
        let bytes = joined(body);
        if let Err(refusal) = responder.check_delivery(&bytes) {
            return self.refuse(parts, refusal).map(|()| false);
        }
        match self.introduction(parts, Seen::Verified(&bytes)) {
            Some(Reply::Answer(answer)) => {
                self.record.set_verdict(Check::Signature, Verdict::Pass);
                if let Some(verification) = verified {
                    self.record.set_verification(verification);
                }
                return Err(answer.into());
            }
            Some(Reply::Confirm(asked)) => {
                parts.extensions.insert(asked);
            }
            _ => {}
        }
        Ok(true)
    }
}

/// The bytes in one piece; without a copy where they came in one.
fn joined(body: &BufferedBody) -> Bytes {
    body.clone().into_bytes()
}

fn limit(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
