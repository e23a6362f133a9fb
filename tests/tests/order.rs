//! The order of the stack: cheap before dear, the head before the body, strangers before senders,
//! and the audit around everything.
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::{collections::HashSet, sync::atomic::Ordering, time::Duration};

use http::{HeaderValue, Method, Request};
use webhook_layers::{
    Facts, Quota,
    core::{Check, Verdict},
};
use webhook_tests::stand::{End, ScriptedBody, Sender, Stand, poll_once};

const SENDER: &str = "203.0.113.9";

// ---- one request that is wrong in several ways ----

/// What can be wrong with one request, in the order in which the stack looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Address,
    NetworkQuota,
    Method,
    Encoding,
    NoSignature,
    StaleTimestamp,
    DeclaredLength,
    LongBody,
    WrongSignature,
    EndpointQuota,
    Handler,
}

impl Fault {
    const ALL: [Self; 11] = [
        Self::Address,
        Self::NetworkQuota,
        Self::Method,
        Self::Encoding,
        Self::NoSignature,
        Self::StaleTimestamp,
        Self::DeclaredLength,
        Self::LongBody,
        Self::WrongSignature,
        Self::EndpointQuota,
        Self::Handler,
    ];

    const fn reason(self) -> &'static str {
        match self {
            Self::Address => "ip_denied",
            Self::NetworkQuota | Self::EndpointQuota => "rate_limited",
            Self::Method => "method_not_allowed",
            Self::Encoding => "encoding_unsupported",
            Self::DeclaredLength | Self::LongBody => "body_too_large",
            Self::NoSignature => "signature_missing",
            Self::StaleTimestamp => "timestamp_too_old",
            Self::WrongSignature => "signature_mismatch",
            Self::Handler => "handler_error",
        }
    }

    const fn stage(self) -> Option<&'static str> {
        Some(match self {
            Self::Address => "ip",
            Self::NetworkQuota => "rate_network",
            Self::Method => "method",
            Self::Encoding => "encoding",
            Self::DeclaredLength | Self::LongBody => "size",
            Self::NoSignature | Self::StaleTimestamp | Self::WrongSignature => "signature",
            Self::EndpointQuota => "rate_endpoint",
            Self::Handler => return None,
        })
    }

    /// Whether the head alone decides, so that no byte of the body may have been asked for.
    fn is_of_the_head(self) -> bool {
        self < Self::LongBody
    }

    /// Whether the handler may have been called.
    fn reaches_the_handler(self) -> bool {
        self == Self::Handler
    }
}

/// 16 bytes are allowed. The denied client shares its network, an IPv6 /64, with one that is not.
const LIMIT: u64 = 16;
const CLIENT: &str = "2001:db8:0:1::1";
const DENIED: &str = "2001:db8:0:1::bad";

fn stand() -> Stand {
    Stand::with(|setup| {
        setup
            .deny([DENIED])
            .max_body(LIMIT)
            .network_quota(Quota::per_minute(2))
            .endpoint_quota(Quota::per_minute(1))
    })
}

/// Has others spend the quotas that the request needs.
async fn spend(stand: &Stand, faults: &[Fault]) {
    if faults.contains(&Fault::NetworkQuota) {
        for _ in 0..2 {
            assert_eq!(stand.judge(Sender::nobody(CLIENT, "{}")).await.0, 401);
        }
    }
    if faults.contains(&Fault::EndpointQuota) {
        assert_eq!(
            stand
                .judge(Sender::new().delivery("192.0.2.1", "{}"))
                .await
                .0,
            200
        );
    }
}

fn request(faults: &[Fault]) -> Request<ScriptedBody> {
    let has = |fault| faults.contains(&fault);
    let from = if has(Fault::Address) { DENIED } else { CLIENT };
    let content = if has(Fault::LongBody) {
        "0123456789abcdefX"
    } else {
        "0123456789abcdef"
    };
    let mut request = if has(Fault::WrongSignature) {
        Sender::forgery(from, content)
    } else {
        Sender::new().delivery(from, content)
    };
    let mut body = ScriptedBody::chunked(content, 5);
    if has(Fault::DeclaredLength) {
        body = body.declaring(LIMIT + 1);
    }
    *request.body_mut() = body;
    let headers = request.headers_mut();
    if has(Fault::StaleTimestamp) {
        headers.insert("webhook-timestamp", HeaderValue::from_static("1699999699"));
    }
    if has(Fault::NoSignature) {
        headers.remove("webhook-signature");
    }
    if has(Fault::Encoding) {
        headers.insert("content-encoding", HeaderValue::from_static("gzip"));
    }
    if has(Fault::Handler) {
        headers.insert("x-handler", HeaderValue::from_static("fail"));
    }
    if has(Fault::Method) {
        *request.method_mut() = Method::PUT;
    }
    request
}

/// Every fault alone, every two together, and every one with all that come after it.
fn combinations() -> impl Iterator<Item = Vec<Fault>> {
    let places = 0..Fault::ALL.len();
    places.flat_map(|place| {
        let (outermost, inner) = (Fault::ALL[place], &Fault::ALL[place + 1..]);
        let pairs = inner.iter().map(move |fault| vec![outermost, *fault]);
        pairs.chain([vec![outermost], Fault::ALL[place..].to_vec()])
    })
}

#[tokio::test]
async fn the_reason_is_that_of_the_outermost_check_and_nothing_inside_it_ran() {
    for faults in combinations() {
        let outermost = faults[0];
        let stand = stand();
        spend(&stand, &faults).await;
        let calls_before = stand.calls();
        let request = request(&faults);
        let polls = request.body().polls();
        let response = stand.send(request).await;

        let record = stand.ledger.last();
        assert_eq!(record.reason.as_str(), outermost.reason(), "{faults:?}");
        assert_eq!(
            record.stage.map(Check::as_str),
            outermost.stage(),
            "{faults:?}"
        );
        assert_eq!(record.status, Some(response.status()), "{faults:?}");
        if outermost.is_of_the_head() {
            assert_eq!(
                polls.load(Ordering::SeqCst),
                0,
                "{faults:?}: the body was asked for"
            );
        }
        let called = stand.calls() - calls_before;
        assert_eq!(
            called,
            usize::from(outermost.reaches_the_handler()),
            "{faults:?}"
        );
    }
}

/// What a record says of the checks: those outside the refusal passed, those inside never ran.
#[tokio::test]
async fn checks_inside_the_refusal_leave_no_verdict() {
    for fault in Fault::ALL
        .into_iter()
        .filter(|fault| *fault != Fault::Handler)
    {
        let stand = stand();
        spend(&stand, &[fault]).await;
        stand.send(request(&[fault])).await;
        let record = stand.ledger.last();
        let stage = record.stage.unwrap();
        for (check, verdict) in record.checks.iter() {
            let is_right = match verdict {
                Verdict::Fail => check == stage,
                Verdict::Pass | Verdict::Skipped => check != stage,
                _ => false,
            };
            assert!(is_right, "{fault:?}: {check} says {verdict:?}");
        }
        let order = [
            "pause",
            "ip",
            "rate_network",
            "method",
            "encoding",
            "size",
            "signature",
            "rate_endpoint",
        ];
        let place = |name: &str| order.iter().position(|other| *other == name);
        let own = place(stage.as_str()).unwrap();
        for (check, _) in record.checks.iter() {
            // The size is known to be right only once the body is there: before the signature is.
            if fault.is_of_the_head() {
                assert!(
                    place(check.as_str()).is_some_and(|place| place <= own),
                    "{fault:?}: {check}"
                );
            }
        }
    }
}

// ---- two quotas ----

#[tokio::test]
async fn promise_24_strangers_never_spend_the_quota_of_the_endpoint() {
    let stand = Stand::with(|setup| setup.endpoint_quota(Quota::per_minute(3)));
    for n in 0..50 {
        let stranger = format!("198.51.100.{n}");
        assert_eq!(stand.judge(Sender::nobody(&stranger, "{}")).await.0, 401);
        assert_eq!(stand.judge(Sender::forgery(&stranger, "{}")).await.0, 401);
        let mut stale = Sender::new().delivery(&stranger, "{}");
        stale
            .headers_mut()
            .insert("webhook-timestamp", HeaderValue::from_static("1"));
        assert_eq!(stand.judge(stale).await.0, 401);
    }
    for _ in 0..3 {
        assert_eq!(
            stand.judge(Sender::new().delivery(SENDER, "{}")).await,
            (200, "ok")
        );
    }
    assert_eq!(
        stand.judge(Sender::new().delivery(SENDER, "{}")).await,
        (429, "rate_limited")
    );
}

#[tokio::test]
async fn strangers_spend_the_quota_of_their_own_network_alone() {
    let stand = Stand::with(|setup| setup.network_quota(Quota::per_minute(2)));
    let statuses = async |from: &str| {
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(stand.judge(Sender::forgery(from, "{}")).await.0);
        }
        statuses
    };
    assert_eq!(statuses("198.51.100.7").await, [401, 401, 429]);
    assert_eq!(statuses("198.51.100.8").await, [401, 401, 429]);
    assert_eq!(statuses("2001:db8::1").await, [401, 401, 429]);
    assert_eq!(
        statuses("2001:db8::2").await,
        [429, 429, 429],
        "an IPv6 /64 is one network"
    );
    assert_eq!(
        stand.judge(Sender::new().delivery(SENDER, "{}")).await,
        (200, "ok")
    );
}

#[tokio::test]
async fn only_a_verified_sender_is_told_of_a_quota() {
    let stand = Stand::new();
    let accepted = stand.send(Sender::new().delivery(SENDER, "{}")).await;
    assert!(accepted.headers().contains_key("ratelimit"));
    for request in [Sender::nobody(SENDER, "{}"), Sender::forgery(SENDER, "{}")] {
        let refused = stand.send(request).await;
        assert!(
            !refused
                .headers()
                .keys()
                .any(|name| name.as_str().starts_with("ratelimit"))
        );
    }
}

// ---- the audit ----

/// Every way in which a request can end, each with the conclusion of its one record.
#[tokio::test]
async fn the_audit_sees_every_outcome_exactly_once() {
    let stand = Stand::with(|setup| {
        setup
            .deny(["198.51.100.0/24"])
            .max_body(64)
            .endpoint_quota(Quota::per_minute(4))
    });
    let sender = Sender::new();
    let handled = |how: &'static str| {
        let mut request = sender.delivery(SENDER, "{}");
        request
            .headers_mut()
            .insert("x-handler", HeaderValue::from_static(how));
        request
    };
    let with_body = |body: ScriptedBody| sender.delivery(SENDER, "{}").map(|_| body);
    let mut expected = Vec::new();

    stand.send(sender.delivery(SENDER, "{}")).await;
    expected.push(("accepted", "ok"));
    stand.send(handled("fail")).await;
    expected.push(("error", "handler_error"));
    stand.send(handled("panic")).await;
    expected.push(("error", "handler_panic"));
    // Nobody waits for the handler any more.
    assert!(poll_once(stand.send(handled("wait"))).is_none());
    expected.push(("aborted", "client_gone"));
    stand.send(sender.delivery(SENDER, "{}")).await;
    expected.push(("denied", "rate_limited"));

    stand.send(sender.delivery("198.51.100.7", "{}")).await;
    expected.push(("denied", "ip_denied"));
    let mut unknown = sender.delivery(SENDER, "{}");
    unknown.extensions_mut().remove::<Facts>();
    stand.send(unknown).await;
    expected.push(("denied", "ip_unresolved"));
    let mut unsigned = sender.delivery(SENDER, "{}");
    unsigned.headers_mut().remove("webhook-signature");
    stand.send(unsigned).await;
    expected.push(("denied", "signature_missing"));
    stand.send(Sender::forgery(SENDER, "{}")).await;
    expected.push(("denied", "signature_mismatch"));
    let mut put = sender.delivery(SENDER, "{}");
    *put.method_mut() = Method::PUT;
    stand.send(put).await;
    expected.push(("denied", "method_not_allowed"));
    stand
        .send(with_body(ScriptedBody::chunked("x".repeat(65), 10)))
        .await;
    expected.push(("denied", "body_too_large"));
    stand
        .send(with_body(ScriptedBody::new("{").ending(End::Broken)))
        .await;
    expected.push(("aborted", "body_incomplete"));
    stand
        .send(with_body(ScriptedBody::chunked("{", 1).declaring(2)))
        .await;
    expected.push(("aborted", "body_incomplete"));
    // The client goes away in the middle of its body.
    assert!(poll_once(stand.send(with_body(ScriptedBody::new("{").ending(End::Never)))).is_none());
    expected.push(("aborted", "client_gone"));

    assert_eq!(stand.ledger.conclusions(), expected);
    let ids: HashSet<_> = stand.ledger.all().iter().map(|record| record.id).collect();
    assert_eq!(ids.len(), expected.len());
}

#[tokio::test]
async fn a_slow_body_is_one_record_too() {
    let deadline = Duration::from_millis(50);
    let stand = Stand::with(|setup| setup.body_deadline(deadline));
    let body = ScriptedBody::new("{").ending(End::Never);
    let slow = Sender::new().delivery(SENDER, "{}").map(|_| body);
    assert_eq!(stand.judge(slow).await, (408, "body_timeout"));
    assert_eq!(stand.ledger.conclusions(), [("denied", "body_timeout")]);
}

#[tokio::test]
async fn shadow_mode_lets_pass_and_says_what_it_would_have_done() {
    let stand = Stand::with(|setup| setup.deny(["198.51.100.0/24"]).insecure_shadow(true));
    assert_eq!(
        stand.judge(Sender::nobody("198.51.100.7", "{}")).await,
        (200, "ok")
    );
    assert_eq!(
        stand.judge(Sender::forgery(SENDER, "{}")).await,
        (200, "ok")
    );
    assert_eq!(stand.calls(), 2);
    let expected = [
        ("shadow_denied", "ip_denied"),
        ("shadow_denied", "signature_mismatch"),
    ];
    assert_eq!(stand.ledger.conclusions(), expected);
}
