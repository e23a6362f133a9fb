//! Lists of networks: against the readers of std and of `ipnet`, and look-ups against a scan.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};
use webhook_ip_layer::{AccessList, AddressSet, Network, NetworkErrorKind, TrustedProxies};

use crate::support::{Input, planted, reached};

/// What std and `ipnet` make of an entry, with our rules on top.
fn naive(text: &str) -> Result<IpNet, NetworkErrorKind> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address
        .parse()
        .map_err(|_| NetworkErrorKind::InvalidAddress)?;
    let Some(prefix) = prefix else {
        return Ok(IpNet::from(address.to_canonical()));
    };
    let wrong = NetworkErrorKind::InvalidPrefix;
    let has_one_spelling = prefix
        .parse::<u8>()
        .is_ok_and(|number| number.to_string() == prefix);
    if !has_one_spelling && !planted(2) {
        return Err(wrong);
    }
    let network: IpNet = text.parse().map_err(|_| wrong)?;
    let folded = match network {
        IpNet::V6(v6) => match v6.addr().to_ipv4_mapped() {
            Some(v4) => {
                let prefix = v6.prefix_len().checked_sub(96).ok_or(wrong)?;
                IpNet::V4(Ipv4Net::new(v4, prefix).map_err(|_| wrong)?)
            }
            None => network,
        },
        IpNet::V4(_) => network,
    };
    if folded.addr() == folded.network() {
        Ok(folded)
    } else {
        Err(NetworkErrorKind::HostBitsSet)
    }
}

fn same(ours: &Network, theirs: &IpNet) {
    assert_eq!(
        (ours.address(), ours.prefix_len()),
        (theirs.addr(), theirs.prefix_len())
    );
    assert_eq!(ours.last_address(), theirs.broadcast());
    assert_eq!(ours.to_string().parse::<Network>().as_ref(), Ok(ours));
    assert_eq!(
        Network::new(ours.address(), ours.prefix_len()).as_ref(),
        Ok(ours)
    );
}

/// Addresses at the edges of a network, and beside them.
fn around(network: &IpNet) -> Vec<IpAddr> {
    let edges = [network.network(), network.broadcast()];
    let beside = |address: &IpAddr| match address {
        IpAddr::V4(v4) => [
            v4.to_bits().wrapping_sub(1),
            v4.to_bits(),
            v4.to_bits().wrapping_add(1),
        ]
        .map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)))
        .to_vec(),
        IpAddr::V6(v6) => [
            v6.to_bits().wrapping_sub(1),
            v6.to_bits(),
            v6.to_bits().wrapping_add(1),
        ]
        .map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)))
        .to_vec(),
    };
    edges.iter().flat_map(beside).collect()
}

fn mapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().into(),
        v6 @ IpAddr::V6(_) => v6,
    }
}

fn holds(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    let inside = |network: &IpNet| {
        network.contains(&address)
            && !(planted(1) && network.prefix_len() == 31 && network.broadcast() == address)
    };
    networks.iter().any(inside)
}

/// The narrowest network around an address.
fn narrowest(networks: &[IpNet], address: IpAddr) -> Option<IpNet> {
    let address = address.to_canonical();
    let around = networks.iter().filter(|network| network.contains(&address));
    around.max_by_key(|network| network.prefix_len()).copied()
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 4);
    let denied = usize::from(input.byte());
    let text = String::from_utf8_lossy(input.text);
    let entries: Vec<&str> = text.split('\n').take(64).collect();
    let (mut good, mut networks) = (Vec::new(), Vec::new());
    let mut bad = Vec::new();
    for entry in &entries {
        match (entry.parse::<Network>(), naive(entry)) {
            (Ok(ours), Ok(theirs)) => {
                same(&ours, &theirs);
                good.push(*entry);
                networks.push(theirs);
            }
            (Err(ours), Err(theirs)) => {
                assert_eq!(ours.kind(), theirs, "{entry:?}");
                let told = ours.to_string();
                assert!(told.len() < 512 && !told.contains('\n'), "{told:?}");
                bad.push(ours);
            }
            (ours, theirs) => panic!("{entry:?}: {ours:?}, {theirs:?}"),
        }
    }
    // A list is taken as a whole, and every mistake in it is named.
    match AddressSet::parse(&entries) {
        Ok(_) => assert!(bad.is_empty()),
        Err(error) => assert_eq!(error.errors(), bad),
    }
    let _proxies = TrustedProxies::networks(&entries).map(|trusted| trusted.trusts_everyone());
    let (deny, allow) = networks.split_at(denied % (networks.len() + 1));
    let (denied, allowed) = good.split_at(deny.len());
    let set = AddressSet::parse(&good).expect("all of them are good");
    let list = AccessList::allow(allowed)
        .and_then(|list| list.with_deny(denied))
        .expect("all of them are good");
    assert!(!list.permits(None));
    if deny.len() > 1 && allow.len() > 1 {
        reached("two lists of several networks");
    }
    for address in networks.iter().flat_map(around).take(256) {
        for address in [address, mapped(address)] {
            assert_eq!(
                set.contains(address),
                holds(&networks, address),
                "{address} in {good:?}"
            );
            let rule = set.rule(address);
            let expected = narrowest(&networks, address);
            assert_eq!(
                rule.map(|rule| rule.to_string()),
                expected.map(|network| network.to_string())
            );
            let permitted = !holds(deny, address) && holds(allow, address);
            assert_eq!(
                list.permits(Some(address)),
                permitted,
                "{address}: {denied:?} {allowed:?}"
            );
        }
    }
}
