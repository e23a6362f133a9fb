//! URLs in deliveries: compared, never followed.

/// Which URLs a provider may name as the place of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UrlRule {
    /// One of these, to the letter.
    OneOf(&'static [&'static str]),
    /// A host of `paypal.com`.
    PayPal,
    /// A certificate of Amazon SNS, as AWS's own library checks it.
    Sns,
}

impl UrlRule {
    pub(crate) fn allows(self, url: &str) -> bool {
        match self {
            Self::OneOf(urls) => urls.contains(&url),
            Self::PayPal => split(url).is_some_and(|(host, _)| {
                host == "paypal.com" || host.strip_suffix(".paypal.com").is_some_and(is_labels)
            }),
            Self::Sns => split(url)
                .is_some_and(|(host, path)| is_sns(host) && path.as_bytes().ends_with(b".pem")),
        }
    }
}

/// Host and path of an `https` URL without user, port, query or fragment.
fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://")?;
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/');
    if url.len() > 1024 || !rest.bytes().all(plain) {
        return None;
    }
    rest.split_once('/')
}

fn is_labels(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.split('.').all(is_label)
}

fn is_sns(host: &str) -> bool {
    let region = host.strip_prefix("sns.").and_then(|rest| {
        rest.strip_suffix(".amazonaws.com")
            .or_else(|| rest.strip_suffix(".amazonaws.com.cn"))
    });
    region.is_some_and(|region| region.len() >= 3 && !region.contains('.') && is_labels(region))
}

#[cfg(test)]
mod tests {
    use super::UrlRule;

    #[test]
    fn only_the_providers_own_hosts_pass() {
        for (rule, url) in [
            (
                UrlRule::Sns,
                "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
            ),
            (
                UrlRule::Sns,
                "https://sns.cn-north-1.amazonaws.com.cn/x.pem",
            ),
            (
                UrlRule::PayPal,
                "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270",
            ),
            (
                UrlRule::PayPal,
                "https://api.sandbox.paypal.com/v1/notifications/certs/CERT",
            ),
        ] {
            assert!(rule.allows(url), "{url}");
        }
        for url in [
            "http://sns.us-east-1.amazonaws.com/x.pem",
            "https://sns.us-east-1.amazonaws.com.evil.example/x.pem",
            "https://sns.us-east-1.amazonaws.com/x.txt",
            "https://sns.us-east-1.amazonaws.com/x.txt?.pem",
            "https://sns.us-east-1.amazonaws.com@evil.example/x.pem",
            "https://evil.example/sns.us-east-1.amazonaws.com/x.pem",
            "https://sns.us-east-1.amazonaws.com:443/x.pem",
            "https://sns.a.b.amazonaws.com/x.pem",
            "https://sns..amazonaws.com/x.pem",
            "https://evilpaypal.com/x.pem",
            "https://paypal.com.evil.example/x",
            "https://.paypal.com/x",
            "https://api.paypal.com\\@evil.example/x",
        ] {
            assert!(
                !UrlRule::Sns.allows(url) && !UrlRule::PayPal.allows(url),
                "{url}"
            );
        }
    }
}
