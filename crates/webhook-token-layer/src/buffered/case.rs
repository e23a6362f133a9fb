//! What is decided about one request once its body is there, or did not come.

use std::sync::Arc;

use http::request::Parts;
use webhook_core::{
    BufferedBody, Check, Facts, Reason, Verdict, body::BodyError, introduction::MAX_BODY,
};

use crate::{TokenLayer, TokenSettings, ending::Ending};

/// One request whose head was admitted, or whose body may be an introduction.
pub(super) struct Case {
    pub(super) settings: Arc<TokenSettings>,
    /// There is no token: refused, unless the body is an introduction.
    pub(super) is_waiting: bool,
}

impl Case {
    /// Notes that the body came whole; ends the request where it is an introduction, or has no token.
    pub(super) fn judge_body<R>(
        &self,
        layer: &TokenLayer<R>,
        parts: &Parts,
        body: &BufferedBody,
    ) -> Result<(), Ending> {
        let record = Facts::record_of(&parts.extensions);
        record.set_verdict(Check::Size, Verdict::Pass);
        record.set_verdict(Check::Body, Verdict::Pass);
        if record.is_kept() {
            record.set_body_bytes(u64::try_from(body.len()).unwrap_or(u64::MAX));
        }
        if body.len() <= MAX_BODY && (self.is_waiting || self.settings.wants_body(parts)) {
            let bytes = body.clone().into_bytes();
            self.settings.introduction(parts, Some(&bytes))?;
        }
        if self.is_waiting {
            self.refuse(layer, parts)?;
        }
        if record.is_kept() {
            record.set_handler_start(layer.clock.ticks());
        }
        Ok(())
    }

    /// A body that did not come whole; a request without a token is refused for that.
    pub(super) fn give_up<R>(
        &self,
        layer: &TokenLayer<R>,
        parts: &Parts,
        error: BodyError,
    ) -> Ending {
        let refused = self.is_waiting.then(|| self.refuse(layer, parts).err());
        refused
            .flatten()
            .unwrap_or_else(|| Ending::Refused(error.rejection()))
    }

    fn refuse<R>(&self, layer: &TokenLayer<R>, parts: &Parts) -> Result<(), Ending> {
        let now = layer.clock.now();
        let refused = self.settings.refuse(parts, Reason::AuthMissing, now);
        refused.map(drop)
    }
}
