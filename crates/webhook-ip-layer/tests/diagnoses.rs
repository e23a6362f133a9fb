//! What the log says of a setup that cannot work, in six topologies: nothing where it works, and each
//! fault once, by its code.
#![allow(
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod events;

use std::convert::Infallible;

use bytes::Bytes;
use events::Events;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use webhook_core::PeerAddr;
use webhook_ip_layer::{ClientAddressSource, IpLayer};

/// A server whose operator forgot the proxy.
fn unconfigured() -> IpLayer {
    IpLayer::allow(["203.0.113.0/24"]).unwrap()
}

/// How requests get from senders to the server.
#[derive(Clone, Copy)]
struct Topology {
    name: &'static str,
    source: &'static str,
    trust: &'static [&'static str],
    /// `{client}` is the sender's address.
    peer: &'static str,
    headers: &'static [(&'static str, &'static str)],
}

const TOPOLOGIES: [Topology; 6] = [
    Topology {
        name: "direct",
        source: "peer",
        trust: &[],
        peer: "{client}",
        headers: &[],
    },
    Topology {
        name: "one proxy",
        source: "x-forwarded-for",
        trust: &["10.0.0.0/8"],
        peer: "10.0.3.7",
        headers: &[("x-forwarded-for", "{client}")],
    },
    Topology {
        name: "a CDN and a load balancer",
        source: "x-forwarded-for",
        trust: &["10.0.0.0/8", "173.245.48.0/20"],
        peer: "10.0.3.7",
        headers: &[("x-forwarded-for", "192.0.2.66, {client}, 173.245.48.9")],
    },
    Topology {
        name: "a proxy that speaks RFC 7239",
        source: "forwarded",
        trust: &["fd00::/8"],
        peer: "fd00::7",
        headers: &[("forwarded", "for=\"{bracketed}\";proto=https")],
    },
    Topology {
        name: "a proxy with one header of its own",
        source: "header:fly-client-ip",
        trust: &["172.16.0.0/12"],
        peer: "172.16.5.1",
        headers: &[
            ("fly-client-ip", "{client}"),
            ("x-forwarded-for", "{client}"),
        ],
    },
    Topology {
        name: "a proxy on a Unix socket",
        source: "x-forwarded-for",
        trust: &["unix:"],
        peer: "unix:",
        headers: &[("x-forwarded-for", "{client}")],
    },
];

impl Topology {
    fn layer(&self) -> IpLayer {
        IpLayer::allow(["203.0.113.0/24"])
            .unwrap()
            .with_source(self.source.parse::<ClientAddressSource>().unwrap())
            .with_trusted_proxies(self.trust)
            .unwrap()
    }

    fn has_proxy(&self) -> bool {
        !self.trust.is_empty()
    }

    fn request(&self, client: &str) -> Request<()> {
        let mut request = Request::new(());
        let peer = match self.peer {
            "unix:" => PeerAddr::Unix,
            peer => {
                let ip = peer.replace("{client}", client).parse().unwrap();
                PeerAddr::new(std::net::SocketAddr::new(ip, 4711))
            }
        };
        request.extensions_mut().insert(peer);
        let bracketed = if client.contains(':') {
            format!("[{client}]")
        } else {
            client.to_owned()
        };
        for (name, value) in self.headers {
            let value = value
                .replace("{client}", client)
                .replace("{bracketed}", &bracketed);
            let value = HeaderValue::try_from(value).unwrap();
            request.headers_mut().append(*name, value);
        }
        request
    }
}

async fn send(layer: &IpLayer, request: Request<()>) -> u16 {
    let handler = service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let answer = layer.layer(handler).oneshot(request).await.unwrap();
    answer.status().as_u16()
}

/// The codes that were said.
fn codes(events: &Events) -> Vec<String> {
    let told = events.take();
    let code = |line: &String| {
        let (_, code) = line.split_once("code=\"").unwrap();
        code.get(..8).unwrap().to_owned()
    };
    told.iter().map(code).collect()
}

fn senders() -> impl Iterator<Item = String> {
    (0..600).map(|number| format!("203.0.113.{}", number % 200))
}

#[tokio::test]
async fn a_setup_that_works_is_not_talked_about() {
    for topology in TOPOLOGIES {
        let (events, _guard) = Events::collect();
        let layer = topology.layer();
        for client in senders() {
            assert_eq!(
                send(&layer, topology.request(&client)).await,
                200,
                "{}",
                topology.name
            );
        }
        assert_eq!(send(&layer, topology.request("198.51.100.1")).await, 403);
        assert_eq!(codes(&events), [""; 0], "{}", topology.name);
    }
}

#[tokio::test]
async fn i101_a_proxy_that_nobody_trusts() {
    for topology in TOPOLOGIES {
        let (events, _guard) = Events::collect();
        let layer = unconfigured();
        for client in senders() {
            send(&layer, topology.request(&client)).await;
        }
        let expected = if topology.has_proxy() {
            vec!["WHK-I101"]
        } else {
            vec![]
        };
        assert_eq!(codes(&events), expected, "{}", topology.name);
    }
}

#[tokio::test]
async fn i102_a_proxy_that_strips_the_header() {
    for topology in TOPOLOGIES {
        for layer in [topology.layer(), unconfigured()] {
            let (events, _guard) = Events::collect();
            let is_private = topology.has_proxy() && topology.peer != "unix:";
            for (number, client) in (1..).zip(senders()) {
                let mut request = topology.request(&client);
                request.headers_mut().clear();
                send(&layer, request).await;
                let expected = if is_private && number == 500 {
                    vec!["WHK-I102"]
                } else {
                    vec![]
                };
                assert_eq!(
                    codes(&events),
                    expected,
                    "{}, request {number}",
                    topology.name
                );
            }
        }
    }
}

#[tokio::test]
async fn i102_is_not_said_where_one_request_in_five_hundred_speaks_against_it() {
    let stripped = TOPOLOGIES[1];
    for odd_one in [
        stripped.request("203.0.113.7"),
        TOPOLOGIES[0].request("203.0.113.7"),
        TOPOLOGIES[0].request("10.0.3.8"),
        Request::new(()),
    ] {
        let (events, _guard) = Events::collect();
        let layer = IpLayer::new();
        let mut odd_one = Some(odd_one);
        for number in 0..1500 {
            let mut request = stripped.request("203.0.113.7");
            request.headers_mut().clear();
            if number == 499 {
                request = odd_one.take().unwrap();
            }
            send(&layer, request).await;
        }
        let told = codes(&events);
        assert!(!told.contains(&"WHK-I102".to_owned()), "{told:?}");
    }
}

#[tokio::test]
async fn i103_ipv6_senders_and_a_list_of_ipv4() {
    for topology in TOPOLOGIES {
        let (events, _guard) = Events::collect();
        let layer = topology.layer();
        for _ in 0..3 {
            assert_eq!(send(&layer, topology.request("2001:db8::7")).await, 403);
        }
        assert_eq!(codes(&events), ["WHK-I103"], "{}", topology.name);

        // A list that has IPv6 networks merely does not hold this one.
        let both = topology
            .layer()
            .with_allow(["203.0.113.0/24", "2001:db8:1::/48"])
            .unwrap();
        assert_eq!(send(&both, topology.request("2001:db8::7")).await, 403);
        assert_eq!(codes(&events), [""; 0], "{}", topology.name);
    }
}

#[tokio::test]
async fn i110_a_server_that_tells_no_peer() {
    for topology in TOPOLOGIES {
        let (events, _guard) = Events::collect();
        let layer = topology.layer();
        for client in senders() {
            let mut request = topology.request(&client);
            request.extensions_mut().clear();
            assert_eq!(send(&layer, request).await, 403, "{}", topology.name);
        }
        assert_eq!(codes(&events), ["WHK-I110"], "{}", topology.name);
    }
}
