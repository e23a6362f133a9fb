use std::time::Duration;

use webhook_core::{Check, Reason, Settings, Transport, change::Cause};
use webhook_ip_layer::{AccessList, Bans, ClientAddressSource, Denials, IpLayer, ListDrift};

use crate::{behind_proxy, clock, from, refusal, with};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn an_explanation_covers_every_check_and_agrees_with_what_is_done() {
    let (clock, _hands) = clock();
    let bans = Bans::after(1, HOUR, HOUR)
        .unwrap()
        .with_clock(clock.clone());
    let denials = Denials::new().with_clock(clock);
    let cause = Cause::new("alice", "floods us");
    denials
        .deny("203.0.113.9".parse().unwrap(), HOUR, &cause)
        .unwrap();
    let layer = IpLayer::allow(["203.0.113.0/24"])
        .unwrap()
        .with_deny(["203.0.113.7"])
        .unwrap();
    let layer = behind_proxy(layer, ClientAddressSource::XForwardedFor)
        .with_denials(&denials)
        .with_https()
        .with_bans(&bans);
    let sent = |client, proto| {
        let request = with(from("10.0.0.1:1"), "x-forwarded-for", client);
        with(request, "x-forwarded-proto", proto)
    };
    refusal(&layer, sent("203.0.113.8", "https")).await;

    for (client, proto, reason, last) in [
        (
            "203.0.113.5",
            "https",
            None,
            "203.0.113.5 is allowed by 203.0.113.0/24",
        ),
        (
            "203.0.113.7",
            "https",
            Some((Reason::IpDenied, Check::Ip)),
            "203.0.113.7 is denied by 203.0.113.7/32",
        ),
        (
            "198.51.100.66",
            "https",
            Some((Reason::IpDenied, Check::Ip)),
            "198.51.100.66 is on no allow list",
        ),
    ] {
        let explanation = layer.explain(&sent(client, proto));
        assert_eq!(explanation.refusal, reason);
        let why = explanation.why;
        assert_eq!(
            why[why.len() - 2..],
            ["the sender used https", last],
            "{why:?}"
        );
        let done = refusal(&layer, with(sent(client, proto), "signature", "good")).await;
        assert_eq!(done, reason.map(|(reason, _)| reason));
    }
    for (client, proto, reason, sentence) in [
        (
            "203.0.113.8",
            "https",
            (Reason::IpBanned, Check::Ip),
            "203.0.113.8/32 is banned for 3600 s more",
        ),
        (
            "203.0.113.9",
            "https",
            (Reason::IpDenied, Check::Ip),
            r#"203.0.113.9 is denied at run time by 203.0.113.9/32, for 3600 s more, by "alice": "floods us""#,
        ),
        (
            "203.0.113.5",
            "http",
            (Reason::HttpsRequired, Check::Https),
            "https is required, and the sender did not use it",
        ),
        (
            "203.0.113.5",
            "https,http",
            (Reason::HttpsRequired, Check::Https),
            "https is required, and the trusted proxy does not tell exactly one scheme, http or https",
        ),
    ] {
        let explanation = layer.explain(&sent(client, proto));
        assert_eq!(explanation.refusal, Some(reason));
        assert!(
            explanation.why.iter().any(|line| line == sentence),
            "{:?}",
            explanation.why
        );
        assert_eq!(refusal(&layer, sent(client, proto)).await, Some(reason.0));
    }
}

#[test]
fn what_is_only_recorded_is_said_to_be_and_explaining_leaves_no_trace() {
    let drift = ListDrift::new();
    let layer = IpLayer::allow(["203.0.113.0/24"])
        .unwrap()
        .with_insecure_advisory(&drift);
    let explanation = layer.explain(&from("198.51.100.66:1"));
    assert_eq!(explanation.refusal, None);
    assert_eq!(
        explanation.why.last().unwrap(),
        "198.51.100.66 is on no allow list, which is only recorded"
    );
    assert_eq!(drift.count(), 0);

    let mut local = from("127.0.0.1:1");
    local.extensions_mut().insert(Transport::Plain);
    let layer = IpLayer::new().with_https_except_loopback();
    let why = layer.explain(&local).why;
    assert_eq!(
        why.last().unwrap(),
        "https is not required of clients on this host"
    );

    let layer = IpLayer::new().with_access(Settings::<AccessList>::per_endpoint());
    let explanation = layer.explain(&local);
    assert_eq!(
        explanation.refusal,
        Some((Reason::Misconfigured, Check::Ip))
    );
    let nobody = http::Request::new(());
    let layer = IpLayer::deny(["203.0.113.7"]).unwrap();
    let explanation = layer.explain(&nobody);
    assert_eq!(explanation.refusal, Some((Reason::IpUnresolved, Check::Ip)));
    assert_eq!(
        explanation.why,
        [
            "the server told no peer address: no_peer",
            "the client is unknown, and an address is needed"
        ]
    );
}
