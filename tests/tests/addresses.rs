//! The address layer around one that really verifies: who may knock, and what is learnt from it.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::unwrap_used)]

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceBuilder, ServiceExt as _, service_fn};
use webhook_layers::{
    AccessList, BufferedBody, Clock, Facts, HmacLayer, HmacSettings, IpLayer, Reason, Rejection,
    Secret, Settings, SignRequest, Timestamp, Verifier,
    core::change::Cause,
    ip::{Bans, ListDrift},
    presets,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const GITHUB: &str = "192.30.252.7:4711";
const STRANGER: &str = "198.51.100.66:4711";

fn verifier() -> Verifier {
    let secret = Secret::new("It's a Secret to Everybody").unwrap();
    Verifier::new(presets::GITHUB.scheme(), secret).unwrap()
}

fn unsigned(peer: &str) -> Request<Full<Bytes>> {
    let mut request = Request::post("/webhooks/github")
        .body(Full::from("{}"))
        .unwrap();
    let peer: SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(Facts::from_peer(peer));
    request
}

fn signed(peer: &str) -> Request<Full<Bytes>> {
    let mut request = unsigned(peer);
    let headers = verifier().sign(&SignRequest::new(b"{}", NOW)).unwrap();
    request.headers_mut().extend(headers);
    request
}

fn forged(peer: &str) -> Request<Full<Bytes>> {
    let mut request = signed(peer);
    *request.body_mut() = Full::from("{ }");
    request
}

async fn send(layer: &IpLayer, request: Request<Full<Bytes>>) -> Option<Reason> {
    let handler = service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let settings = HmacSettings::from_verifier(verifier());
    let hmac = HmacLayer::from(settings).with_clock(Clock::manual(NOW).0);
    let service = ServiceBuilder::new().layer(hmac).service(handler);
    let answer = layer.layer(service).oneshot(request).await.unwrap();
    answer.extensions().get().map(Rejection::reason)
}

#[tokio::test]
async fn a_block_removed_from_the_list_is_told_by_the_first_delivery_and_loses_none() {
    let drift = ListDrift::new();
    let github = AccessList::allow(["192.30.252.0/22", "185.199.108.0/22"]).unwrap();
    let (settings, handle) = Settings::swappable(github);
    let layer = IpLayer::new()
        .with_access(settings)
        .with_insecure_advisory(&drift);
    assert_eq!(send(&layer, signed(GITHUB)).await, None);
    assert_eq!(drift.count(), 0);

    let cut = AccessList::allow(["185.199.108.0/22"]).unwrap();
    handle.replace(cut, &Cause::new("alice", "a slip of the editor"));
    assert_eq!(send(&layer, signed(GITHUB)).await, None, "nothing is lost");
    let found = drift.found();
    assert_eq!(found.len(), 1, "and one delivery is enough");
    assert_eq!(found[0].provider.as_str(), "github");
    assert_eq!(found[0].network.to_string(), "192.30.252.7/32");

    // Whoever cannot sign gets no further than before.
    for (request, reason) in [
        (unsigned(STRANGER), Reason::SignatureMissing),
        (forged(STRANGER), Reason::SignatureMismatch),
    ] {
        assert_eq!(send(&layer, request).await, Some(reason));
    }
    assert_eq!(drift.count(), 1);
}

#[tokio::test]
async fn refused_signatures_ban_a_stranger_and_never_the_sender_beside_it() {
    let minute = Duration::from_secs(60);
    let bans = Bans::after(20, minute, minute)
        .unwrap()
        .with_clock(Clock::manual(NOW).0);
    let layer = IpLayer::new().with_bans(&bans);
    for failure in 0..20 {
        let request = if failure % 2 == 0 {
            unsigned(STRANGER)
        } else {
            forged(STRANGER)
        };
        let refused = send(&layer, request).await;
        assert!(refused.is_some_and(|reason| reason != Reason::IpBanned));
        // The sender makes a mistake now and then.
        assert_ne!(send(&layer, forged(GITHUB)).await, Some(Reason::IpBanned));
        assert_eq!(send(&layer, signed(GITHUB)).await, None);
    }
    assert_eq!(
        send(&layer, signed(STRANGER)).await,
        Some(Reason::IpBanned),
        "before anything is verified"
    );
    assert_eq!(send(&layer, signed(GITHUB)).await, None);
}
