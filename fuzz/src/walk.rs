//! The walk over `X-Forwarded-For`, `Forwarded` and single-value headers: against a naive one, and
//! with anything at all prefixed on the left, where strangers write.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::{HeaderMap, HeaderName, HeaderValue, Request, request::Parts};
use ipnet::IpNet;
use webhook_core::{AddressError, ClientAddr, Facts, Origin, PeerAddr};
use webhook_ip_layer::{
    ClientAddressConfig, ClientAddressSource, IpLayer, MAX_HOPS, TrustedProxies, explain, resolve,
};

use crate::{
    service::{Answered, answered},
    support::{Input, lines, planted, reached, request, trim},
};

const TRUSTED: [&[&str]; 4] = [
    &["10.0.0.0/8", "2001:db8:1::/48"],
    &["0.0.0.0/0", "::/0"],
    &["10.0.0.1", "192.0.2.0/24", "unix:"],
    &[],
];

const PEERS: [&str; 6] = [
    "10.0.0.1:1",
    "[2001:db8:1::5]:2",
    "203.0.113.9:3",
    "[::ffff:10.0.0.2]:4",
    "unix",
    "",
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Trust {
    Networks(&'static [&'static str]),
    Hops(usize),
}

#[derive(Debug)]
struct Plan {
    source: ClientAddressSource,
    trust: Trust,
    peer: Option<PeerAddr>,
}

impl Plan {
    fn choose(input: &mut Input<'_>) -> Self {
        let source = match input.byte() % 5 {
            0 | 1 => ClientAddressSource::XForwardedFor,
            2 | 3 => ClientAddressSource::Forwarded,
            _ => ClientAddressSource::XRealIp,
        };
        let trust = match usize::from(input.byte() % 8) {
            place @ 0..4 => Trust::Networks(TRUSTED[place]),
            4 => Trust::Networks(TRUSTED[0]),
            more => Trust::Hops(more - 4),
        };
        let peer = match input.pick(&PEERS) {
            "" => None,
            "unix" => Some(PeerAddr::Unix),
            address => Some(PeerAddr::new(address.parse().expect("an address"))),
        };
        Self {
            source,
            trust,
            peer,
        }
    }

    fn config(&self) -> ClientAddressConfig {
        let trusted = match self.trust {
            Trust::Networks(networks) => TrustedProxies::networks(networks).expect("networks"),
            Trust::Hops(hops) => TrustedProxies::hops(hops).expect("a few"),
        };
        ClientAddressConfig::new(self.source.clone(), trusted)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let Trust::Networks(networks) = self.trust else {
            return false;
        };
        networks
            .iter()
            .any(|network| match network.parse::<IpNet>() {
                Ok(network) => network.contains(&address),
                Err(_) => network.parse() == Ok(address),
            })
    }

    fn believes(&self, peer: PeerAddr) -> bool {
        match (self.trust, peer.ip()) {
            (Trust::Hops(_), _) => true,
            (_, Some(address)) => self.trusts(address),
            (Trust::Networks(networks), None) => networks.contains(&"unix:"),
        }
    }
}

type Walked = Result<ClientAddr, AddressError>;

/// The naive walk: everything is taken apart first, from left to right.
fn walk(plan: &Plan, request: &Parts) -> Walked {
    let peer = plan.peer.ok_or(AddressError::NoPeer)?;
    let as_peer = || ClientAddr::from_peer(peer).ok_or(AddressError::NoPeer);
    if !plan.believes(peer) {
        return as_peer();
    }
    let mut hops = match plan.source {
        ClientAddressSource::XForwardedFor => {
            let lines = lines(request, "x-forwarded-for");
            let all = lines
                .iter()
                .flat_map(|line| line.split(|byte| *byte == b','));
            all.map(|element| trim(element).to_vec()).collect()
        }
        ClientAddressSource::Forwarded => elements(&lines(request, "forwarded"))?,
        _ => match lines(request, "x-real-ip")[..] {
            [] => Vec::new(),
            [line] => vec![trim(line).to_vec()],
            _ => return Err(AddressError::DuplicateHeader),
        },
    };
    hops.retain(|hop| !hop.is_empty());
    if planted(1) {
        // As many applications do it.
        return hops.first().map_or_else(as_peer, |hop| read(plan, hop));
    }
    if planted(2) && hops.len() > 2 {
        hops.truncate(2);
    }
    hops.reverse();
    if let Trust::Hops(count) = plan.trust {
        return match hops.get(count - 1) {
            Some(hop) => read(plan, hop),
            None if hops.is_empty() => Err(AddressError::MissingHeader),
            None => Err(AddressError::NotEnoughHops),
        };
    }
    let mut last = None;
    for (place, hop) in hops.iter().enumerate() {
        if place == MAX_HOPS {
            return Err(AddressError::TooManyHops);
        }
        let client = read(plan, hop)?;
        if !plan.trusts(client.ip()) {
            return Ok(client);
        }
        last = Some(client);
    }
    last.map_or_else(as_peer, Ok)
}

/// The elements of `Forwarded`, one character at a time.
fn elements(lines: &[&[u8]]) -> Result<Vec<Vec<u8>>, AddressError> {
    let mut all = Vec::new();
    for line in lines {
        let (mut element, mut in_quotes, mut rest) = (Vec::new(), false, line.iter());
        while let Some(&byte) = rest.next() {
            match byte {
                b',' if !in_quotes => all.push(trim(&std::mem::take(&mut element)).to_vec()),
                b'\\' if in_quotes => {
                    element.push(byte);
                    element.extend(rest.next());
                }
                _ => {
                    in_quotes ^= byte == b'"';
                    element.push(byte);
                }
            }
        }
        if in_quotes {
            return Err(AddressError::MalformedHeader);
        }
        all.push(trim(&element).to_vec());
    }
    Ok(all)
}

fn read(plan: &Plan, hop: &[u8]) -> Walked {
    if plan.source != ClientAddressSource::Forwarded {
        return node(hop, false);
    }
    let node_text = for_parameter(hop).ok_or(AddressError::MalformedHeader)?;
    let text = node_text.ok_or(AddressError::UnknownHop)?;
    if text.len() > 64 {
        return Err(AddressError::InvalidHop);
    }
    node(&text, true)
}

/// The parameter `for`; `None` where the element is not well-formed.
#[allow(clippy::option_option, reason = "malformed, without it, and with it")]
fn for_parameter(element: &[u8]) -> Option<Option<Vec<u8>>> {
    let is_token = |text: &[u8]| {
        let tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        !text.is_empty() && text.iter().all(tchar)
    };
    let mut names: Vec<Vec<u8>> = Vec::new();
    let mut found = None;
    let mut rest = element;
    loop {
        rest = trim(rest);
        if let Some(behind) = rest.strip_prefix(b";") {
            rest = behind;
            continue;
        }
        if rest.is_empty() {
            return Some(found);
        }
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let name = rest[..equals].to_ascii_lowercase();
        rest = &rest[equals + 1..];
        let mut value = Vec::new();
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let mut bytes = quoted.iter();
            loop {
                let byte = match bytes.next()? {
                    b'"' => break,
                    b'\\' => *bytes.next()?,
                    byte => *byte,
                };
                if byte.is_ascii_control() && byte != b'\t' {
                    return None;
                }
                value.push(byte);
            }
            rest = trim(bytes.as_slice());
            if !rest.is_empty() && !rest.starts_with(b";") {
                return None;
            }
        } else {
            let end = rest
                .iter()
                .position(|byte| *byte == b';')
                .unwrap_or(rest.len());
            // Around an element and a pair there may be space, and none behind the sign.
            let text = &rest[..end];
            let blank = text
                .iter()
                .rev()
                .take_while(|byte| b" \t".contains(byte))
                .count();
            value = text[..text.len() - blank].to_vec();
            rest = &rest[end..];
            if !is_token(&value) {
                return None;
            }
        }
        let is_registered = [&b"for"[..], b"by", b"host", b"proto"].contains(&&*name);
        if !is_token(&name) || (is_registered && names.contains(&name)) {
            return None;
        }
        if name == b"for" {
            found = Some(value);
        }
        names.push(name);
    }
}

/// An address with a port or without one.
fn node(text: &[u8], is_forwarded: bool) -> Walked {
    let invalid = || AddressError::InvalidHop;
    let text = std::str::from_utf8(text).map_err(|_| invalid())?;
    if let (false, Ok(address)) = (is_forwarded, text.parse::<IpAddr>()) {
        return Ok(ClientAddr::new(address, None));
    }
    let hidden = |name: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        name.len() > 1 && name.starts_with('_') && name.bytes().skip(1).all(plain)
    };
    let (name, port, is_v6) = match text.strip_prefix('[') {
        Some(rest) => {
            let (name, rest) = rest.split_once(']').ok_or_else(invalid)?;
            let port = match rest.strip_prefix(':') {
                None if rest.is_empty() => None,
                None => return Err(invalid()),
                port => port,
            };
            (name, port, true)
        }
        None => match text.split_once(':') {
            Some((name, port)) => (name, Some(port), false),
            None => (text, None, false),
        },
    };
    let port = match port {
        None => None,
        Some(port) if is_forwarded && hidden(port) => None,
        Some(port) => {
            let digits =
                (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
            let port: Option<u16> = port.parse().ok().filter(|port| digits && *port != 0);
            Some(port.ok_or_else(invalid)?)
        }
    };
    let address = if is_v6 {
        name.parse::<Ipv6Addr>().map(IpAddr::V6).ok()
    } else {
        name.parse::<Ipv4Addr>().map(IpAddr::V4).ok()
    };
    match address {
        Some(address) => Ok(ClientAddr::new(address, port)),
        None if !is_v6 && (name.eq_ignore_ascii_case("unknown") || hidden(name)) => {
            Err(AddressError::UnknownHop)
        }
        None => Err(invalid()),
    }
}

/// The same headers with a stranger's text on the left: in a line of its own, or in the first line.
fn prefixed(
    name: &HeaderName,
    headers: &HeaderMap,
    text: &[u8],
    own_line: bool,
) -> Option<HeaderMap> {
    let mut first = text.to_vec();
    let mut values = headers.get_all(name).iter();
    let mut all = HeaderMap::new();
    if !own_line {
        first.push(b',');
        first.extend_from_slice(values.next()?.as_bytes());
    }
    all.append(name, HeaderValue::from_bytes(&first).ok()?);
    values.for_each(|value| {
        all.append(name, value.clone());
    });
    Some(all)
}

/// Whoever writes on the left changes nothing.
fn left(
    plan: &Plan,
    config: &ClientAddressConfig,
    headers: &HeaderMap,
    text: &[u8],
    own_line: bool,
) {
    let known = resolve(plan.peer, headers, config);
    let Some(name) = config.source().header_name() else {
        return;
    };
    let is_settled = match (known, plan.trust) {
        // Nothing but a hop that is not trusted ends the walk.
        (Ok(client), Trust::Networks(_)) => {
            headers.contains_key(name)
                && !plan.trusts(client.ip())
                && plan.peer.is_some_and(|peer| plan.believes(peer))
        }
        (known, Trust::Hops(_)) => known.is_ok(),
        _ => false,
    };
    // With another header than a list, a second value is an error.
    let is_list = *config.source() != ClientAddressSource::XRealIp;
    let Some(longer) = prefixed(name, headers, text, own_line).filter(|_| is_settled && is_list)
    else {
        return;
    };
    let after = resolve(plan.peer, &longer, config);
    // A quote that is left open makes the whole header an error, and never somebody else the client.
    let is_broken = *config.source() == ClientAddressSource::Forwarded
        && after == Err(AddressError::MalformedHeader);
    assert!(
        after == known || is_broken,
        "{known:?} became {after:?} by {text:?}: {plan:?} {headers:?}"
    );
    if after == known {
        reached("a settled client, with more on the left");
    }
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 8);
    let plan = Plan::choose(&mut input);
    let (own_line, cut) = (input.flag(), usize::from(input.byte()));
    let (stranger, text) = input.text.split_at(cut.min(input.text.len()));
    let Some((parts, _)) = request(text) else {
        return;
    };
    let config = plan.config();
    let known = resolve(plan.peer, &parts.headers, &config);
    assert_eq!(known, walk(&plan, &parts), "{plan:?} {parts:?}");
    let explained = explain(plan.peer, &parts.headers, &config);
    assert_eq!(explained.client, known);
    let told = explained.why.join(" ");
    assert!(
        !told
            .chars()
            .any(|char| char.is_control() || char == '\u{202e}'),
        "{told:?}"
    );
    left(&plan, &config, &parts.headers, stranger, own_line);
    if known.is_ok()
        && plan.peer.is_some_and(|peer| plan.believes(peer))
        && *config.source() == ClientAddressSource::Forwarded
    {
        reached("a client that Forwarded names");
    }
    layer(&plan, config, parts, known);
}

/// The layer hands on the same client, and an origin that is one.
fn layer(plan: &Plan, config: ClientAddressConfig, parts: Parts, known: Walked) {
    let layer = IpLayer::new().with_client_address(config).with_origin(true);
    let mut request = Request::from_parts(parts, ());
    if let Some(peer) = plan.peer {
        request.extensions_mut().insert(peer);
    }
    let Answered {
        reached_handler, ..
    } = answered(&layer, request);
    let Some(inner) = reached_handler else {
        return;
    };
    let facts = Facts::of(&inner.extensions);
    if let Ok(client) = known {
        assert_eq!(facts.and_then(Facts::client), Some(client));
    }
    if let Some(authority) = facts.and_then(Facts::origin).and_then(Origin::authority) {
        assert!(
            !authority.as_str().contains('@') && !authority.host().is_empty(),
            "{authority}"
        );
        reached("an origin with a host");
    }
}
