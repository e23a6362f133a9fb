//! What the sender called: the scheme for the check of https, and the whole origin for schemes that
//! sign the URL.
//!
//! The header follows the source of the client address. `Forwarded` tells `proto` and `host` in the
//! very element that names the client, which the trusted proxy added that this client called; what
//! stands to the left of it was written by strangers. With any other header it is
//! `X-Forwarded-Proto`, `-Host` and `-Port`, each with one value in one line: a list has no place
//! that could be matched to a hop, so a second value is an error.

use std::{fmt, net::Ipv6Addr};

use http::{
    HeaderMap, HeaderName,
    uri::{Authority, Scheme},
};
use webhook_core::{Origin, PeerAddr, Transport};

use super::{ClientAddressConfig, ClientAddressSource, forwarded, list, resolve::Found};

static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

/// A host name has at most 253 bytes (RFC 1035), a port six more.
const LONGEST_HOST: usize = 260;

/// Why the sender's scheme cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untold {
    /// The sender is the peer, and the server does not say whether its connection is encrypted.
    NoTransport,
    /// The sender came through a trusted proxy that does not tell the scheme.
    NoHeader,
    /// The proxy tells something else than one scheme.
    Malformed,
}

impl fmt::Display for Untold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoTransport => "the server does not tell whether the connection is encrypted",
            Self::NoHeader => "the trusted proxy does not tell the scheme",
            Self::Malformed => "the trusted proxy does not tell exactly one scheme, http or https",
        })
    }
}

/// Whether the sender used https: a trusted proxy says so, or else it is the connection.
///
/// `found` is `None` where the client cannot be told.
pub(crate) fn is_https(
    peer: Option<PeerAddr>,
    transport: Option<Transport>,
    headers: &HeaderMap,
    config: &ClientAddressConfig,
    found: Option<&Found<'_>>,
) -> Result<bool, Untold> {
    if config.believes(peer) {
        return told_scheme(headers, config.source(), found).map(|scheme| scheme == Scheme::HTTPS);
    }
    match transport {
        Some(Transport::Tls) => Ok(true),
        Some(_) => Ok(false),
        None => Err(Untold::NoTransport),
    }
}

/// What the sender called, as the trusted proxy tells it; `None` where it does not, or not in one
/// clear way, and where the peer is not trusted.
pub(crate) fn origin(
    peer: Option<PeerAddr>,
    headers: &HeaderMap,
    config: &ClientAddressConfig,
    found: Option<&Found<'_>>,
) -> Option<Origin> {
    if !config.believes(peer) {
        return None;
    }
    let scheme = told_scheme(headers, config.source(), found).ok()?;
    let authority = told_authority(headers, config.source(), found, &scheme).ok()?;
    let origin = Origin::new(scheme);
    Some(match authority {
        Some(authority) => origin.with_authority(authority),
        None => origin,
    })
}

fn told_scheme(
    headers: &HeaderMap,
    source: &ClientAddressSource,
    found: Option<&Found<'_>>,
) -> Result<Scheme, Untold> {
    let told = match source {
        ClientAddressSource::Forwarded => parameter(found, b"proto", scheme),
        _ => one(headers, &X_FORWARDED_PROTO, scheme),
    };
    told?.ok_or(Untold::NoHeader)
}

fn told_authority(
    headers: &HeaderMap,
    source: &ClientAddressSource,
    found: Option<&Found<'_>>,
    scheme: &Scheme,
) -> Result<Option<Authority>, Untold> {
    if *source == ClientAddressSource::Forwarded {
        return parameter(found, b"host", authority);
    }
    let host = one(headers, &X_FORWARDED_HOST, authority)?;
    let port = one(headers, &X_FORWARDED_PORT, port)?;
    match (host, port) {
        (Some(host), Some(port)) => with_port(host, port, scheme).map(Some),
        // A port without a host says nothing.
        (host, _) => Ok(host),
    }
}

type Read<T> = fn(&[u8]) -> Option<T>;

/// A parameter of the element of `Forwarded` that names the client.
fn parameter<T>(
    found: Option<&Found<'_>>,
    name: &[u8],
    read: Read<T>,
) -> Result<Option<T>, Untold> {
    let Some(element) = found.and_then(|found| found.element) else {
        return Ok(None);
    };
    let value = forwarded::parameter(element, name).map_err(|_| Untold::Malformed)?;
    let Some(value) = value else {
        return Ok(None);
    };
    let mut plain = [0; LONGEST_HOST];
    let read = value.text(&mut plain).and_then(read);
    read.map(Some).ok_or(Untold::Malformed)
}

/// The one value of a header.
fn one<T>(headers: &HeaderMap, name: &HeaderName, read: Read<T>) -> Result<Option<T>, Untold> {
    let mut lines = headers.get_all(name).into_iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(Untold::Malformed);
    }
    // A list is no value: none of its elements would be read.
    let read = read(list::trim(line.as_bytes()));
    read.map(Some).ok_or(Untold::Malformed)
}

/// `http` or `https`, in any case (RFC 3986 section 3.1).
fn scheme(text: &[u8]) -> Option<Scheme> {
    if text.eq_ignore_ascii_case(b"https") {
        Some(Scheme::HTTPS)
    } else {
        text.eq_ignore_ascii_case(b"http").then_some(Scheme::HTTP)
    }
}

/// A host name, an IPv4 address or an IPv6 address in brackets, with or without a port; no user.
fn authority(text: &[u8]) -> Option<Authority> {
    let text = str::from_utf8(text).ok()?;
    if text.len() > LONGEST_HOST {
        return None;
    }
    let authority: Authority = text.parse().ok()?;
    let name = authority.host();
    let is_host = match name.strip_prefix('[') {
        Some(v6) => v6.strip_suffix(']')?.parse::<Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(is_host_byte),
    };
    let has_port = match text.strip_prefix(name)? {
        "" => true,
        rest => port(rest.strip_prefix(':')?.as_bytes()).is_some(),
    };
    (is_host && has_port).then_some(authority)
}

/// Letters, digits, dots and hyphens (RFC 1123 section 2.1), and the underscore of internal names.
const fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

/// One to five digits that are a port.
fn port(text: &[u8]) -> Option<u16> {
    let digits = matches!(text.len(), 1..=5) && text.iter().all(u8::is_ascii_digit);
    let port = str::from_utf8(text).ok()?.parse().ok()?;
    (digits && port != 0).then_some(port)
}

/// Host and port in one. A port that the host names already has to be the same; one that is the
/// scheme's own is left out, as senders leave it out.
fn with_port(host: Authority, port: u16, scheme: &Scheme) -> Result<Authority, Untold> {
    let own = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    match host.port_u16() {
        Some(named) if named == port => Ok(host),
        Some(_) => Err(Untold::Malformed),
        None if port == own => Ok(host),
        None => format!("{host}:{port}")
            .parse()
            .map_err(|_| Untold::Malformed),
    }
}
