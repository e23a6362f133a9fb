//! The URL that a provider was told, in the forms in which it may have been.

/// The URL as it is, without its port, or with the usual one where it has none, as Twilio's
/// libraries try it: a provider signs what it was told, and proxies and clients change the port. Nor
/// does a request say whether its URL had a path.
pub(super) fn forms(base: &str, target: &str) -> Vec<String> {
    let root = target.strip_prefix('/');
    let root = root.filter(|rest| rest.is_empty() || rest.starts_with('?'));
    let other = other_port(base);
    let bases = [Some(base), other.as_deref()];
    let targets = [Some(target), root];
    bases
        .iter()
        .flatten()
        .flat_map(|base| targets.iter().flatten().map(move |target| (base, target)))
        .map(|(base, target)| format!("{base}{target}"))
        .collect()
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
    use super::forms;

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
