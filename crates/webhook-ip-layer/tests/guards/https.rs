use http::Request;
use webhook_core::{Check, Facts, PeerAddr, Reason, Transport, Verdict};
use webhook_ip_layer::{ClientAddressSource, IpLayer};

use crate::{behind_proxy, events::Events, from, recorded, refusal, with};

const SENDER: &str = "203.0.113.7:1";
const PROXY: &str = "10.0.0.1:1";

fn over(mut request: Request<()>, transport: Transport) -> Request<()> {
    request.extensions_mut().insert(transport);
    with(request, "signature", "good")
}

async fn is_taken(layer: &IpLayer, request: Request<()>) -> bool {
    let (reason, record) = recorded(layer, with(request, "signature", "good")).await;
    let verdict = record.verdict(Check::Https);
    match reason {
        None => assert_ne!(verdict, Some(Verdict::Fail)),
        Some(reason) => {
            assert_eq!(reason, Reason::HttpsRequired);
            assert_eq!(record.refusal(), Some((reason, Check::Https)));
        }
    }
    reason.is_none()
}

#[tokio::test]
async fn a_sender_without_a_proxy_is_known_by_its_connection_alone() {
    let layer = IpLayer::new().with_https();
    assert!(is_taken(&layer, over(from(SENDER), Transport::Tls)).await);
    assert!(!is_taken(&layer, over(from(SENDER), Transport::Plain)).await);
    // The server says nothing: fail closed.
    assert!(!is_taken(&layer, from(SENDER)).await);
    let mut told_by_the_loop = Request::new(());
    let peer: std::net::SocketAddr = SENDER.parse().unwrap();
    told_by_the_loop
        .extensions_mut()
        .insert(Facts::from_peer(PeerAddr::new(peer)).with_transport(Transport::Tls));
    assert!(is_taken(&layer, told_by_the_loop).await);

    // Whatever a stranger writes.
    let mut absolute = over(from(SENDER), Transport::Plain);
    *absolute.uri_mut() = "https://hooks.example/".parse().unwrap();
    let absolute = with(absolute, "x-forwarded-proto", "https");
    let absolute = with(absolute, "forwarded", "for=203.0.113.7;proto=https");
    assert!(!is_taken(&layer, absolute).await);
}

#[tokio::test]
async fn a_trusted_proxy_tells_with_exactly_one_value() {
    let layer = behind_proxy(
        IpLayer::new().with_https(),
        ClientAddressSource::XForwardedFor,
    );
    let through = |values: &[&str]| {
        let request = with(from(PROXY), "x-forwarded-for", "203.0.113.7");
        // The connection from the proxy is encrypted; that says nothing of the sender's.
        let request = over(request, Transport::Tls);
        values.iter().fold(request, |request, value| {
            with(request, "x-forwarded-proto", value)
        })
    };
    assert!(is_taken(&layer, through(&["https"])).await);
    assert!(is_taken(&layer, through(&[" HTTPS "])).await);
    for refused in [
        &["http"][..],
        &[],
        &[""],
        &["https,http"],
        &["http,https"],
        &["https", "https"],
        &["https, https"],
        &["wss"],
        &["https;"],
        &["on"],
    ] {
        assert!(!is_taken(&layer, through(refused)).await, "{refused:?}");
    }
    // By a peer that is not trusted the same header is a stranger's.
    let stranger = with(from(SENDER), "x-forwarded-proto", "https");
    assert!(!is_taken(&layer, stranger).await);
    // The other header is never a fallback.
    let other = with(from(PROXY), "forwarded", "for=203.0.113.7;proto=https");
    assert!(!is_taken(&layer, other).await);
}

#[tokio::test]
async fn forwarded_tells_in_the_element_that_names_the_client() {
    let layer = behind_proxy(IpLayer::new().with_https(), ClientAddressSource::Forwarded);
    let through = |value: &str| over(with(from(PROXY), "forwarded", value), Transport::Tls);
    for taken in [
        "for=203.0.113.7;proto=https",
        "proto=HTTPS;for=203.0.113.7",
        r#"for=203.0.113.7;proto="https""#,
        // Two proxies: the outer one, which the client called, added the left element.
        "for=203.0.113.7;proto=https, for=10.0.0.2;proto=http",
        // What the client wrote itself stands further left.
        "for=198.51.100.66;proto=http, for=203.0.113.7;proto=https",
    ] {
        assert!(is_taken(&layer, through(taken)).await, "{taken}");
    }
    for refused in [
        "for=203.0.113.7;proto=http",
        "for=203.0.113.7",
        "for=203.0.113.7;proto=http, for=10.0.0.2;proto=https",
        "for=198.51.100.66;proto=https, for=203.0.113.7;proto=http",
        "for=198.51.100.66;proto=https, for=203.0.113.7",
    ] {
        assert!(!is_taken(&layer, through(refused)).await, "{refused}");
    }
    for broken in [
        "for=203.0.113.7;proto=https;proto=https",
        r#"for=203.0.113.7;proto="https"#,
        "for=203.0.113.7;proto=",
        "",
    ] {
        let (reason, _) = recorded(&layer, through(broken)).await;
        assert_eq!(reason, Some(Reason::HttpsRequired), "{broken}");
    }
}

#[tokio::test]
async fn only_where_it_is_asked_for_is_this_host_exempt_and_never_a_proxy_on_it() {
    let local = || from("127.0.0.1:1");
    assert!(!is_taken(&IpLayer::new().with_https(), local()).await);
    let layer = IpLayer::new().with_https_except_loopback();
    assert!(is_taken(&layer, local()).await);
    assert!(is_taken(&layer, from("[::1]:1")).await);
    assert!(!is_taken(&layer, from(SENDER)).await);
    for name in [
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
    ] {
        assert!(
            !is_taken(&layer, with(local(), name, "https")).await,
            "{name}"
        );
    }
    // Nor where the proxy has a header of its own.
    let own = ClientAddressSource::Header("cf-connecting-ip".parse().unwrap());
    let behind = layer.clone().with_source(own);
    let behind = behind.with_trusted_proxies(["10.0.0.0/8"]).unwrap();
    assert!(is_taken(&behind, local()).await);
    let through = with(local(), "cf-connecting-ip", "127.0.0.1");
    assert!(!is_taken(&behind, through).await);
    let layer = behind_proxy(layer, ClientAddressSource::XForwardedFor);
    let through = with(local(), "x-forwarded-for", "203.0.113.7");
    assert!(!is_taken(&layer, through).await);
    let claims = with(local(), "x-forwarded-for", "127.0.0.1");
    assert!(!is_taken(&layer, claims).await);
    let told = with(local(), "x-forwarded-for", "203.0.113.7");
    assert!(is_taken(&layer, with(told, "x-forwarded-proto", "https")).await);
}

#[tokio::test]
async fn without_the_check_nothing_is_asked_and_nothing_recorded() {
    let request = over(from(SENDER), Transport::Plain);
    let (reason, record) = recorded(&IpLayer::new(), request).await;
    assert_eq!((reason, record.verdict(Check::Https)), (None, None));
}

#[tokio::test]
async fn a_setup_that_cannot_tell_is_told_once() {
    let (events, _guard) = Events::collect();
    let layer = IpLayer::new().with_https();
    let behind = behind_proxy(
        IpLayer::new().with_https(),
        ClientAddressSource::XForwardedFor,
    );
    for _ in 0..3 {
        refusal(&layer, from(SENDER)).await;
        refusal(&behind, with(from(PROXY), "x-forwarded-for", "203.0.113.7")).await;
    }
    let told = events.take();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("webhook_core::Transport::Tls"), "{told:?}");
    assert!(told[1].contains("X-Forwarded-Proto"), "{told:?}");
}
