use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;
use webhook_core::{
    AddressError, Check, ClientAddr, Facts, Problem, Reason, Reject, Rejection, Settings, Verdict,
};

use crate::{
    AccessList, ClientAddressConfig, ResponseFuture, diagnosis::Diagnoses, judge::Judgement,
    resolve,
};

/// Lets requests through to `S` whose client address the lists permit; see the [crate](crate).
pub struct IpFilter<S, R = Problem> {
    inner: S,
    policy: Arc<Policy<R>>,
}

/// What the services of one layer share.
pub(crate) struct Policy<R> {
    pub(crate) address: ClientAddressConfig,
    pub(crate) own: AccessList,
    pub(crate) settings: Option<Settings<AccessList>>,
    pub(crate) shadow: bool,
    pub(crate) rejection: R,
    pub(crate) diagnoses: Arc<Diagnoses>,
}

impl<S, R> IpFilter<S, R> {
    pub(crate) fn new(inner: S, policy: Policy<R>) -> Self {
        Self {
            inner,
            policy: Arc::new(policy),
        }
    }
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for IpFilter<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    R: Reject<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        match self.policy.admit(&mut request) {
            // The instance that said it is ready is called at once, and need not be cloned.
            Ok(()) => ResponseFuture::admitted(self.inner.call(request)),
            Err(reason) => {
                // The instance that said it is ready is not called, so what it reserved to be ready,
                // such as a concurrency permit, goes with it.
                let fresh = self.inner.clone();
                drop(mem::replace(&mut self.inner, fresh));
                let (parts, _unread) = request.into_parts();
                let rejection = Rejection::new(reason, Check::Ip);
                ResponseFuture::refused(rejection.answer(&self.policy.rejection, &parts))
            }
        }
    }
}

impl<R> Policy<R> {
    /// Finds the client, tells it to inner layers, and judges it.
    fn admit<B>(&self, request: &mut Request<B>) -> Result<(), Reason> {
        let peer = Facts::peer_of(request.extensions());
        let client = resolve(peer, request.headers(), &self.address);
        let judgement = self.judge(request, client);
        self.diagnoses.look(&self.address, peer, request.headers());
        if judgement.is_refusal() && peer.is_none() {
            self.diagnoses.no_peer();
        }
        self.note(Facts::of_mut(request.extensions_mut()), client, judgement);
        match judgement {
            Judgement::Refused(reason) if !self.shadow => Err(reason),
            _ => Ok(()),
        }
    }

    fn judge<B>(
        &self,
        request: &Request<B>,
        client: Result<ClientAddr, AddressError>,
    ) -> Judgement {
        let loaded = self
            .settings
            .as_ref()
            .map(|settings| settings.load(request.extensions()));
        if matches!(loaded, Some(None)) {
            self.diagnoses.no_settings();
            return Judgement::Refused(Reason::Misconfigured);
        }
        let loaded = loaded.flatten();
        Judgement::of(client, &self.address, [Some(&self.own), loaded.as_deref()])
    }

    fn note(
        &self,
        facts: &mut Facts,
        client: Result<ClientAddr, AddressError>,
        judgement: Judgement,
    ) {
        if let Ok(client) = client {
            facts.set_client(client);
        }
        let record = facts.record();
        match (judgement, client) {
            (Judgement::Passed, _) => record.set_verdict(Check::Ip, Verdict::Pass),
            (Judgement::Skipped, _) => record.set_verdict(Check::Ip, Verdict::Skipped),
            (Judgement::Refused(_), Err(error)) => record.set_address_error(error),
            (Judgement::Refused(_), Ok(_)) => {}
        }
        // A refusal that is enforced is noted by its answer.
        if let (Judgement::Refused(reason), true) = (judgement, self.shadow) {
            record.set_shadow_refusal(reason, Check::Ip);
        }
    }
}

impl<S: Clone, R> Clone for IpFilter<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            policy: Arc::clone(&self.policy),
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for IpFilter<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IpFilter")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
