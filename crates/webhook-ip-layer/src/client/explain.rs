use std::fmt;

use http::{HeaderMap, HeaderName};
use webhook_core::{AddressError, Check, ClientAddr, PeerAddr, Reason};

use super::{ClientAddressConfig, resolve::observed};

/// A hop that is no address is shown up to this many characters.
const SHOWN: usize = 48;

/// Who the client is, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// What [`resolve`](super::resolve) says.
    pub client: Result<ClientAddr, AddressError>,
    /// One sentence for each step of the way, in order. What a stranger wrote is escaped and cut
    /// short in them, but they name addresses and configuration: they are for operators.
    pub why: Vec<String>,
    /// Why the request is refused, and by which check; `None` where it is let in, and where only the
    /// client was asked for.
    pub refusal: Option<(Reason, Check)>,
}

/// Finds the client as [`resolve`](super::resolve) does and says which hop was believed, and why.
/// [`IpLayer::explain`](crate::IpLayer::explain) goes on with what the layer's checks say.
///
/// ```
/// use http::HeaderMap;
/// use webhook_core::PeerAddr;
/// use webhook_ip_layer::{ClientAddressConfig, ClientAddressSource, TrustedProxies, explain};
///
/// let config = ClientAddressConfig::new(
///     ClientAddressSource::XForwardedFor,
///     TrustedProxies::networks(["10.0.0.0/8"])?,
/// );
/// let mut headers = HeaderMap::new();
/// headers.insert("x-forwarded-for", "198.51.100.66, 203.0.113.7, 10.0.0.2".parse()?);
/// let explanation = explain(Some(PeerAddr::new("10.0.0.1:80".parse()?)), &headers, &config);
/// assert_eq!(
///     explanation.why,
///     [
///         "the peer 10.0.0.1:80 is a trusted proxy",
///         "hop 1 from the right, 10.0.0.2, is a trusted proxy",
///         "hop 2 from the right, 203.0.113.7, is not a trusted proxy: it is the client",
///     ],
/// );
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn explain(
    peer: Option<PeerAddr>,
    headers: &HeaderMap,
    config: &ClientAddressConfig,
) -> Explanation {
    let mut why = Vec::new();
    let client = observed(peer, headers, config, &mut why).map(|found| found.client);
    Explanation {
        client,
        why,
        refusal: None,
    }
}

/// Looks on while the client is found. For requests it is `()`, and compiles to nothing.
pub(super) trait Observer {
    fn saw(&mut self, step: Step<'_>);
}

impl Observer for () {
    fn saw(&mut self, _: Step<'_>) {}
}

impl Observer for Vec<String> {
    fn saw(&mut self, step: Step<'_>) {
        self.push(step.to_string());
    }
}

pub(super) enum Step<'a> {
    NoPeer,
    SourceIsPeer,
    Peer {
        peer: PeerAddr,
        trusted: bool,
    },
    HopsTrusted(usize),
    Hop {
        place: usize,
        client: ClientAddr,
        trusted: bool,
    },
    Counted {
        place: usize,
        client: ClientAddr,
    },
    Unusable {
        place: usize,
        text: &'a [u8],
    },
    AllTrusted {
        client: ClientAddr,
    },
    NoHop {
        name: &'a HeaderName,
    },
    Failed {
        name: &'a HeaderName,
        error: AddressError,
    },
    PeerIsClient {
        peer: PeerAddr,
        has_address: bool,
    },
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPeer => f.write_str("the server told no peer address: no_peer"),
            Self::SourceIsPeer => f.write_str("the source is the peer: no header is looked at"),
            Self::Peer {
                peer,
                trusted: true,
            } => write!(f, "the peer {peer} is a trusted proxy"),
            Self::Peer { peer, .. } => {
                write!(
                    f,
                    "the peer {peer} is not a trusted proxy: its headers are not believed"
                )
            }
            Self::HopsTrusted(1) => f.write_str("1 hop is trusted: the peer, whoever it is"),
            Self::HopsTrusted(hops) => {
                write!(
                    f,
                    "{hops} hops are trusted, the peer being the first, whoever they are"
                )
            }
            Self::Hop {
                place,
                client,
                trusted: true,
            } => {
                write!(
                    f,
                    "hop {place} from the right, {client}, is a trusted proxy"
                )
            }
            Self::Hop { place, client, .. } => write!(
                f,
                "hop {place} from the right, {client}, is not a trusted proxy: it is the client"
            ),
            Self::Counted { place, client } => {
                write!(f, "element {place} from the right, {client}, is the client")
            }
            Self::Unusable { place, text } => {
                write!(f, "hop {place} from the right is no address: ")?;
                show(f, text)
            }
            Self::AllTrusted { client } => {
                write!(
                    f,
                    "every hop is a trusted proxy: the left-most, {client}, is the client"
                )
            }
            Self::NoHop { name } => write!(f, "{name} names no hop"),
            Self::Failed { name, error } => {
                write!(
                    f,
                    "{name} does not tell the client, and nothing else is asked: {error}"
                )
            }
            Self::PeerIsClient {
                peer,
                has_address: true,
            } => {
                write!(f, "the peer {peer} is the client")
            }
            Self::PeerIsClient { peer, .. } => write!(f, "the peer {peer} has no address: no_peer"),
        }
    }
}

/// Quoted, escaped and cut.
fn show(f: &mut fmt::Formatter<'_>, text: &[u8]) -> fmt::Result {
    let start = text.get(..SHOWN).unwrap_or(text);
    let cut = if start.len() < text.len() { "…" } else { "" };
    write!(f, "{:?}{cut}", String::from_utf8_lossy(start))
}
