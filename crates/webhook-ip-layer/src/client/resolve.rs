use http::HeaderMap;
use webhook_core::{AddressError, ClientAddr, PeerAddr};

use super::{
    ClientAddressConfig, ClientAddressSource, MAX_HOPS,
    explain::{Observer, Step},
    forwarded, hop, list,
    trusted::Trust,
};
use crate::AddressSet;

/// Finds the client of a request, from the peer of its connection and its headers. A pure function
/// that never allocates.
///
/// * A peer that is not a trusted proxy is the client, and no header is looked at.
/// * Behind a trusted peer the one configured header is read: all its lines joined in arrival order,
///   walked from right to left, empty elements and trusted hops skipped. The first hop that is not a
///   trusted proxy is the client; where all are, the left-most is.
/// * A hop of the walk that is no address is an error. What stands to the left of it, and to the
///   left of the client, was written by strangers and is never looked at.
/// * Without the header, or where it names no hop, the peer is the client. No other header is ever
///   a fallback.
/// * A number of hops may be trusted instead of networks: the n-th non-empty element from the right
///   is the client, and a shorter list is an error.
/// * A header with one address stands exactly once.
/// * At most [`MAX_HOPS`] elements are walked.
///
/// [`explain`](super::explain) does the same and says which hop was believed, and why.
///
/// # Errors
///
/// Why the client cannot be told. A server that told no peer is [`AddressError::NoPeer`], and so is
/// a Unix socket, which has no address, where no header names the client.
pub fn resolve(
    peer: Option<PeerAddr>,
    headers: &HeaderMap,
    config: &ClientAddressConfig,
) -> Result<ClientAddr, AddressError> {
    find(peer, headers, config).map(|found| found.client)
}

/// The client, and the element that names it, which also says what that client called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'h> {
    pub(crate) client: ClientAddr,
    /// `None` where the peer is the client.
    pub(super) element: Option<&'h [u8]>,
}

impl Found<'_> {
    #[inline]
    const fn of_peer(client: ClientAddr) -> Self {
        Self {
            client,
            element: None,
        }
    }
}

/// As [`resolve`], with the element.
#[inline]
pub(crate) fn find<'h>(
    peer: Option<PeerAddr>,
    headers: &'h HeaderMap,
    config: &ClientAddressConfig,
) -> Result<Found<'h>, AddressError> {
    // In one piece with whoever asks, which saves 40 instructions: addresses are copied byte by byte.
    if matches!(config.source(), ClientAddressSource::Peer) {
        let client = peer.and_then(ClientAddr::from_peer);
        return client.map(Found::of_peer).ok_or(AddressError::NoPeer);
    }
    observed(peer, headers, config, &mut ())
}

pub(super) fn observed<'h>(
    peer: Option<PeerAddr>,
    headers: &'h HeaderMap,
    config: &ClientAddressConfig,
    observer: &mut impl Observer,
) -> Result<Found<'h>, AddressError> {
    let peer = peer
        .ok_or(AddressError::NoPeer)
        .inspect_err(|_| observer.saw(Step::NoPeer))?;
    let trust = config.trusted().trust();
    let named = if config.source().header_name().is_none() {
        observer.saw(Step::SourceIsPeer);
        None
    } else if speaks_for_others(trust, peer, observer) {
        named_client(headers, config.source(), trust, observer)?
    } else {
        None
    };
    match named {
        Some(found) => Ok(found),
        None => peer_as_client(peer, observer),
    }
}

/// Whether this peer's header is believed.
fn speaks_for_others(trust: &Trust, peer: PeerAddr, observer: &mut impl Observer) -> bool {
    let trusted = trust.includes(peer);
    observer.saw(match trust {
        Trust::Hops(hops) => Step::HopsTrusted(*hops),
        Trust::Nobody | Trust::Networks { .. } => Step::Peer { peer, trusted },
    });
    trusted
}

fn peer_as_client<'h>(
    peer: PeerAddr,
    observer: &mut impl Observer,
) -> Result<Found<'h>, AddressError> {
    let client = ClientAddr::from_peer(peer);
    observer.saw(Step::PeerIsClient {
        peer,
        has_address: client.is_some(),
    });
    client.map(Found::of_peer).ok_or(AddressError::NoPeer)
}

/// The client that the header names; `None` where it names nobody.
fn named_client<'h>(
    headers: &'h HeaderMap,
    source: &ClientAddressSource,
    trust: &Trust,
    observer: &mut impl Observer,
) -> Result<Option<Found<'h>>, AddressError> {
    let Some(name) = source.header_name() else {
        return Ok(None);
    };
    let named = match source {
        ClientAddressSource::XForwardedFor => {
            choose(list::plain(headers, name), hop::plain, trust, observer)
        }
        ClientAddressSource::Forwarded => forwarded::elements(headers)
            .and_then(|hops| choose(hops, forwarded::client, trust, observer)),
        _ => list::single(headers, name).and_then(|hops| choose(hops, hop::plain, trust, observer)),
    };
    match &named {
        Ok(None) => observer.saw(Step::NoHop { name }),
        Err(error) => observer.saw(Step::Failed {
            name,
            error: *error,
        }),
        Ok(Some(_)) => {}
    }
    named
}

type ReadHop = fn(&[u8]) -> Result<ClientAddr, AddressError>;

fn choose<'h>(
    hops: impl Iterator<Item = &'h [u8]>,
    read: ReadHop,
    trust: &Trust,
    observer: &mut impl Observer,
) -> Result<Option<Found<'h>>, AddressError> {
    match trust {
        Trust::Nobody => Ok(None),
        Trust::Networks { set, .. } => walk(hops, read, set, observer),
        Trust::Hops(trusted) => count(hops, read, *trusted, observer).map(Some),
    }
}

/// The first hop from the right that is no trusted proxy; where all are, the left-most.
fn walk<'h>(
    hops: impl Iterator<Item = &'h [u8]>,
    read: ReadHop,
    trusted: &AddressSet,
    observer: &mut impl Observer,
) -> Result<Option<Found<'h>>, AddressError> {
    let mut furthest = None;
    for (place, text) in (1..).zip(hops) {
        if place > MAX_HOPS {
            return Err(AddressError::TooManyHops);
        }
        let client = read(text).inspect_err(|_| observer.saw(Step::Unusable { place, text }))?;
        let trusted = trusted.contains(client.ip());
        observer.saw(Step::Hop {
            place,
            client,
            trusted,
        });
        let found = Found {
            client,
            element: Some(text),
        };
        if !trusted {
            return Ok(Some(found));
        }
        furthest = Some(found);
    }
    if let Some(Found { client, .. }) = furthest {
        observer.saw(Step::AllTrusted { client });
    }
    Ok(furthest)
}

/// The n-th hop from the right; those to the right of it are the trusted proxies.
fn count<'h>(
    hops: impl Iterator<Item = &'h [u8]>,
    read: ReadHop,
    trusted: usize,
    observer: &mut impl Observer,
) -> Result<Found<'h>, AddressError> {
    let mut error = AddressError::MissingHeader;
    for (place, text) in (1..).zip(hops) {
        if place == trusted {
            let client =
                read(text).inspect_err(|_| observer.saw(Step::Unusable { place, text }))?;
            observer.saw(Step::Counted { place, client });
            return Ok(Found {
                client,
                element: Some(text),
            });
        }
        error = AddressError::NotEnoughHops;
    }
    Err(error)
}
