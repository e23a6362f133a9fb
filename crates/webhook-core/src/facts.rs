use std::sync::Arc;

use http::Extensions;

use crate::{
    ClientAddr, Clock, DeliveryRecord, Endpoint, Origin, PeerAddr, RequestId, Transport,
    Verification,
};

/// What the layers found out about a request so far: the one extension of the family.
///
/// Outer layers write, inner layers and the handler read. It is one value, so that a stack of
/// layers inserts once; a server that wants no allocation for it inserts [`Facts::from_peer`]
/// in place of a [`PeerAddr`].
#[derive(Clone, Debug, Default)]
pub struct Facts {
    peer: Option<PeerAddr>,
    transport: Option<Transport>,
    client: Option<ClientAddr>,
    origin: Option<Arc<Origin>>,
    verified: Verified,
    endpoint: Option<Endpoint>,
    record: DeliveryRecord,
}

/// What the delivery was verified to be, told once: where there is a record, it stands there.
#[derive(Clone, Debug, Default)]
enum Verified {
    #[default]
    No,
    Recorded {
        is_body_signed: bool,
    },
    Here(Verification),
}

impl Facts {
    /// What an accept loop knows: the peer.
    #[must_use]
    pub fn from_peer(peer: impl Into<PeerAddr>) -> Self {
        Self {
            peer: Some(peer.into()),
            ..Self::default()
        }
    }

    /// Adds what an accept loop knows of its connection: whether it is encrypted.
    #[must_use]
    pub const fn with_transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The facts of a request, where a layer or the server left some.
    #[must_use]
    #[inline]
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    /// The facts of a request, to add to.
    #[inline]
    pub fn of_mut(extensions: &mut Extensions) -> &mut Self {
        extensions.get_or_insert_default()
    }

    /// The peer of the request's connection: what an accept loop told, else what
    /// [`PeerAddr::find`] finds.
    #[must_use]
    pub fn peer_of(extensions: &Extensions) -> Option<PeerAddr> {
        Self::of(extensions)
            .and_then(|facts| facts.peer)
            .or_else(|| PeerAddr::find(extensions))
    }

    /// Whether the request's own connection is encrypted: what an accept loop told, else what
    /// [`Transport::find`] finds. `None` where nobody told, and whoever asks fails closed.
    #[must_use]
    pub fn transport_of(extensions: &Extensions) -> Option<Transport> {
        Self::of(extensions)
            .and_then(|facts| facts.transport)
            .or_else(|| Transport::find(extensions))
    }

    /// The client address that a layer resolved, else the peer's.
    ///
    /// Without a layer that resolves the client, no header is ever believed.
    #[must_use]
    #[inline]
    pub fn client_of(extensions: &Extensions) -> Option<ClientAddr> {
        Self::of(extensions)
            .and_then(|facts| facts.client)
            .or_else(|| Self::peer_of(extensions).and_then(ClientAddr::from_peer))
    }

    /// The record of a request; one that forgets everything where no audit layer is.
    #[must_use]
    #[inline]
    pub fn record_of(extensions: &Extensions) -> DeliveryRecord {
        Self::of(extensions)
            .map(|facts| facts.record.clone())
            .unwrap_or_default()
    }

    /// The peer of the request's connection, where an accept loop or the audit layer told it.
    #[must_use]
    pub const fn peer(&self) -> Option<PeerAddr> {
        self.peer
    }

    /// Settles the peer for all that look for it from now on. For layers that found it.
    pub const fn set_peer(&mut self, peer: PeerAddr) {
        self.peer = Some(peer);
    }

    /// The client address that a layer resolved.
    #[must_use]
    pub const fn client(&self) -> Option<ClientAddr> {
        self.client
    }

    /// Tells the client address to inner layers and to the record.
    pub fn set_client(&mut self, client: ClientAddr) {
        self.client = Some(client);
        self.record.set_client(client);
    }

    /// What the sender called, as a trusted proxy tells it.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    /// Tells inner layers what the sender called. Only for layers that believe a trusted proxy;
    /// never from what the request itself says.
    pub fn set_origin(&mut self, origin: impl Into<Arc<Origin>>) {
        self.origin = Some(origin.into());
    }

    /// What the delivery was verified to be.
    #[must_use]
    #[inline]
    pub fn verification(&self) -> Option<&Verification> {
        match &self.verified {
            Verified::No => None,
            Verified::Recorded { is_body_signed } => {
                self.record.taken_verification(*is_body_signed)
            }
            Verified::Here(verification) => Some(verification),
        }
    }

    /// Tells inner layers, the handler and the record what the delivery was verified to be.
    /// Only for layers that verified it.
    pub fn set_verification(&mut self, verification: Verification) {
        // Where nobody keeps a record, the way through it is a move of a large value for nothing.
        if self.record.is_kept() {
            self.take_verification(&mut Some(verification));
        } else {
            self.verified = Verified::Here(verification);
        }
    }

    /// As [`set_verification`](Self::set_verification), out of the place where the verification was
    /// made: it is large, and this way it is moved once. Nothing there is nothing told.
    ///
    /// ```
    /// use webhook_core::{Facts, Verification};
    ///
    /// let (mut facts, mut made) = (Facts::default(), Some(Verification::new("github")));
    /// facts.take_verification(&mut made);
    /// assert!(made.is_none() && facts.verification().is_some());
    /// ```
    pub fn take_verification(&mut self, from: &mut Option<Verification>) {
        let Some(verification) = from else {
            return;
        };
        let is_body_signed = verification.is_body_signed();
        self.record.take_verification(from);
        if from.is_none() {
            self.verified = Verified::Recorded { is_body_signed };
        } else if let Some(verification) = from.take() {
            // Nobody keeps a record, or it tells of an outer layer that verified as well, or its
            // request has ended.
            self.verified = Verified::Here(verification);
        }
    }

    /// The endpoint that the delivery is for.
    #[must_use]
    pub const fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    /// Tells inner layers and the record the endpoint.
    pub fn set_endpoint(&mut self, endpoint: Endpoint) {
        self.record.set_endpoint(endpoint.name());
        self.endpoint = Some(endpoint);
    }

    /// The request's record; one that forgets everything where no audit layer is.
    #[must_use]
    #[inline]
    pub const fn record(&self) -> &DeliveryRecord {
        &self.record
    }

    /// The request's record, kept from now on where nobody kept one: for an outer layer that has to
    /// know afterwards what inner layers found. Where there is no audit layer, it is one allocation.
    pub fn keep_record(&mut self, clock: &Clock) -> DeliveryRecord {
        if !self.record.is_kept() {
            self.set_record(DeliveryRecord::new(RequestId::generate(clock)));
        }
        self.record.clone()
    }

    /// Puts the record in place. Only for the audit layer.
    pub fn set_record(&mut self, record: DeliveryRecord) {
        if let Verified::Recorded { .. } = self.verified
            && let Some(verification) = self.verification().cloned()
        {
            self.verified = Verified::Here(verification);
        }
        self.record = record;
    }
}

#[cfg(test)]
mod tests {
    use http::{Extensions, uri::Scheme};

    use super::Facts;
    use crate::{ClientAddr, Clock, DeliveryRecord, Origin, PeerAddr, RequestId, Verification};

    fn provider(facts: &Facts) -> Option<&str> {
        facts.verification().map(|it| it.provider().as_str())
    }

    #[test]
    fn the_last_layer_that_verified_is_told_with_a_record_and_without() {
        let record = || DeliveryRecord::new(RequestId::generate(&Clock::system()));
        for kept in [DeliveryRecord::default(), record()] {
            let mut facts = Facts::default();
            facts.set_record(kept);
            for name in ["token", "another", "signed", "signed too"] {
                let verification = Verification::new(name);
                facts.set_verification(if name.starts_with("signed") {
                    verification.with_signed_body()
                } else {
                    verification
                });
                assert_eq!(provider(&facts), Some(name));
                assert_eq!(provider(&facts.clone()), Some(name));
            }
            // The record tells of the first of those that say most.
            let told = facts.record().verification();
            let told = told.map(|it| it.provider().as_str());
            assert_eq!(told, facts.record().is_kept().then_some("signed"));
        }
    }

    #[test]
    fn a_record_is_kept_once_and_handed_to_all_who_ask() {
        let mut facts = Facts::default();
        let first = facts.keep_record(&Clock::system());
        assert!(first.is_kept());
        assert_eq!(facts.keep_record(&Clock::system()).id(), first.id());
        assert_eq!(facts.record().id(), first.id());
    }

    #[test]
    fn what_comes_after_the_record_was_closed_is_known_to_the_request_alone() {
        let mut facts = Facts::default();
        let record = facts.keep_record(&Clock::system());
        record.close();
        facts.set_verification(Verification::new("github"));
        assert_eq!(provider(&facts), Some("github"));
        assert_eq!(record.verification(), None);
    }

    #[test]
    fn nothing_that_is_taken_is_nothing_told() {
        let mut facts = Facts::default();
        facts.take_verification(&mut None);
        assert_eq!(provider(&facts), None);
        facts.set_verification(Verification::new("github"));
        facts.take_verification(&mut None);
        assert_eq!(provider(&facts), Some("github"));
    }

    #[test]
    fn another_record_takes_no_verification_away() {
        let mut facts = Facts::default();
        facts.keep_record(&Clock::system());
        facts.set_verification(Verification::new("github"));
        facts.set_record(DeliveryRecord::default());
        assert_eq!(provider(&facts), Some("github"));
    }

    #[test]
    fn the_client_is_the_peer_until_a_layer_says_otherwise() {
        let mut extensions = Extensions::new();
        assert_eq!(Facts::client_of(&extensions), None);
        extensions.insert(PeerAddr::new("192.0.2.1:443".parse().unwrap()));
        let client = Facts::client_of(&extensions).unwrap();
        assert_eq!(
            (client.ip().to_string().as_str(), client.port()),
            ("192.0.2.1", Some(443))
        );

        let behind = ClientAddr::new("203.0.113.7".parse().unwrap(), None);
        let facts = Facts::of_mut(&mut extensions);
        facts.set_client(behind);
        assert_eq!(facts.client(), Some(behind));
        assert_eq!(Facts::client_of(&extensions), Some(behind));
    }

    #[test]
    fn the_peer_and_what_the_sender_called_come_back() {
        let mut facts = Facts::default();
        assert_eq!((facts.peer(), facts.origin()), (None, None));
        facts.set_peer(PeerAddr::Unix);
        let origin = Origin::new(Scheme::HTTPS);
        facts.set_origin(origin.clone());
        assert_eq!(facts.peer(), Some(PeerAddr::Unix));
        assert_eq!(facts.origin(), Some(&origin));
    }

    #[test]
    fn a_unix_socket_is_a_peer_and_no_client() {
        let mut extensions = Extensions::new();
        extensions.insert(Facts::from_peer(
            "192.0.2.1:1".parse::<std::net::SocketAddr>().unwrap(),
        ));
        assert!(Facts::client_of(&extensions).is_some());
        extensions.insert(Facts::default());
        extensions.insert(PeerAddr::Unix);
        assert_eq!(Facts::peer_of(&extensions), Some(PeerAddr::Unix));
        assert_eq!(Facts::client_of(&extensions), None);
    }
}
