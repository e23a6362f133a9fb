//! Lists of 100 000 networks: right, bounded in memory, and replaced as a whole under load.
#![allow(
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use webhook_core::{PeerAddr, Settings, change::Cause};
use webhook_ip_layer::{AccessList, AddressSet, IpLayer, Network};

const MANY: u32 = 100_000;

/// Every second address from 10.0.0.0 on, so that no two networks touch; and as many IPv6 /64.
fn many(odd: u32) -> AddressSet {
    let v4 = (0..MANY).map(|number| Ipv4Addr::from_bits(0x0A00_0000 + 2 * number + odd).into());
    let v6 = (0..MANY).map(|number| {
        let prefix = u128::from(2 * number + odd) << 64;
        Ipv6Addr::from_bits((0x2001_0db8 << 96) | prefix)
    });
    let v4 = v4.map(|address: IpAddr| Network::from(address));
    let v6 = v6.map(|first| Network::new(first.into(), 64).unwrap());
    v4.chain(v6).collect()
}

#[test]
fn a_hundred_thousand_networks_of_each_family_answer_rightly_within_the_stated_memory() {
    let set = many(0);
    assert_eq!(set.len(), 2 * MANY as usize);
    assert!(
        set.heap_bytes() <= MANY as usize * (26 + 58),
        "{}",
        set.heap_bytes()
    );
    for number in 0..2 * MANY {
        let v4 = Ipv4Addr::from_bits(0x0A00_0000 + number);
        let v6 = Ipv6Addr::from_bits((0x2001_0db8 << 96) | (u128::from(number) << 64) | 7);
        assert_eq!(set.contains(v4.into()), number % 2 == 0, "{v4}");
        assert_eq!(set.contains(v6.into()), number % 2 == 0, "{v6}");
    }
    let rule = set.rule("10.0.0.2".parse().unwrap());
    assert_eq!(rule.unwrap().to_string(), "10.0.0.2/32");
}

/// Two lists of the same 100 000 networks, each denying what the other allows. A request that saw
/// the allow list of one and the deny list of the other would find a client on neither.
#[test]
fn no_request_sees_half_a_list_while_lists_are_replaced() {
    let (even, odd) = (many(0), many(1));
    let list = |allow: &AddressSet, deny: &AddressSet| {
        AccessList::open()
            .with_allow_set(allow.clone())
            .with_deny_set(deny.clone())
    };
    let lists = [list(&even, &odd), list(&odd, &even)];
    let (settings, handle) = Settings::swappable(lists[0].clone());
    let layer = IpLayer::new().with_access(settings.clone());
    let (done, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let reader = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            let service = layer.layer(service_fn(async |_: Request<()>| {
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            }));
            let mut number = 0;
            while !done.load(Ordering::Relaxed) {
                let clients = [0x0A00_0000 + 2 * number, 0x0A00_0000 + 2 * number + 1];
                let clients = clients.map(|bits| IpAddr::from(Ipv4Addr::from_bits(bits)));
                number = (number + 7) % MANY;
                let extensions = http::Extensions::new();
                let loaded = settings.load(&extensions).unwrap();
                let both = clients.map(|client| loaded.permits(Some(client)));
                assert_ne!(both[0], both[1], "{clients:?}");
                for client in clients {
                    assert_ne!(
                        loaded.judge(Some(client)),
                        webhook_ip_layer::Access::NotAllowed
                    );
                }
                let mut request = Request::new(());
                let peer = PeerAddr::new((clients[0], 1).into());
                request.extensions_mut().insert(peer);
                let answer = runtime.block_on(service.clone().oneshot(request)).unwrap();
                assert!([StatusCode::OK, StatusCode::FORBIDDEN].contains(&answer.status()));
                asked.fetch_add(1, Ordering::Relaxed);
            }
        };
        let readers = [scope.spawn(reader), scope.spawn(reader)];
        let cause = Cause::new("test", "under load");
        let mut swaps = 0;
        while swaps < 300 || asked.load(Ordering::Relaxed) < 300 {
            swaps += 1;
            handle.replace(lists[swaps % 2].clone(), &cause);
            // A reader that failed asks no more.
            if readers.iter().any(thread::ScopedJoinHandle::is_finished) {
                break;
            }
            thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(asked.into_inner() >= 300);
}

#[test]
fn promise_34_a_list_that_fails_never_gets_into_force_and_an_empty_one_lets_nobody_in() {
    let (settings, handle) = Settings::swappable(AccessList::allow(["203.0.113.0/24"]).unwrap());
    let client = Some("203.0.113.7".parse().unwrap());
    let extensions = http::Extensions::new();
    let permits = || settings.load(&extensions).unwrap().permits(client);
    let cause = Cause::new("alice", "reload");
    for reload in [
        &["203.0.113.0/24", "203.0.113.1/24"][..],
        &[""],
        &["203.0.113.0/24\n"],
    ] {
        if let Ok(list) = AccessList::allow(reload) {
            handle.replace(list, &cause);
        }
        assert!(permits(), "the last good list stays: {reload:?}");
    }
    handle.replace(AccessList::allow(["203.0.113.7"; 0]).unwrap(), &cause);
    assert!(!permits());
}
