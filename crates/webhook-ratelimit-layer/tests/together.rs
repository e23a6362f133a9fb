//! Several quotas in one layer: all are charged, or none, and the answer names the one that refused.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{sync::Barrier, thread, time::Duration};

use common::{clock, header, layer, passed, receiver, retry_after, send, stranger, verified};
use proptest::prelude::*;
use webhook_core::{
    Check, Clock, DeliveryRecord, Facts, Reason, Rejection, RequestId, Ticks, Verdict,
};
use webhook_ratelimit_layer::{Key, Quota, RateLimitErrorKind, RateLimitLayer, Subject};

fn refused_by(response: &http::Response<common::Body>) -> Option<&str> {
    let rejection = response.extensions().get::<Rejection>()?;
    Some(rejection.quota()?.as_str())
}

#[test]
fn a_request_that_one_quota_refuses_is_charged_to_none() {
    let (clock, hands) = clock();
    let limit = layer(Key::network(), Quota::per_minute(600).unwrap(), &clock)
        .and_quota("second", Key::network(), Quota::per_second(10).unwrap())
        .unwrap()
        .and_quota("all", Key::all(), Quota::per_minute(25).unwrap())
        .unwrap();
    let (receiver, handle) = (receiver(&limit), limit.handle());
    let left = |quota, subject: &Subject| handle.inspect(quota, subject).unwrap().remaining;
    let client = Subject::network("192.0.2.1".parse().unwrap());

    assert_eq!(passed(&receiver, 100, || stranger("192.0.2.1")), 10);
    let refused = send(&receiver, stranger("192.0.2.1"));
    assert_eq!(refused_by(&refused), Some("second"));
    assert_eq!(left("test", &client), 590);
    assert_eq!(left("second", &client), 0);
    assert_eq!(left("all", &Subject::all()), 15);

    hands.advance(Duration::from_secs(1));
    assert_eq!(passed(&receiver, 100, || stranger("192.0.2.2")), 10);
    assert_eq!(passed(&receiver, 100, || stranger("192.0.2.3")), 5);
    let refused = send(&receiver, stranger("192.0.2.4"));
    assert_eq!(refused_by(&refused), Some("all"));
    let other = Subject::network("192.0.2.4".parse().unwrap());
    assert_eq!((left("test", &other), left("second", &other)), (600, 10));
}

#[test]
fn a_quota_that_cannot_be_asked_refuses_unless_it_is_in_shadow_mode() {
    let quota = Quota::per_minute(10).unwrap();
    let all = || layer(Key::all(), quota, &clock().0);
    // Nobody knows where it comes from.
    let request = || http::Request::new(common::Body::default());
    let strict = all().and_quota("network", Key::network(), quota).unwrap();
    let refused = send(&receiver(&strict), request());
    let rejection = refused.extensions().get::<Rejection>().unwrap();
    assert_eq!(rejection.reason(), Reason::IpUnresolved);

    let shadow = all().and_insecure_shadow_quota("network", Key::network(), quota);
    assert_eq!(passed(&receiver(&shadow.unwrap()), 20, request), 10);
}

#[test]
fn whoever_finds_no_place_shares_a_bucket_among_several_quotas_too() {
    let limit = layer(Key::network(), Quota::per_minute(1).unwrap(), &clock().0)
        .and_quota("all", Key::all(), Quota::per_minute(1000).unwrap())
        .unwrap()
        .with_capacity(8)
        .unwrap();
    let receiver = receiver(&limit);
    let clients = (0..100).map(|number| format!("192.0.2.{number}"));
    let passed = clients.filter(|client| send(&receiver, stranger(client)).status().is_success());
    // Eight with places of their own, and one of all the others.
    assert_eq!(passed.count(), 9);
}

#[test]
fn of_several_that_refuse_the_one_with_the_longest_wait_is_named() {
    let limit = layer(Key::network(), Quota::per_second(1).unwrap(), &clock().0)
        .and_quota("minute", Key::network(), Quota::per_minute(1).unwrap())
        .unwrap();
    let receiver = receiver(&limit);
    assert_eq!(passed(&receiver, 1, || stranger("192.0.2.1")), 1);
    let refused = send(&receiver, stranger("192.0.2.1"));
    assert_eq!(refused_by(&refused), Some("minute"));
    assert_eq!(retry_after(&refused), Some(Duration::from_secs(60)));
}

#[test]
fn verified_senders_are_told_of_each() {
    let limit = layer(Key::endpoint(), Quota::per_minute(600).unwrap(), &clock().0)
        .and_quota(
            "bytes",
            Key::endpoint(),
            Quota::bytes_per_minute(1000).unwrap(),
        )
        .unwrap()
        .and_quota("flight", Key::endpoint(), Quota::concurrent(4).unwrap())
        .unwrap();
    let response = send(&receiver(&limit), verified("192.0.2.1", "a"));
    let lines = |name| {
        let values = response.headers().get_all(name).iter();
        values
            .map(|value| value.to_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        lines("ratelimit-policy"),
        [
            "\"test\";q=600;w=60",
            "\"bytes\";q=1000;w=60;qu=\"content-bytes\"",
            "\"flight\";q=4;qu=\"concurrent-requests\"",
        ]
    );
    assert_eq!(
        lines("ratelimit"),
        [
            "\"test\";r=599;t=1",
            "\"bytes\";r=999;t=1",
            "\"flight\";r=3"
        ]
    );
    assert_eq!(header(&response, "retry-after"), None);
}

#[test]
fn a_quota_in_shadow_mode_refuses_nobody_and_the_others_do() {
    let (clock, _) = clock();
    let limit = layer(Key::network(), Quota::per_minute(3).unwrap(), &clock)
        .and_insecure_shadow_quota("shadow", Key::network(), Quota::per_minute(1).unwrap())
        .unwrap();
    let receiver = receiver(&limit);
    let records: Vec<_> = (0..4)
        .map(|_| DeliveryRecord::new(RequestId::generate(&Clock::system())))
        .collect();
    let statuses = records.iter().map(|record| {
        let mut request = verified("192.0.2.1", "a");
        Facts::of_mut(request.extensions_mut()).set_record(record.clone());
        let response = send(&receiver, request);
        assert_eq!(response.headers().get_all("ratelimit").iter().count(), 1);
        response.status().as_u16()
    });
    assert_eq!(statuses.collect::<Vec<_>>(), [200, 200, 200, 429]);
    let check = Check::RateNetwork;
    assert_eq!(records[0].verdict(check), Some(Verdict::Pass));
    assert_eq!(records[1].verdict(check), Some(Verdict::ShadowFail));
    let shadow = Some((Reason::RateLimited, check));
    assert_eq!(records[1].shadow_refusal(), shadow);
    assert_eq!(records[1].quota().unwrap().as_str(), "shadow");
    assert_eq!(
        (records[3].refusal(), records[3].verdict(check)),
        (shadow, Some(Verdict::Fail))
    );
}

#[test]
fn exactly_the_quota_passes_of_many_concurrent_requests_and_nothing_is_charged_for_the_rest() {
    for round in 0..20 {
        let (clock, _) = clock();
        let limit = layer(Key::network(), Quota::per_minute(40).unwrap(), &clock)
            .and_quota("all", Key::all(), Quota::per_minute(100).unwrap())
            .unwrap();
        let (receiver, start) = (receiver(&limit), Barrier::new(4));
        let passed: Vec<usize> = thread::scope(|scope| {
            let workers: Vec<_> = (1..=4)
                .map(|number| {
                    let (receiver, start) = (receiver.clone(), &start);
                    scope.spawn(move || {
                        start.wait();
                        let address = format!("192.0.2.{}", number / 2);
                        passed(&receiver, 60, || stranger(&address))
                    })
                })
                .collect();
            workers.into_iter().map(|it| it.join().unwrap()).collect()
        });
        let sum: usize = passed.iter().sum();
        assert_eq!(sum, 100, "round {round}: {passed:?}");
        let handle = limit.handle();
        let used: u64 = (0..3)
            .map(|last| {
                let client = Subject::network(format!("192.0.2.{last}").parse().unwrap());
                40 - handle.inspect("test", &client).unwrap().remaining
            })
            .sum();
        assert_eq!(used, 100, "round {round}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn two_quotas_pass_what_both_models_say_and_waiting_is_enough(
        counts in (1_u32..6, 1_u32..20, any::<bool>()),
        steps in proptest::collection::vec((0_u8..4, 0_u64..1500), 1..100),
    ) {
        let (first, second, in_windows) = counts;
        let (clock, hands) = clock();
        let minute = Quota::per_minute(second).unwrap();
        let minute = if in_windows { minute.with_fixed_windows().unwrap() } else { minute };
        let limit = layer(Key::network(), Quota::per_second(first).unwrap(), &clock)
            .and_quota("all", Key::all(), minute).unwrap();
        // The same two quotas, each in a layer of its own, are asked only of what passed both.
        let alone = [
            layer(Key::network(), Quota::per_second(first).unwrap(), &clock),
            layer(Key::all(), minute, &clock),
        ];
        let (receiver, handles) = (receiver(&limit), alone.each_ref().map(RateLimitLayer::handle));
        let alone = alone.each_ref().map(common::receiver);
        let mut now = 1_000_000_000;
        for (key, millis) in steps {
            now += if millis < 1000 { 0 } else { millis * 1_000_000 };
            hands.set_ticks(Ticks::from_nanos(now));
            let address = format!("192.0.2.{key}");
            let client = Subject::network(address.parse().unwrap());
            let left = [
                handles[0].inspect("test", &client).unwrap().remaining,
                handles[1].inspect("test", &Subject::all()).unwrap().remaining,
            ];
            let response = send(&receiver, stranger(&address));
            prop_assert_eq!(response.status().is_success(), left.iter().all(|&left| left > 0));
            if response.status().is_success() {
                for alone in &alone {
                    prop_assert!(send(alone, stranger(&address)).status().is_success());
                }
            } else {
                let wait = retry_after(&response).unwrap();
                now += u64::try_from(wait.as_nanos()).unwrap();
                hands.set_ticks(Ticks::from_nanos(now));
                prop_assert!(send(&receiver, stranger(&address)).status().is_success());
                for alone in &alone {
                    prop_assert!(send(alone, stranger(&address)).status().is_success());
                }
            }
        }
    }
}

#[test]
fn names_are_distinct_and_a_layer_holds_eight() {
    let quota = Quota::per_minute(1).unwrap();
    let kind = |layer: Result<RateLimitLayer, webhook_ratelimit_layer::RateLimitError>| {
        layer.unwrap_err().kind().clone()
    };
    let twice = RateLimitLayer::per_network().and_quota("network", Key::all(), quota);
    assert_eq!(
        kind(twice),
        RateLimitErrorKind::DuplicateName("network".into())
    );
    let mut layer = RateLimitLayer::per_network();
    for number in 1..RateLimitLayer::MAX_QUOTAS {
        layer = layer
            .and_quota(format!("q{number}"), Key::all(), quota)
            .unwrap();
    }
    assert_eq!(passed(&receiver(&layer), 9, || stranger("192.0.2.1")), 1);
    let ninth = layer.and_quota("q9", Key::all(), quota);
    assert_eq!(kind(ninth), RateLimitErrorKind::TooManyQuotas);
}
