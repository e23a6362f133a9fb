//! Who is asking: keys, addresses, lists.

use webhook_layers::Quota;
use webhook_tests::stand::{Sender, Stand};

use super::{SENDER, STRANGER, text, with_header};

#[tokio::test]
async fn rate_limit_before_auth_keyed_by_what_an_attacker_can_name() {
    let stand = Stand::new();
    let sender = Sender::new();
    let mut refused = Vec::new();
    for n in 0..700 {
        // The attacker writes whatever the real sender would: its address, its id, its endpoint.
        let flood = with_header(Sender::forgery(STRANGER, "{}"), "x-forwarded-for", SENDER);
        let flood = with_header(flood, "x-endpoint-id", "1");
        refused.push(stand.judge(flood).await.0);
        if n % 7 == 0 {
            assert_eq!(
                stand.judge(sender.delivery(SENDER, "{}")).await.0,
                200,
                "after {n}"
            );
        }
    }
    // The flood gets no further than the quota of its own network.
    assert_eq!(refused.iter().filter(|status| **status == 401).count(), 600);
    assert_eq!(refused.iter().filter(|status| **status == 429).count(), 100);
}

#[tokio::test]
async fn allow_list_fed_by_an_unconditional_forwarding_header() {
    let spoofs = [
        ("x-forwarded-for", SENDER),
        ("forwarded", "for=203.0.113.9"),
        ("x-real-ip", SENDER),
        ("cf-connecting-ip", SENDER),
        ("true-client-ip", SENDER),
        ("x-client-ip", SENDER),
    ];
    let sender = Sender::new();
    let peers_only = Stand::with(|setup| setup.allow(["203.0.113.0/24"]));
    let proxied = Stand::with(|setup| {
        setup
            .allow(["203.0.113.0/24"])
            .trusted_proxies(["10.0.0.0/8"])
    });
    for stand in [&peers_only, &proxied] {
        for (name, value) in spoofs {
            let spoofed = with_header(sender.delivery(STRANGER, "{}"), name, value);
            assert_eq!(stand.judge(spoofed).await, (403, "ip_denied"), "{name}");
            let client = stand.ledger.last().client.unwrap();
            assert_eq!(client.ip().to_string(), STRANGER, "{name}");
        }
    }
    // Nor does a header keep out who is let in.
    let framed = with_header(sender.delivery(SENDER, "{}"), "x-forwarded-for", STRANGER);
    assert_eq!(peers_only.judge(framed).await, (200, "ok"));
    // Behind the proxy it is the hop that the proxy added which counts, not what came before.
    let prefixed = format!("{SENDER}, {STRANGER}");
    let prefixed = with_header(
        sender.delivery("10.0.0.1", "{}"),
        "x-forwarded-for",
        &prefixed,
    );
    assert_eq!(proxied.judge(prefixed).await, (403, "ip_denied"));
    let honest = with_header(sender.delivery("10.0.0.1", "{}"), "x-forwarded-for", SENDER);
    assert_eq!(proxied.judge(honest).await, (200, "ok"));
}

#[tokio::test]
async fn bare_ipv6_address_widened_to_a_network() {
    let stand = Stand::with(|setup| setup.allow(["2001:db8::1"]));
    assert_eq!(
        stand
            .judge(Sender::new().delivery("2001:db8::1", "{}"))
            .await
            .0,
        200
    );
    for other in [
        "2001:db8::",
        "2001:db8::2",
        "2001:db8::1:1",
        "2001:db8:1::1",
        "::1",
    ] {
        assert_eq!(
            stand.judge(Sender::new().delivery(other, "{}")).await.0,
            403,
            "{other}"
        );
    }
}

#[tokio::test]
async fn refusal_that_echoes_the_client_address() {
    let stand = Stand::with(|setup| {
        setup
            .deny([STRANGER])
            .trusted_proxies(["10.0.0.0/8"])
            .network_quota(Quota::per_minute(1))
    });
    let behind = |from: &str| {
        let request = Sender::nobody("10.0.0.1", "{}");
        with_header(request, "x-forwarded-for", from)
    };
    for (from, status) in [(STRANGER, 403), (SENDER, 401), (SENDER, 429)] {
        let response = stand.send(behind(from)).await;
        assert_eq!(response.status(), status);
        let head = format!("{:?}", response.headers());
        let whole = head + &text(response).await;
        for told in [from, "10.0.0.1", "198.51", "203.0", "list"] {
            assert!(!whole.contains(told), "{told} in {whole}");
        }
    }
}
