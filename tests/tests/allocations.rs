//! What the layers allocate: nothing for an accepted delivery, and for a refused one nothing that
//! grows with what a stranger sent.
//!
//! Counted on the thread that runs the request, on a bare tower stack without a runtime. The accept
//! loop is one that put `Facts::from_peer` into the request's extensions; with a bare `PeerAddr`, or
//! a host's own extension, the first layer inserts the `Facts`, which is one allocation.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use tower::{Layer, Service, ServiceBuilder, ServiceExt as _, service_fn};
use webhook_layers::{
    AuditLayer, BufferedBody, Clock, Facts, HmacLayer, HmacSettings, IpLayer, PeerAddr, Preset,
    Quota, RateLimitLayer, Rejection, Secret, Settings, SignRequest, Timestamp, Verifier,
    audit::AuditRecord,
    core::{
        Transport,
        body::{BodyLimits, MemoryBudget},
        change::Cause,
    },
    ip::{Bans, Denials, ListDrift},
    presets,
    ratelimit::HeaderStyle,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const BODY_LIMIT: u64 = 2 * 1024 * 1024;

// ---- the stacks ----

/// The presets that people use most: a header, a timestamp beside it or in it, a signed id.
const PRESETS: [&Preset; 8] = [
    &presets::GITHUB,
    &presets::GITHUB_SHA1,
    &presets::SERVICESTACK,
    &presets::SHOPIFY,
    &presets::SLACK,
    &presets::STANDARD_WEBHOOKS,
    &presets::STRIPE,
    &presets::SVIX,
];

fn ip() -> IpLayer {
    IpLayer::allow(["203.0.113.0/24"])
        .unwrap()
        .with_deny(["203.0.113.66"])
        .unwrap()
}

fn per_network() -> RateLimitLayer {
    let quota = Quota::per_minute(1_000_000).unwrap();
    RateLimitLayer::per_network()
        .with_quota(quota)
        .with_clock(Clock::manual(NOW).0)
}

fn per_endpoint() -> RateLimitLayer {
    let quota = Quota::per_minute(1_000_000).unwrap();
    RateLimitLayer::per_endpoint()
        .with_quota(quota)
        .with_clock(Clock::manual(NOW).0)
}

fn verifier(preset: &Preset) -> Verifier {
    // A text that is a key in every encoding: standard-webhooks decodes the base64 behind the prefix.
    let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    Verifier::new(preset.scheme(), secret).unwrap()
}

fn hmac(preset: &Preset) -> HmacLayer {
    let limits = BodyLimits::default().with_max_bytes(BODY_LIMIT);
    HmacLayer::from(HmacSettings::from_verifier(verifier(preset)).with_limits(limits))
        .with_clock(Clock::manual(NOW).0)
        .with_budget(MemoryBudget::new(u64::MAX))
}

// ---- the requests ----

fn peer(ip: [u8; 4]) -> SocketAddr {
    (ip, 4711).into()
}

fn signed<B>(preset: &Preset, content: &[u8], body: B) -> Request<B> {
    let sign = SignRequest::new(content, NOW)
        .with_id("msg_2b5f")
        .with_target("/webhooks");
    let mut request = Request::post("/webhooks").body(body).unwrap();
    request
        .headers_mut()
        .extend(verifier(preset).sign(&sign).unwrap());
    request
        .extensions_mut()
        .insert(Facts::from_peer(peer([203, 0, 113, 9])));
    request
}

/// A body that comes in frames of one size.
#[derive(Debug)]
struct Frames(VecDeque<Bytes>);

impl Frames {
    fn of(content: &Bytes, size: usize) -> Self {
        let starts = (0..content.len()).step_by(size);
        Self(
            starts
                .map(|start| content.slice(start..content.len().min(start + size)))
                .collect(),
        )
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// A body that claims a length and must not be asked for a byte of it.
#[derive(Debug)]
struct Unread(u64);

impl Body for Unread {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the head decides, and the body was asked for");
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

// ---- the measure ----

/// Answers with the first frame of the body, whatever the body is; the same with layers and without.
async fn answer<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible>
where
    B: Body<Data = Bytes>,
{
    let mut body = pin!(request.into_body());
    let frame = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await;
    let bytes = frame
        .and_then(Result::ok)
        .and_then(|frame| frame.into_data().ok());
    Ok(Response::new(Full::new(bytes.unwrap_or_default())))
}

/// What one request costs once the tables that are made lazily are made, and its answer.
fn cost<S, B, E>(
    service: &S,
    request: impl Fn() -> Request<B>,
) -> (AllocationInfo, Response<Full<Bytes>>)
where
    S: Service<Request<B>, Response = Response<Full<Bytes>>, Error = E> + Clone,
    E: std::fmt::Debug,
{
    let send = |request| {
        let mut future = pin!(service.clone().oneshot(request));
        match future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(response) => response.unwrap(),
            Poll::Pending => panic!("nothing here has to be waited for"),
        }
    };
    for _ in 0..3 {
        send(request());
    }
    let request = request();
    let mut response = None;
    let info = measure(|| response = Some(send(request)));
    (info, response.unwrap())
}

/// What an accepted delivery costs; its bytes must be those that came in.
fn cost_of_accepting<S, E>(service: &S, preset: &Preset, content: &Bytes) -> AllocationInfo
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = E> + Clone,
    E: std::fmt::Debug,
{
    let (info, response) = cost(service, || {
        signed(preset, content, Full::new(content.clone()))
    });
    assert_eq!(response.status(), StatusCode::OK, "{}", preset.name());
    let mut body = response.into_body();
    let frame = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()));
    if let Poll::Ready(Some(Ok(frame))) = frame {
        let bytes = frame.into_data().unwrap();
        assert_eq!(
            bytes.as_ptr(),
            content.as_ptr(),
            "the handler reads what came in, not a copy"
        );
        assert_eq!(bytes.len(), content.len());
    } else {
        assert!(content.is_empty());
    }
    info
}

fn contents() -> [Bytes; 3] {
    [0, 1024, 64 * 1024].map(|size| Bytes::from(vec![b'w'; size]))
}

fn handler() -> impl Service<
    Request<BufferedBody>,
    Response = Response<Full<Bytes>>,
    Error = Infallible,
    Future: Send,
> + Clone {
    service_fn(answer::<BufferedBody>)
}

// ---- what is promised ----

#[test]
fn three_layers_add_no_allocation_to_an_accepted_delivery() {
    let bare = service_fn(answer::<Full<Bytes>>);
    for preset in PRESETS {
        let layers = ServiceBuilder::new()
            .layer(ip())
            .layer(per_network())
            .layer(hmac(preset));
        let guarded = layers.service(handler());
        for content in contents() {
            let without = cost_of_accepting(&bare, preset, &content);
            let with = cost_of_accepting(&guarded, preset, &content);
            assert_eq!(
                (with.count_total, with.bytes_total),
                (without.count_total, without.bytes_total),
                "{}, {} bytes",
                preset.name(),
                content.len(),
            );
        }
    }
}

#[test]
fn both_quotas_add_no_allocation_where_nobody_is_told_of_them() {
    let bare = service_fn(answer::<Full<Bytes>>);
    let guarded = ServiceBuilder::new()
        .layer(ip())
        .layer(per_network())
        .layer(hmac(&presets::STANDARD_WEBHOOKS))
        .layer(per_endpoint().with_headers(HeaderStyle::None))
        .service(handler());
    for content in contents() {
        let without = cost_of_accepting(&bare, &presets::STANDARD_WEBHOOKS, &content);
        let with = cost_of_accepting(&guarded, &presets::STANDARD_WEBHOOKS, &content);
        assert_eq!(
            with.count_total,
            without.count_total,
            "{} bytes",
            content.len()
        );
    }
}

/// Nothing is banned or denied for this sender, though others are, and the list is advisory for
/// those who are not on it.
#[test]
fn bans_denials_and_https_add_no_allocation_to_an_accepted_delivery() {
    let hour = Duration::from_secs(3600);
    let (denials, bans) = (Denials::new(), Bans::after(3, hour, hour).unwrap());
    let cause = Cause::new("test", "another network");
    let other = "198.51.100.0/24".parse().unwrap();
    denials.deny(other, hour, &cause).unwrap();
    let full = ip()
        .with_denials(&denials)
        .with_bans(&bans)
        .with_insecure_advisory(&ListDrift::new())
        .with_https();
    let guarded = full.layer(hmac(&presets::GITHUB).layer(handler()));
    let bare = service_fn(answer::<Full<Bytes>>);
    let content = Bytes::from_static(b"{}");
    let request = || {
        let mut request = signed(&presets::GITHUB, &content, Full::new(content.clone()));
        let facts = Facts::from_peer(peer([203, 0, 113, 9])).with_transport(Transport::Tls);
        request.extensions_mut().insert(facts);
        request
    };
    let (without, _) = cost(&bare, request);
    let (with, response) = cost(&guarded, request);
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(with.count_total, without.count_total);
}

#[test]
fn a_bare_peer_address_costs_the_one_allocation_of_the_facts() {
    let preset = &presets::GITHUB;
    let guarded = ServiceBuilder::new()
        .layer(ip())
        .layer(per_network())
        .layer(hmac(preset));
    let guarded = guarded.service(handler());
    let content = Bytes::from_static(b"{}");
    let (info, response) = cost(&guarded, || {
        let mut request = signed(preset, &content, Full::new(content.clone()));
        request.extensions_mut().clear();
        request
            .extensions_mut()
            .insert(PeerAddr::new(peer([203, 0, 113, 9])));
        request
    });
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(info.count_total, 1);
}

/// As the builder has them, so that a secret can be revoked.
#[test]
fn settings_that_can_be_swapped_add_no_allocation_to_an_accepted_delivery() {
    let preset = &presets::STANDARD_WEBHOOKS;
    let settings = HmacSettings::from_verifier(verifier(preset));
    let (settings, _handle) = Settings::swappable(settings);
    let swappable = HmacLayer::with_settings(settings)
        .with_clock(Clock::manual(NOW).0)
        .with_budget(MemoryBudget::new(u64::MAX))
        .layer(handler());
    let bare = service_fn(answer::<Full<Bytes>>);
    for content in contents() {
        let without = cost_of_accepting(&bare, preset, &content);
        let with = cost_of_accepting(&swappable, preset, &content);
        assert_eq!(
            (with.count_total, with.bytes_total),
            (without.count_total, without.bytes_total)
        );
    }
}

/// The fields stand in the response's header map, which has to be made for them.
#[test]
fn telling_a_verified_sender_its_quota_costs_the_fields_and_no_more() {
    let preset = &presets::STANDARD_WEBHOOKS;
    let silent = per_endpoint().with_headers(HeaderStyle::None);
    let silent = ServiceBuilder::new()
        .layer(hmac(preset))
        .layer(silent)
        .service(handler());
    let telling = ServiceBuilder::new()
        .layer(hmac(preset))
        .layer(per_endpoint())
        .service(handler());
    for content in contents() {
        let without = cost_of_accepting(&silent, preset, &content);
        let with = cost_of_accepting(&telling, preset, &content);
        let added = with.count_total - without.count_total;
        assert!((1..=3).contains(&added), "{added} allocations");
        assert!(with.bytes_total - without.bytes_total <= 1024);
    }
}

#[test]
fn one_layer_or_three_allocate_the_same() {
    let preset = &presets::GITHUB;
    let content = Bytes::from(vec![b'w'; 256 * 1024]);
    for size in [content.len(), 64 * 1024, 1000, 17] {
        let request = || signed(preset, &content, Frames::of(&content, size));
        let one = hmac(preset).layer(handler());
        let three = ServiceBuilder::new()
            .layer(ip())
            .layer(per_network())
            .layer(hmac(preset));
        let thrice = ServiceBuilder::new()
            .layer(hmac(preset))
            .layer(hmac(preset))
            .layer(hmac(preset));
        let (one, response) = cost(&one, request);
        assert_eq!(response.status(), StatusCode::OK);
        let (three, response) = cost(&three.service(handler()), request);
        assert_eq!(response.status(), StatusCode::OK);
        let (thrice, response) = cost(&thrice.service(handler()), request);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(one.count_total, three.count_total, "frames of {size}");
        assert_eq!(
            one.count_total, thrice.count_total,
            "frames of {size}: buffered once"
        );
        assert_eq!(
            one.bytes_total, thrice.bytes_total,
            "frames of {size}: buffered once"
        );
    }
}

#[test]
fn a_body_in_many_frames_costs_little_more_than_its_bytes() {
    let content = Bytes::from(vec![b'w'; 256 * 1024]);
    let guarded = hmac(&presets::GITHUB).layer(handler());
    for size in [64 * 1024, 1000, 17] {
        let request = || signed(&presets::GITHUB, &content, Frames::of(&content, size));
        let (info, _) = cost(&guarded, request);
        let bound = 3 * content.len() as u64;
        assert!(
            info.bytes_total <= bound,
            "frames of {size}: {} bytes",
            info.bytes_total
        );
    }
}

/// What a refusal from the head may take: its problem document and a header map.
const REFUSAL: u64 = 4 * 1024;

/// What hyper hands over of a body of a mebibyte: frames of 16 to 320 KiB.
#[test]
fn a_body_of_a_mebibyte_is_never_held_twice() {
    let content = Bytes::from(vec![b'w'; 1024 * 1024]);
    let guarded = hmac(&presets::GITHUB).layer(handler());
    for size in [1024 * 1024, 320 * 1024, 64 * 1024, 16 * 1024] {
        let request = || signed(&presets::GITHUB, &content, Frames::of(&content, size));
        let (info, response) = cost(&guarded, request);
        assert_eq!(response.status(), StatusCode::OK);
        // The frames are kept as they came: what is on top of them is a list of them.
        assert!(
            info.bytes_max <= 16 * 1024,
            "frames of {size}: {} bytes at once",
            info.bytes_max
        );
    }
}

#[test]
fn promise_28_a_refusal_from_the_head_does_not_grow_with_the_request() {
    let exhausted = Quota::per_period(1, Duration::from_secs(24 * 60 * 60)).unwrap();
    let preset = &presets::STANDARD_WEBHOOKS;
    let limits = ServiceBuilder::new()
        .layer(ip())
        .layer(per_network().with_quota(exhausted));
    let limited = limits.layer(hmac(preset)).service(handler());
    let checks = ServiceBuilder::new()
        .layer(ip())
        .layer(per_network())
        .layer(hmac(preset));
    let guarded = checks.service(handler());

    // 256 KiB of whatever a stranger may write there.
    let long = "1".repeat(256 * 1024);
    let with = |name: &'static str, value: &str| {
        let mut request = signed(preset, b"", Unread(10));
        for name in [name, "user-agent", "x-forwarded-for"] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request
    };
    let many = format!("{}v1,MTIzNA==", "v1,MTIzNA== ".repeat(20_000));
    let unsigned = || {
        let mut request = with("x-other", &long);
        request.headers_mut().remove("webhook-signature");
        request
    };
    let strange = || {
        let mut request = with("x-other", &long);
        request
            .extensions_mut()
            .insert(Facts::from_peer(peer([203, 0, 113, 66])));
        request
    };
    let put = || {
        let mut request = with("x-other", &long);
        *request.method_mut() = long.parse().unwrap();
        request
    };
    let huge = || {
        let head = with("x-other", &long).into_parts().0;
        Request::from_parts(head, Unread(10 * 1024 * 1024 * 1024))
    };

    let check = |reason: &str, (info, response): (AllocationInfo, Response<Full<Bytes>>)| {
        let rejection = response.extensions().get::<Rejection>().expect("a refusal");
        assert_eq!(rejection.reason().as_str(), reason);
        assert!(
            info.bytes_total <= REFUSAL,
            "{reason}: {} bytes",
            info.bytes_total
        );
    };
    check("ip_denied", cost(&guarded, strange));
    // Unsigned requests spend the quota of their network.
    cost(&limited, unsigned);
    check("rate_limited", cost(&limited, || with("x-other", &long)));
    check("method_not_allowed", cost(&guarded, put));
    check(
        "encoding_unsupported",
        cost(&guarded, || with("content-encoding", &long)),
    );
    check("body_too_large", cost(&guarded, huge));
    check("signature_missing", cost(&guarded, unsigned));
    check(
        "signature_malformed",
        cost(&guarded, || with("webhook-signature", &long)),
    );
    check(
        "too_many_signatures",
        cost(&guarded, || with("webhook-signature", &many)),
    );
    check(
        "timestamp_malformed",
        cost(&guarded, || with("webhook-timestamp", &long)),
    );
    check("id_malformed", cost(&guarded, || with("webhook-id", &long)));
}

/// The audit's own share of a refusal: the slots of the record, and capped copies.
const RECORD: u64 = 8 * 1024;

#[test]
fn an_audited_refusal_does_not_grow_with_the_request() {
    let preset = &presets::STANDARD_WEBHOOKS;
    let audit = AuditLayer::new(drop::<AuditRecord>).with_clock(Clock::manual(NOW).0);
    let layers = ServiceBuilder::new()
        .layer(audit)
        .layer(ip())
        .layer(hmac(preset));
    let guarded = layers.service(handler());
    for size in [10, 1000, 256 * 1024] {
        let long = "1".repeat(size);
        let (info, response) = cost(&guarded, || {
            let mut request = signed(preset, b"", Unread(10));
            for name in ["user-agent", "webhook-id", "x-forwarded-for"] {
                request.headers_mut().insert(name, long.parse().unwrap());
            }
            request.headers_mut().remove("webhook-signature");
            *request.uri_mut() = format!("/{}", "1".repeat(size.min(60_000)))
                .parse()
                .unwrap();
            request
        });
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(
            info.bytes_total <= REFUSAL + RECORD,
            "{size}: {} bytes",
            info.bytes_total
        );
    }
}
