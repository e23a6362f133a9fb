use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use webhook_core::{AddressError, PeerAddr};

use super::{
    ClientAddressConfig, ClientAddressSource, MAX_HOPS, TrustedProxies, explain, find, hop,
    is_https, origin, resolve,
};

const SOURCES: [ClientAddressSource; 4] = [
    ClientAddressSource::Peer,
    ClientAddressSource::XForwardedFor,
    ClientAddressSource::Forwarded,
    ClientAddressSource::XRealIp,
];

fn proxy() -> PeerAddr {
    PeerAddr::new(([10, 0, 0, 1], 4711).into())
}

fn behind_proxies(source: ClientAddressSource) -> ClientAddressConfig {
    ClientAddressConfig::new(source, TrustedProxies::networks(["10.0.0.0/8"]).unwrap())
}

fn behind_hops(source: ClientAddressSource, hops: usize) -> ClientAddressConfig {
    ClientAddressConfig::new(source, TrustedProxies::hops(hops).unwrap())
}

fn lines(name: &str, lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_str(line).unwrap());
    }
    headers
}

fn client_of(headers: &HeaderMap, config: &ClientAddressConfig) -> Result<String, AddressError> {
    resolve(Some(proxy()), headers, config).map(|client| client.to_string())
}

fn forwarded(header_lines: &[&str]) -> Result<String, AddressError> {
    let config = behind_proxies(ClientAddressSource::Forwarded);
    client_of(&lines("forwarded", header_lines), &config)
}

fn chain(length: usize) -> String {
    vec!["10.0.0.9"; length].join(", ")
}

#[test]
fn as_many_hops_as_the_cap_are_walked_and_no_more() {
    for source in [
        ClientAddressSource::XForwardedFor,
        ClientAddressSource::Forwarded,
    ] {
        let config = behind_proxies(source.clone());
        let name = source.header_name().unwrap().as_str();
        let text = |hops: usize| match source {
            ClientAddressSource::Forwarded => chain(hops).replace("10.", "for=10."),
            _ => chain(hops),
        };
        let walked = client_of(&lines(name, &[&text(MAX_HOPS)]), &config);
        assert_eq!(walked.as_deref(), Ok("10.0.0.9"), "{source}");
        let too_long = client_of(&lines(name, &[&text(MAX_HOPS + 1)]), &config);
        assert_eq!(too_long, Err(AddressError::TooManyHops), "{source}");
        let in_two_lines = client_of(&lines(name, &[&text(1), &text(MAX_HOPS)]), &config);
        assert_eq!(in_two_lines, Err(AddressError::TooManyHops), "{source}");
    }
}

#[test]
fn the_port_of_a_hop_is_kept() {
    let config = behind_proxies(ClientAddressSource::XForwardedFor);
    let resolved = resolve(
        Some(proxy()),
        &lines("x-forwarded-for", &["[2001:db8::7]:443"]),
        &config,
    );
    assert_eq!(resolved.unwrap().port(), Some(443));
}

#[test]
fn hops_are_addresses_in_one_spelling() {
    for good in [
        "203.0.113.7",
        "203.0.113.7:1",
        "2001:db8::7",
        "[2001:db8::7]",
        "[::1]:65535",
    ] {
        assert!(hop::plain(good.as_bytes()).is_ok(), "{good}");
    }
    for bad in [
        "203.0.113.7:65536",
        "203.0.113.7:+80",
        "203.0.113.7:-1",
        "203.0.113.7:000080",
        "203.0.113.7:80:80",
        "[2001:db8::7]:",
        "[2001:db8::7]443",
        "[]",
        "[",
        "]",
        ":80",
        ":",
        "2001:db8::7%eth0",
        "\"203.0.113.7\"",
        "_",
        "_a b",
        "unknownx",
        "203.0.113.7:_port",
    ] {
        assert_eq!(
            hop::plain(bad.as_bytes()),
            Err(AddressError::InvalidHop),
            "{bad}"
        );
    }
    for unknown in [
        "unknown",
        "Unknown",
        "unknown:80",
        "_hidden",
        "_SEVKISEK.a-b:80",
    ] {
        assert_eq!(
            hop::plain(unknown.as_bytes()),
            Err(AddressError::UnknownHop),
            "{unknown}"
        );
    }
    // RFC 7239 lets a proxy hide the port alone.
    assert!(hop::forwarded(b"203.0.113.7:_port").is_ok());
    assert_eq!(
        hop::forwarded(b"2001:db8::7"),
        Err(AddressError::InvalidHop)
    );
}

#[test]
fn what_is_quoted_in_forwarded_is_one_value() {
    let quoted_comma = r#"for=203.0.113.7;host="a,for=198.51.100.66""#;
    assert_eq!(forwarded(&[quoted_comma]).as_deref(), Ok("203.0.113.7"));
    let quoted_semicolon = r#"host="a;for=198.51.100.66;";for=203.0.113.7"#;
    assert_eq!(forwarded(&[quoted_semicolon]).as_deref(), Ok("203.0.113.7"));
    // A backslash escapes in quotes only.
    let stranger = r"for=198.51.100.66\, for=203.0.113.7";
    assert_eq!(forwarded(&[stranger]).as_deref(), Ok("203.0.113.7"));
    let escaped_quote = r#"for=203.0.113.7;host="a\",for=198.51.100.66,b=\"c""#;
    assert_eq!(forwarded(&[escaped_quote]).as_deref(), Ok("203.0.113.7"));
    let long = format!("for=\"{}\"", "1".repeat(5000));
    assert_eq!(forwarded(&[&long]), Err(AddressError::InvalidHop));
}

#[test]
fn a_quote_left_open_in_any_line_of_forwarded_is_an_error() {
    for header_lines in [
        &["for=\"198.51.100.66", "for=203.0.113.7"][..],
        &["for=\"198.51.100.66", "for=\"203.0.113.7\""],
        &["for=203.0.113.7;host=\"a\\\""],
        &["for=203.0.113.7;host=\"a\\"],
    ] {
        let resolved = forwarded(header_lines);
        assert_eq!(
            resolved,
            Err(AddressError::MalformedHeader),
            "{header_lines:?}"
        );
    }
}

#[test]
fn the_grammar_of_a_forwarded_element_is_strict() {
    for malformed in [
        "203.0.113.7",
        "for",
        "=203.0.113.7",
        "for=a\"b\"",
        "for=\"a\"b",
        "for =x",
        "f(r=203.0.113.7",
        "for=203.0.113.7;for=198.51.100.66",
        "For=203.0.113.7;fOR=203.0.113.7",
        "for=203.0.113.7;proto=http;proto=https",
        "for=203.0.113.7 proto=https",
    ] {
        assert_eq!(
            forwarded(&[malformed]),
            Err(AddressError::MalformedHeader),
            "{malformed}"
        );
    }
    // `[ forwarded-pair ]` may be empty, and any token may be a name.
    for fine in [
        "for=203.0.113.7;",
        ";;For=203.0.113.7",
        "x=1;x=2;for=203.0.113.7",
        "for=203.0.113.7;x=\"a\tb\"",
    ] {
        assert_eq!(forwarded(&[fine]).as_deref(), Ok("203.0.113.7"), "{fine}");
    }
}

#[test]
fn strangers_cannot_use_open_quotes_to_move_a_proxys_text() {
    // The proxy escapes what it quotes. Whatever the stranger wrote to the left, it must not be able
    // to make the text of `host` an element.
    for left in ["a=\"", "a=\"b\", c=\"", "\"", "a\\\"", "x=\"\\", "a=\"\\\""] {
        let host = r#""[2001:db8::7]:4711";host="a\",for=6.6.6.6,b=\"c""#;
        let resolved = forwarded(&[&format!("{left}, for={host}")]);
        assert_ne!(resolved.as_deref(), Ok("6.6.6.6"), "{left}");
    }
}

#[test]
fn a_header_with_one_address_stands_once() {
    let config = behind_proxies(ClientAddressSource::XRealIp);
    let twice = lines("x-real-ip", &["203.0.113.7", "203.0.113.7"]);
    assert_eq!(
        client_of(&twice, &config),
        Err(AddressError::DuplicateHeader)
    );
    let list = lines("x-real-ip", &["203.0.113.7, 10.0.0.2"]);
    assert_eq!(client_of(&list, &config), Err(AddressError::InvalidHop));
    let empty = lines("x-real-ip", &[" "]);
    assert_eq!(client_of(&empty, &config).as_deref(), Ok("10.0.0.1"));
}

#[test]
fn a_number_of_hops_needs_as_many() {
    let config = behind_hops(ClientAddressSource::XForwardedFor, 2);
    let headers = |text| lines("x-forwarded-for", &[text]);
    assert_eq!(
        client_of(&headers("203.0.113.7"), &config),
        Err(AddressError::NotEnoughHops)
    );
    assert_eq!(
        client_of(&headers(" , "), &config),
        Err(AddressError::MissingHeader)
    );
    assert_eq!(
        client_of(&HeaderMap::new(), &config),
        Err(AddressError::MissingHeader)
    );
    let single = behind_hops(ClientAddressSource::XRealIp, 2);
    let headers = lines("x-real-ip", &["203.0.113.7"]);
    assert_eq!(
        client_of(&headers, &single),
        Err(AddressError::NotEnoughHops)
    );
    let none = behind_hops(ClientAddressSource::XRealIp, 0);
    assert_eq!(client_of(&headers, &none).as_deref(), Ok("10.0.0.1"));
}

#[test]
fn without_a_peer_no_header_is_believed() {
    let headers = lines("x-forwarded-for", &["203.0.113.7"]);
    for config in [
        ClientAddressConfig::default(),
        behind_proxies(ClientAddressSource::XForwardedFor),
        behind_hops(ClientAddressSource::XForwardedFor, 1),
    ] {
        assert_eq!(resolve(None, &headers, &config), Err(AddressError::NoPeer));
    }
}

#[test]
fn a_unix_socket_speaks_only_where_it_is_trusted() {
    let headers = lines("x-forwarded-for", &["203.0.113.7"]);
    let resolved = |config: &ClientAddressConfig| {
        resolve(Some(PeerAddr::Unix), &headers, config).map(|client| client.to_string())
    };
    let untrusted = behind_proxies(ClientAddressSource::XForwardedFor);
    assert_eq!(resolved(&untrusted), Err(AddressError::NoPeer));
    let hops = behind_hops(ClientAddressSource::XForwardedFor, 1);
    assert_eq!(resolved(&hops).as_deref(), Ok("203.0.113.7"));
}

#[test]
fn an_explanation_shows_what_a_stranger_wrote_escaped_and_short() {
    let mut headers = HeaderMap::new();
    let text = format!("\u{85}\u{202e}{}", "x".repeat(5000));
    headers.insert(
        "x-forwarded-for",
        HeaderValue::from_bytes(text.as_bytes()).unwrap(),
    );
    let explanation = explain(
        Some(proxy()),
        &headers,
        &behind_proxies(ClientAddressSource::XForwardedFor),
    );
    assert_eq!(explanation.client, Err(AddressError::InvalidHop));
    for why in &explanation.why {
        assert!(why.chars().count() < 200, "{why}");
        assert!(!why.contains(['\u{85}', '\u{202e}']), "{why:?}");
    }
    let last = explanation.why.last().unwrap();
    assert!(
        last.ends_with("nothing else is asked: invalid_hop"),
        "{last}"
    );
}

fn any_header_text() -> impl Strategy<Value = Vec<u8>> {
    let hostile =
        "([0-9a-f.:\\[\\]]{1,12}|for=|FOR=|;|,|\"|\\\\|unknown|_x| |\t|é|10\\.0\\.0\\.1){0,40}";
    prop_oneof![
        hostile.prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..200)
    ]
}

proptest! {
    #[test]
    fn promise_06_nothing_to_the_left_of_the_client_changes_it(
        left in prop::collection::vec(any_header_text(), 0..4),
        client in "(198\\.51\\.100\\.[1-9]|2001:db8::[1-9])(, 10\\.0\\.0\\.[1-9]){0,20}",
        same_line in any::<bool>(),
    ) {
        let config = behind_proxies(ClientAddressSource::XForwardedFor);
        let alone = client_of(&lines("x-forwarded-for", &[&client]), &config);
        prop_assert!(alone.is_ok());

        let mut texts = left;
        match texts.last_mut() {
            Some(last) if same_line => {
                last.extend_from_slice(b", ");
                last.extend_from_slice(client.as_bytes());
            }
            _ => texts.push(client.into_bytes()),
        }
        let mut headers = HeaderMap::new();
        for text in texts {
            let text: Vec<u8> = text.into_iter().filter(|byte| !byte.is_ascii_control()).collect();
            headers.append("x-forwarded-for", HeaderValue::from_bytes(&text).unwrap());
        }
        prop_assert_eq!(client_of(&headers, &config), alone);
    }

    // A stranger's open quote makes it an error, never another client.
    #[test]
    fn nothing_to_the_left_in_forwarded_chooses_the_client(
        left in any_header_text(),
        host in "[a-z,;=\" \\\\]{0,12}",
    ) {
        let escaped = host.replace('\\', "\\\\").replace('"', "\\\"");
        let right = format!(", for=\"[2001:db8::7]:4711\";host=\"{escaped}\", for=10.0.0.2");
        let mut text: Vec<u8> = left.into_iter().filter(|byte| !byte.is_ascii_control()).collect();
        text.extend_from_slice(right.as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert("forwarded", HeaderValue::from_bytes(&text).unwrap());
        let resolved = client_of(&headers, &behind_proxies(ClientAddressSource::Forwarded));
        prop_assert!(
            matches!(resolved.as_deref(), Ok("2001:db8::7") | Err(AddressError::MalformedHeader)),
            "{resolved:?}"
        );
    }

    #[test]
    fn no_header_breaks_the_parsers_and_explaining_changes_nothing(
        texts in prop::collection::vec(any_header_text(), 0..4),
        hops in 0..4_usize,
    ) {
        for source in SOURCES {
            let mut headers = HeaderMap::new();
            for text in &texts {
                let Some(name) = source.header_name() else { continue };
                if let Ok(value) = HeaderValue::from_bytes(text) {
                    headers.append(name, value);
                }
            }
            for config in [behind_proxies(source.clone()), behind_hops(source.clone(), hops)] {
                let resolved = resolve(Some(proxy()), &headers, &config);
                prop_assert_eq!(explain(Some(proxy()), &headers, &config).client, resolved);
                if let Ok(client) = resolved {
                    prop_assert!(!matches!(client.ip(), IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some()));
                }
            }
        }
    }

    // A stranger's element, or its open quote, makes it an error or nothing, never another origin.
    #[test]
    fn nothing_to_the_left_in_forwarded_chooses_the_origin(
        left in any_header_text(),
        stranger in "(for=203\\.0\\.113\\.9|FOR=_x|for=10\\.0\\.0\\.8);proto=http(s)?;host=evil\\.example",
        inner in "(, for=10\\.0\\.0\\.[1-9];proto=http;host=inner){0,5}",
    ) {
        let config = behind_proxies(ClientAddressSource::Forwarded);
        let own = "for=198.51.100.7;proto=https;host=hooks.example";
        let mut text = left;
        text.extend_from_slice(format!(", {stranger}, {own}{inner}").as_bytes());
        text.retain(|byte| !byte.is_ascii_control());
        let mut headers = HeaderMap::new();
        headers.append("forwarded", HeaderValue::from_bytes(&text).unwrap());
        headers.append("x-forwarded-proto", HeaderValue::from_static("http"));

        let found = find(Some(proxy()), &headers, &config);
        let told = origin(Some(proxy()), &headers, &config, found.as_ref().ok());
        let scheme = is_https(Some(proxy()), None, &headers, &config, found.as_ref().ok());
        if let Ok(found) = found {
            prop_assert_eq!(found.client.to_string(), "198.51.100.7");
            let told = told.unwrap();
            prop_assert_eq!(told.authority().unwrap().as_str(), "hooks.example");
            prop_assert_eq!((told.is_https(), scheme), (true, Ok(true)));
        } else {
            prop_assert_eq!(told, None);
            prop_assert!(scheme.is_err());
        }
    }
}
