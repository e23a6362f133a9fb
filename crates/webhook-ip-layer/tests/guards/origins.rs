use std::convert::Infallible;

use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};
use webhook_core::{Facts, Transport};
use webhook_ip_layer::{ClientAddressSource, IpLayer};

use crate::{Answer, behind_proxy, from, with};

const PROXY: &str = "10.0.0.1:1";

/// What the handler is told, as a URL.
async fn told(layer: &IpLayer, request: Request<()>) -> String {
    let handler = service_fn(async |request: Request<()>| {
        let facts = Facts::of(request.extensions()).unwrap();
        let text = facts.origin().map_or("nothing".to_owned(), |origin| {
            let authority = origin
                .authority()
                .map_or("?", |authority| authority.as_str());
            format!("{}://{authority}", origin.scheme())
        });
        let mut answer: Answer = Response::default();
        answer.headers_mut().insert("told", text.parse().unwrap());
        Ok::<_, Infallible>(answer)
    });
    let answer = layer.layer(handler).oneshot(request).await.unwrap();
    answer.headers()["told"].to_str().unwrap().to_owned()
}

fn layer(source: ClientAddressSource) -> IpLayer {
    behind_proxy(IpLayer::new().with_origin(true), source)
}

fn through(headers: &[(&'static str, &str)]) -> Request<()> {
    let request = with(from(PROXY), "x-forwarded-for", "203.0.113.7");
    let request = with(request, "host", "internal:8080");
    headers
        .iter()
        .fold(request, |request, (name, value)| with(request, name, value))
}

const PROTO: &str = "x-forwarded-proto";
const HOST: &str = "x-forwarded-host";
const PORT: &str = "x-forwarded-port";

#[tokio::test]
async fn a_host_is_told_up_to_its_longest() {
    let layer = layer(ClientAddressSource::XForwardedFor);
    // The longest name of RFC 1035 with a colon and a port has 259 bytes.
    for (length, is_told) in [(259, true), (260, true), (261, false)] {
        let host = format!("{}.example", "a".repeat(length - 8));
        let told = told(&layer, through(&[(PROTO, "https"), (HOST, &host)])).await;
        assert_eq!(told == format!("https://{host}"), is_told, "{told}");
    }
}

#[tokio::test]
async fn the_trusted_proxys_headers_tell_scheme_host_and_port() {
    let layer = layer(ClientAddressSource::XForwardedFor);
    for (headers, expected) in [
        (
            &[(PROTO, "https"), (HOST, "hooks.example")][..],
            "https://hooks.example",
        ),
        (
            &[(PROTO, "https"), (HOST, "hooks.example:8443")],
            "https://hooks.example:8443",
        ),
        (
            &[(PROTO, "https"), (HOST, "hooks.example"), (PORT, "443")],
            "https://hooks.example",
        ),
        (
            &[(PROTO, "http"), (HOST, "hooks.example"), (PORT, "443")],
            "http://hooks.example:443",
        ),
        (
            &[(PROTO, "https"), (HOST, "hooks.example"), (PORT, "8443")],
            "https://hooks.example:8443",
        ),
        (
            &[(PROTO, "https"), (HOST, "hooks.example:443"), (PORT, "443")],
            "https://hooks.example:443",
        ),
        (
            &[(PROTO, "https"), (HOST, "[2001:db8::1]:8443")],
            "https://[2001:db8::1]:8443",
        ),
        (&[(PROTO, "https")], "https://?"),
        (&[(PROTO, "https"), (PORT, "8443")], "https://?"),
    ] {
        assert_eq!(
            told(&layer, through(headers)).await,
            expected,
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn what_is_not_exactly_one_thing_is_not_told() {
    let layer = layer(ClientAddressSource::XForwardedFor);
    for headers in [
        &[(HOST, "hooks.example")][..],
        &[(PROTO, "https"), (HOST, "a.example, hooks.example")],
        &[
            (PROTO, "https"),
            (HOST, "a.example"),
            (HOST, "hooks.example"),
        ],
        &[(PROTO, "https"), (PROTO, "https"), (HOST, "hooks.example")],
        &[(PROTO, "https"), (HOST, "user@hooks.example")],
        &[(PROTO, "https"), (HOST, "hooks.example/path")],
        &[(PROTO, "https"), (HOST, "https://hooks.example")],
        &[(PROTO, "https"), (HOST, "")],
        &[(PROTO, "https"), (HOST, "hooks.example:")],
        &[(PROTO, "https"), (HOST, "hooks.example:0")],
        &[(PROTO, "https"), (HOST, "hooks.example:99999")],
        &[(PROTO, "https"), (HOST, "hooks.example:+443")],
        &[(PROTO, "https"), (HOST, "[2001:db8::1")],
        &[(PROTO, "https"), (HOST, "[hooks.example]")],
        &[(PROTO, "https"), (HOST, "hooks%2eexample")],
        &[
            (PROTO, "https"),
            (HOST, "hooks.example"),
            (PORT, "08443000"),
        ],
        &[
            (PROTO, "https"),
            (HOST, "hooks.example"),
            (PORT, "8443,443"),
        ],
        &[
            (PROTO, "https"),
            (HOST, "hooks.example:443"),
            (PORT, "8443"),
        ],
    ] {
        assert_eq!(
            told(&layer, through(headers)).await,
            "nothing",
            "{headers:?}"
        );
    }
    let long = "a".repeat(300);
    let headers = [(PROTO, "https"), (HOST, long.as_str())];
    assert_eq!(told(&layer, through(&headers)).await, "nothing");
}

#[tokio::test]
async fn forwarded_tells_in_the_clients_own_element_alone() {
    let layer = layer(ClientAddressSource::Forwarded);
    for (value, expected) in [
        (
            "for=203.0.113.7;proto=https;host=hooks.example",
            "https://hooks.example",
        ),
        (
            r#"for=203.0.113.7;proto=https;host="hooks.example:8443""#,
            "https://hooks.example:8443",
        ),
        (
            r#"for=203.0.113.7;proto=https;host="hooks\.example""#,
            "https://hooks.example",
        ),
        (
            "for=1.2.3.4;proto=http;host=evil.example, for=203.0.113.7;proto=https;host=hooks.example, for=10.0.0.2;proto=http;host=inner",
            "https://hooks.example",
        ),
        (
            "for=1.2.3.4;proto=https;host=evil.example, for=203.0.113.7",
            "nothing",
        ),
        ("for=203.0.113.7;proto=https", "https://?"),
        (
            r#"for=203.0.113.7;proto=https;host="a.example,for=1.2.3.4""#,
            "nothing",
        ),
    ] {
        let request = with(
            through(&[(PROTO, "http"), (HOST, "no.example")]),
            "forwarded",
            value,
        );
        assert_eq!(told(&layer, request).await, expected, "{value}");
    }
}

#[tokio::test]
async fn a_stranger_tells_nothing_and_neither_does_a_layer_that_was_not_asked() {
    let headers = [(PROTO, "https"), (HOST, "hooks.example")];
    let stranger = headers
        .iter()
        .fold(from("203.0.113.7:1"), |request, (name, value)| {
            with(request, name, value)
        });
    assert_eq!(
        told(&layer(ClientAddressSource::XForwardedFor), stranger).await,
        "nothing"
    );
    // Nobody is trusted: not even where the server knows of TLS.
    let mut direct = through(&headers);
    direct.extensions_mut().insert(Transport::Tls);
    assert_eq!(
        told(&IpLayer::new().with_origin(true), direct).await,
        "nothing"
    );
    let unasked = behind_proxy(IpLayer::new(), ClientAddressSource::XForwardedFor);
    assert_eq!(told(&unasked, through(&headers)).await, "nothing");
}
