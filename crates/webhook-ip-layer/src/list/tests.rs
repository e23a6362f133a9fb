use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::{Access, AccessList, AddressSet, Network, NetworkErrorKind};

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn nearest(text: &str) -> Vec<String> {
    let error = text.parse::<Network>().expect_err("a mistake");
    error.nearest().iter().map(ToString::to_string).collect()
}

#[test]
fn a_mistake_names_the_right_forms_nearest_to_it() {
    assert_eq!(nearest("10.0.0.1/8"), ["10.0.0.1/32", "10.0.0.0/8"]);
    assert_eq!(
        nearest("2001:db8::1/32"),
        ["2001:db8::1/128", "2001:db8::/32"]
    );
    assert_eq!(
        nearest("::ffff:10.0.0.1/104"),
        ["10.0.0.1/32", "10.0.0.0/8"]
    );
    assert_eq!(nearest("::ffff:10.0.0.0/8"), ["10.0.0.0/32", "10.0.0.0/8"]);
    assert_eq!(nearest("10.0.0.0/08"), ["10.0.0.0/32", "10.0.0.0/8"]);
    assert_eq!(nearest("10.0.0.0/33"), ["10.0.0.0/32"]);
    assert_eq!(nearest("10.0.0.0/255.0.0.0"), ["10.0.0.0/32"]);
    assert_eq!(nearest(" 10.0.0.0/8"), ["10.0.0.0/32", "10.0.0.0/8"]);
    assert_eq!(nearest("[2001:db8::1]/128"), ["2001:db8::1/128"]);
    // Octal or decimal? Nobody knows.
    assert!(nearest("010.0.0.1").is_empty());
    assert!(nearest("localhost").is_empty());
}

#[test]
fn every_mistake_of_a_list_is_reported_with_the_name_of_the_list() {
    let error = AccessList::allow(["10.0.0.0/8", "2001:db8::1/32", "10.0.0.0/33", "x\u{1b}[2J"])
        .expect_err("three mistakes");
    let kinds: Vec<_> = error
        .errors()
        .iter()
        .map(|error| error.kind().as_str())
        .collect();
    assert_eq!(
        kinds,
        ["host_bits_set", "invalid_prefix", "invalid_address"]
    );
    assert_eq!(
        error.to_string(),
        "allow entry \"2001:db8::1/32\" has host bits set; one address is 2001:db8::1/128, the network is 2001:db8::/32\n\
         allow entry \"10.0.0.0/33\" has no valid prefix length; one address is 10.0.0.0/32\n\
         allow entry \"x\\u{1b}[2J\" is not an IP address or a network such as 192.0.2.0/24 or 2001:db8::/32"
    );
}

#[test]
fn the_error_of_a_huge_entry_stays_short() {
    let error = "9"
        .repeat(100_000)
        .parse::<Network>()
        .expect_err("no address");
    assert!(error.to_string().chars().count() < 200);
}

#[test]
fn edges_of_networks_are_inside_and_their_neighbours_outside() {
    let set = AddressSet::parse(["10.0.0.0/8", "255.255.255.255", "::/127", "ffff::/16"]).unwrap();
    for inside in [
        "10.0.0.0",
        "10.255.255.255",
        "255.255.255.255",
        "::1",
        "ffff:ffff::",
    ] {
        assert!(set.contains(address(inside)), "{inside}");
    }
    for outside in [
        "9.255.255.255",
        "11.0.0.0",
        "255.255.255.254",
        "::2",
        "fffe:ffff::",
    ] {
        assert!(!set.contains(address(outside)), "{outside}");
    }
}

#[test]
fn a_network_tells_its_prefix_folded_where_it_is_mapped() {
    for (text, prefix) in [
        ("203.0.113.0/24", 24),
        ("203.0.113.7", 32),
        ("2001:db8::/48", 48),
        ("2001:db8::1", 128),
        ("::ffff:203.0.113.0/120", 24),
        ("0.0.0.0/0", 0),
    ] {
        assert_eq!(
            text.parse::<Network>().unwrap().prefix_len(),
            prefix,
            "{text}"
        );
    }
    for text in ["203.0.113.7/33", "2001:db8::/129", "2001:db8::1/255"] {
        let error = text.parse::<Network>().unwrap_err();
        assert_eq!(error.kind(), NetworkErrorKind::InvalidPrefix, "{text}");
    }
}

#[test]
fn everything_of_one_family_is_nothing_of_the_other() {
    let v6 = AddressSet::parse(["::/0"]).unwrap();
    assert!(v6.contains(address("2001:db8::1")));
    assert!(!v6.contains(address("10.0.0.1")));
    assert!(!v6.contains(address("::ffff:10.0.0.1")));
    let v4 = AddressSet::parse(["0.0.0.0/0"]).unwrap();
    assert!(v4.contains(address("::ffff:10.0.0.1")));
    assert!(!v4.contains(address("::1")));
}

#[test]
fn an_empty_deny_list_still_needs_an_address() {
    let list = AccessList::open().with_deny_set(AddressSet::empty());
    assert_eq!(list.judge(None), Access::Unknown);
    assert_eq!(list.judge(Some(address("203.0.113.7"))), Access::Allowed);
    assert_eq!(AccessList::open().judge(None), Access::Allowed);
}

#[test]
fn the_rule_is_the_deny_entry_before_the_allow_entry() {
    let list = AccessList::allow(["203.0.113.7"])
        .unwrap()
        .with_deny(["203.0.113.0/24"])
        .unwrap();
    let rule = list
        .rule(address("203.0.113.7"))
        .map(|rule| rule.to_string());
    assert_eq!(rule.as_deref(), Some("203.0.113.0/24"));
    assert_eq!(list.rule(address("198.51.100.1")), None);
}

// Few leading values, so that networks overlap, touch and hold the addresses asked for.
fn any_address() -> impl Strategy<Value = IpAddr> {
    let v4 = (0_u32..4, any::<u32>())
        .prop_map(|(high, low)| Ipv4Addr::from_bits((high << 30) | (low & 0xF)).into());
    let v6 = (0_u128..4, any::<u128>())
        .prop_map(|(high, low)| Ipv6Addr::from_bits((high << 126) | (low & 0xF)).into());
    prop_oneof![
        v4,
        v6,
        any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(bits).into())
    ]
}

fn any_network() -> impl Strategy<Value = Network> {
    (any_address(), 0_u8..=128).prop_filter_map("prefix of the family", |(address, prefix)| {
        let full = Network::from(address).prefix_len();
        Network::around(address.to_canonical(), prefix.checked_rem(full + 1)?)
    })
}

proptest! {
    #[test]
    fn a_set_answers_as_a_scan_of_its_entries(
        networks in prop::collection::vec(any_network(), 0..40),
        addresses in prop::collection::vec(any_address(), 1..40),
    ) {
        let set: AddressSet = networks.iter().copied().collect();
        let edges = networks.iter().flat_map(|network| [network.address(), network.last_address()]);
        for address in addresses.into_iter().chain(edges) {
            let holding = networks.iter().filter(|network| network.contains(address));
            let specific = holding.max_by_key(|network| network.prefix_len()).copied();
            prop_assert_eq!(set.contains(address), specific.is_some(), "{}", address);
            prop_assert_eq!(set.rule(address), specific, "{}", address);
        }
    }

    #[test]
    fn a_network_reads_back_what_it_writes(network in any_network()) {
        prop_assert_eq!(network.to_string().parse::<Network>().unwrap(), network);
    }

    #[test]
    fn no_text_breaks_the_parser(text in "[0-9a-f:./\\[\\]% ]{0,24}|\\PC{0,24}") {
        match text.parse::<Network>() {
            Ok(network) => prop_assert!(network.contains(network.last_address())),
            Err(error) => {
                prop_assert_eq!(error.entry(), text.as_str());
                // Each of the forms offered is a right one.
                for form in error.nearest() {
                    prop_assert_eq!(form.to_string().parse::<Network>().unwrap(), *form);
                }
            }
        }
    }

    #[test]
    fn host_bits_are_refused_and_nothing_else_is(address in any_address(), prefix in 0_u8..=128) {
        let text = format!("{address}/{prefix}");
        match text.parse::<Network>() {
            Ok(network) => prop_assert!(network.contains(address)),
            Err(error) => prop_assert!(matches!(
                error.kind(),
                NetworkErrorKind::HostBitsSet | NetworkErrorKind::InvalidPrefix
            )),
        }
    }
}
