//! The URL that a provider was told, in the forms in which it may have been.

/// The URL as it is, and with the port of its scheme named or left out: a provider signs what it
/// was told, and HTTP clients leave the usual port out.
pub(super) fn with_and_without_port(base: &str, target: &str) -> Vec<String> {
    let mut urls = vec![format!("{base}{target}")];
    if let Some(other) = other_port(base) {
        urls.push(format!("{other}{target}"));
    }
    urls
}

fn other_port(base: &str) -> Option<String> {
    let (scheme, host) = base.split_once("://")?;
    let usual = if scheme == "https" { ":443" } else { ":80" };
    if let Some(host) = host.strip_suffix(usual) {
        return Some(format!("{scheme}://{host}"));
    }
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| {
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    (!has_port).then(|| format!("{base}{usual}"))
}

#[cfg(test)]
mod tests {
    use super::with_and_without_port;

    #[test]
    fn the_usual_port_may_be_named() {
        for (base, others) in [
            (
                "https://a.example",
                &["https://a.example/x", "https://a.example:443/x"][..],
            ),
            (
                "https://a.example:443",
                &["https://a.example:443/x", "https://a.example/x"],
            ),
            (
                "http://a.example",
                &["http://a.example/x", "http://a.example:80/x"],
            ),
            ("https://a.example:8443", &["https://a.example:8443/x"]),
            ("https://[::1]", &["https://[::1]/x", "https://[::1]:443/x"]),
        ] {
            assert_eq!(with_and_without_port(base, "/x"), others);
        }
    }
}
