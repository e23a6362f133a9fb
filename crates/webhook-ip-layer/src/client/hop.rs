//! One hop: an address, perhaps with a port.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use webhook_core::{AddressError, ClientAddr};

/// An element of `X-Forwarded-For`, or the value of a header with one address.
///
/// A bare IPv6 address is all address: whether `2001:db8::7:443` ends in a port is never guessed.
pub(super) fn plain(element: &[u8]) -> Result<ClientAddr, AddressError> {
    let text = str::from_utf8(element).map_err(|_| AddressError::InvalidHop)?;
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(ClientAddr::new(address, None)),
        Err(_) => node(text, number),
    }
}

/// The node of a `for=` (RFC 7239 section 6): IPv4, IPv6 in brackets, `unknown` or an obfuscated
/// name, with or without a port.
pub(super) fn forwarded(node_text: &[u8]) -> Result<ClientAddr, AddressError> {
    let text = str::from_utf8(node_text).map_err(|_| AddressError::InvalidHop)?;
    node(text, |port| {
        number(port).or_else(|| is_obfuscated(port).then_some(0))
    })
}

fn node(text: &str, read_port: impl Fn(&str) -> Option<u16>) -> Result<ClientAddr, AddressError> {
    let (name, port) = split_port(text).ok_or(AddressError::InvalidHop)?;
    let port = match port {
        None => None,
        Some(port) => Some(read_port(port).ok_or(AddressError::InvalidHop)?),
    };
    match name {
        Name::Bracketed(v6) => v6.parse::<Ipv6Addr>().map(IpAddr::V6).ok(),
        Name::Plain(v4) => v4.parse::<Ipv4Addr>().map(IpAddr::V4).ok(),
    }
    .map(|address| ClientAddr::new(address, port))
    .ok_or_else(|| name.unusable())
}

#[derive(Clone, Copy)]
enum Name<'a> {
    Bracketed(&'a str),
    Plain(&'a str),
}

impl Name<'_> {
    /// A name that is no address: one that a proxy may send for a client it does not know or does
    /// not tell, or no name at all.
    fn unusable(self) -> AddressError {
        match self {
            Self::Plain(name) if name.eq_ignore_ascii_case("unknown") || is_obfuscated(name) => {
                AddressError::UnknownHop
            }
            _ => AddressError::InvalidHop,
        }
    }
}

fn split_port(text: &str) -> Option<(Name<'_>, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (v6, rest) = rest.split_once(']')?;
        let port = match rest {
            "" => None,
            _ => Some(rest.strip_prefix(':')?),
        };
        return Some((Name::Bracketed(v6), port));
    }
    Some(match text.split_once(':') {
        Some((name, port)) => (Name::Plain(name), Some(port)),
        None => (Name::Plain(text), None),
    })
}

/// `port = 1*5DIGIT` (RFC 7239 section 6.3), without 0, which is no port.
fn number(port: &str) -> Option<u16> {
    let digits = matches!(port.len(), 1..=5) && port.bytes().all(|byte| byte.is_ascii_digit());
    if digits {
        port.parse().ok().filter(|&port| port != 0)
    } else {
        None
    }
}

/// `obfnode = "_" 1*( ALPHA / DIGIT / "." / "_" / "-" )`, and `obfport` the same.
fn is_obfuscated(name: &str) -> bool {
    name.strip_prefix('_').is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    })
}
