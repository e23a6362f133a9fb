//! The URL that a provider was told, in the forms in which it may have been.

use super::escapes;

/// The URL as it is, without its port, or with the usual one where it has none, as Twilio's
/// libraries try it: a provider signs what it was told, and proxies and clients change the port. Nor
/// does a request say whether its URL had a path, and whether the client escaped it.
///
/// With a long `body` only the port is tried, so that it is not hashed once for each form.
pub(super) fn forms(base: &str, target: &str, body: &[u8]) -> Vec<Vec<u8>> {
    let other = other_port(base);
    let bases = [Some(base), other.as_deref()];
    let is_short = body.len() <= escapes::MAX_BODY;
    let mut forms = Vec::new();
    for base in bases.iter().flatten() {
        for target in escapes::forms(target, false) {
            let root = target
                .strip_prefix(b"/")
                .filter(|rest| is_short && (rest.is_empty() || rest.starts_with(b"?")));
            for target in [Some(&*target), root].iter().flatten() {
                forms.push([base.as_bytes(), target].concat());
            }
            if !is_short {
                break;
            }
        }
    }
    forms
}

fn other_port(base: &str) -> Option<String> {
    let (scheme, authority) = base.split_once("://")?;
    // The colons of an IPv6 address stand in brackets, and those of credentials before an `@`.
    let host = authority.rfind(['@', ']']).unwrap_or(0);
    let port = authority.get(host..)?.find(':');
    Some(match port {
        Some(at) => format!("{scheme}://{}", authority.get(..host + at)?),
        None if scheme == "https" => format!("{base}:443"),
        None => format!("{base}:80"),
    })
}

#[cfg(test)]
mod tests {
    fn forms(base: &str, target: &str) -> Vec<String> {
        let forms = super::forms(base, target, b"").into_iter();
        forms.map(|form| String::from_utf8(form).unwrap()).collect()
    }

    #[test]
    fn the_port_may_be_another_one() {
        for (base, others) in [
            (
                "https://a.example",
                ["https://a.example/x", "https://a.example:443/x"],
            ),
            (
                "https://a.example:443",
                ["https://a.example:443/x", "https://a.example/x"],
            ),
            (
                "http://a.example",
                ["http://a.example/x", "http://a.example:80/x"],
            ),
            (
                "https://a.example:8443",
                ["https://a.example:8443/x", "https://a.example/x"],
            ),
            ("https://[::1]", ["https://[::1]/x", "https://[::1]:443/x"]),
            (
                "https://[::1]:8443",
                ["https://[::1]:8443/x", "https://[::1]/x"],
            ),
            (
                "https://u:p@a.example",
                ["https://u:p@a.example/x", "https://u:p@a.example:443/x"],
            ),
            (
                "https://u:p@a.example:1",
                ["https://u:p@a.example:1/x", "https://u:p@a.example/x"],
            ),
        ] {
            assert_eq!(forms(base, "/x"), others);
        }
    }

    #[test]
    fn the_client_may_have_escaped_it() {
        assert_eq!(
            forms("https://a.example:1", "/%C3%A9?x=a%20b&y=%27")[..2],
            [
                "https://a.example:1/%C3%A9?x=a%20b&y=%27",
                "https://a.example:1/é?x=a b&y=%27"
            ]
        );
    }

    #[test]
    fn a_long_body_has_few_forms() {
        let of = |length| super::forms("https://a.example", "/?x=%20", &vec![b'a'; length]).len();
        assert_eq!((of(64 * 1024), of(64 * 1024 + 1)), (8, 2));
    }

    #[test]
    fn there_may_have_been_no_path() {
        for (target, others) in [
            ("/", ["https://a.example:1/", "https://a.example:1"]),
            (
                "/?x=1",
                ["https://a.example:1/?x=1", "https://a.example:1?x=1"],
            ),
        ] {
            assert_eq!(forms("https://a.example:1", target)[..2], others);
        }
        assert_eq!(forms("https://a.example", "/x/").len(), 2);
    }
}
