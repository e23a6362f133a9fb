//! What an operator is told, once: each test has a provider's name of its own, because a thing is
//! said once in a process.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, uri};
use http_body_util::Full;
use tower::{ServiceExt as _, service_fn};
use tower_layer::Layer as _;
use tracing_subscriber::{fmt::MakeWriter, util::SubscriberInitExt};
use webhook_core::{
    BufferedBody, Clock, Facts, ManualClock, Origin, Reason, Rejection, Secret, Settings,
    Timestamp,
    change::{Cause, ChangeLog},
};
use webhook_hmac_layer::{ConfigError, HmacLayer, HmacSettings};
use webhook_signature::{
    KeyRing, KeyRingError, Scheme, SecretEncoding, SignRequest, Verifier,
    handshake::{self, Responder},
    presets,
};

const OLD: &str = "previous-secret-0123456789abcdef";
const NEW: &str = "current-secret-0123456789abcdef";
const DAY: Duration = Duration::from_secs(86_400);

fn start() -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000)
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// The log of this thread, on which a test runs all it does.
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, subscriber.set_default())
    }

    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("secret-0123456789"), "{text}");
        text.lines().map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A scheme like many, under a name of its own.
fn scheme(name: &'static str) -> Scheme {
    let scheme = Scheme::hmac_sha256(name)
        .header("x-signature")
        .timestamp_header("x-time")
        .signed_text("{timestamp}.{body}");
    scheme.build().unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

struct Stand {
    layer: HmacLayer,
    clock: Clock,
    hands: ManualClock,
}

impl Stand {
    fn new(settings: Settings<HmacSettings>) -> Self {
        let (clock, hands) = Clock::manual(start());
        let layer = HmacLayer::with_settings(settings).with_clock(clock.clone());
        Self {
            layer,
            clock,
            hands,
        }
    }

    fn of(settings: HmacSettings) -> Self {
        Self::new(Settings::fixed(settings))
    }

    /// A delivery signed `ahead` seconds from now.
    fn signed(&self, sender: &Verifier, ahead: i64) -> Request<Full<Bytes>> {
        let seconds = self.clock.now().unix_seconds() + ahead;
        let sign = SignRequest::new(b"{}", Timestamp::from_unix_seconds(seconds))
            .with_base_url("https://hooks.example.com")
            .with_target("/");
        let mut request = Request::post("/")
            .body(Full::new(Bytes::from_static(b"{}")))
            .unwrap();
        request.headers_mut().extend(sender.sign(&sign).unwrap());
        request
    }

    /// The reason of a refusal, or nothing.
    fn send(&self, request: Request<Full<Bytes>>) -> Option<Reason> {
        let handler = service_fn(|_: Request<BufferedBody>| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
        });
        let answer = self.layer.layer(handler).oneshot(request);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let response = runtime.block_on(answer).unwrap();
        let rejection = response.extensions().get::<Rejection>();
        assert_eq!(rejection.is_none(), response.status() == StatusCode::OK);
        rejection.map(Rejection::reason)
    }
}

#[test]
fn a_newline_at_the_end_of_our_secret_is_told_once() {
    let (log, _guard) = Log::start();
    let ours = scheme("newline-ours").with_secret_encoding(SecretEncoding::Hex);
    let hex = const_hex::encode(format!("{NEW}\n"));
    let stand =
        Stand::of(HmacSettings::new(ours, KeyRing::new("k", secret(&hex)).unwrap()).unwrap());
    let sender = Verifier::new(scheme("newline-ours"), secret(NEW)).unwrap();
    for sent in 1..=45 {
        let refused = stand.send(stand.signed(&sender, 0));
        assert_eq!(refused, Some(Reason::SignatureMismatch));
        assert_eq!(log.lines().len(), usize::from(sent >= 20), "{sent}");
    }
    let line = log.lines().remove(0);
    assert!(
        line.contains("WARN webhook_hmac: 20 of 20 signatures failed"),
        "{line}"
    );
    assert!(
        line.contains("WHK-H301") && line.contains("removing a trailing newline"),
        "{line}"
    );
    assert!(
        line.contains("provider=\"newline-ours\" secret_id=\"k\""),
        "{line}"
    );
}

#[test]
fn a_newline_at_the_end_of_the_senders_secret_is_told_unless_anything_else_came_between() {
    let (log, _guard) = Log::start();
    let name = "newline-theirs";
    let stand = Stand::of(HmacSettings::new(scheme(name), secret(NEW)).unwrap());
    let hex = scheme(name).with_secret_encoding(SecretEncoding::Hex);
    let echoed = Verifier::new(hex, secret(&const_hex::encode(format!("{NEW}\n")))).unwrap();
    let right = Verifier::new(scheme(name), secret(NEW)).unwrap();
    let wrong = Verifier::new(scheme(name), secret(OLD)).unwrap();
    for between in [&right, &wrong] {
        for _ in 0..19 {
            assert!(stand.send(stand.signed(&echoed, 0)).is_some());
        }
        let verdict = stand.send(stand.signed(between, 0));
        assert_eq!(verdict.is_none(), std::ptr::eq(between, &raw const right));
    }
    assert!(log.lines().is_empty());
    for _ in 0..20 {
        assert!(stand.send(stand.signed(&echoed, 0)).is_some());
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("WHK-H301") && lines[0].contains("as the sender's has"),
        "{lines:?}"
    );
}

#[test]
fn an_attack_is_tried_a_bounded_number_of_times() {
    let (log, _guard) = Log::start();
    let name = "newline-attack";
    let stand = Stand::of(HmacSettings::new(scheme(name), secret(NEW)).unwrap());
    let wrong = Verifier::new(scheme(name), secret(OLD)).unwrap();
    for _ in 0..256 {
        assert!(stand.send(stand.signed(&wrong, 0)).is_some());
    }
    let hex = scheme(name).with_secret_encoding(SecretEncoding::Hex);
    let echoed = Verifier::new(hex, secret(&const_hex::encode(format!("{NEW}\n")))).unwrap();
    for _ in 0..40 {
        assert!(stand.send(stand.signed(&echoed, 0)).is_some());
    }
    assert!(log.lines().is_empty(), "nothing is tried any more");
}

#[test]
fn a_clock_that_is_wrong_is_told_with_the_median() {
    let (log, _guard) = Log::start();
    let name = "skew";
    let stand = Stand::of(HmacSettings::new(scheme(name), secret(NEW)).unwrap());
    let sender = Verifier::new(scheme(name), secret(NEW)).unwrap();
    let stale = |skew| {
        assert_eq!(
            stand.send(stand.signed(&sender, skew)),
            Some(Reason::TimestampInFuture)
        );
    };
    (0..19).for_each(|_| stale(412));
    assert_eq!(
        stand.send(stand.signed(&sender, 0)),
        None,
        "the streak ends here"
    );
    (0..18).for_each(|_| stale(412));
    assert!(log.lines().is_empty());
    // An outlier on either side does not move the median.
    let refused = stand.send(stand.signed(&sender, -900_000));
    assert_eq!(refused, Some(Reason::TimestampTooOld));
    stale(900_000);
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("WHK-H302") && lines[0].contains("skew is +412 s"),
        "{lines:?}"
    );

    for _ in 0..50 {
        let refused = stand.send(stand.signed(&sender, -400));
        assert_eq!(refused, Some(Reason::TimestampTooOld));
    }
    assert_eq!(log.lines().len(), 1);
}

#[test]
fn a_secret_that_nobody_uses_is_told_once_even_where_settings_were_swapped() {
    let (log, _guard) = Log::start();
    let name = "unused";
    let ring = || {
        let ring = KeyRing::new("new", secret(NEW)).unwrap();
        ring.with("old", secret(OLD)).unwrap()
    };
    let (settings, handle) = Settings::swappable(HmacSettings::new(scheme(name), ring()).unwrap());
    let stand = Stand::new(settings);
    let sender = Verifier::new(scheme(name), secret(NEW)).unwrap();
    assert_eq!(stand.send(stand.signed(&sender, 0)), None);
    stand.hands.advance(10 * DAY);
    let cause = Cause::new("test", "again");
    let new = HmacSettings::new(scheme(name), ring()).unwrap();
    handle.replace(new.continuing(&handle.current()), &cause);
    assert_eq!(stand.send(stand.signed(&sender, 0)), None);
    assert!(log.lines().is_empty(), "10 days");

    stand.hands.advance(5 * DAY);
    for _ in 0..3 {
        assert_eq!(stand.send(stand.signed(&sender, 0)), None);
        stand.hands.advance(DAY);
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("INFO") && lines[0].contains("WHK-H303"),
        "{lines:?}"
    );
    assert!(
        lines[0].contains("15 days") && lines[0].contains("secret_id=\"old\""),
        "{lines:?}"
    );
    let uses: Vec<_> = handle.current().secret_uses().map(|it| it.uses).collect();
    assert_eq!(uses, [5, 0]);
}

#[test]
fn a_url_that_nobody_tells_is_refused_and_told_and_a_trusted_proxys_word_is_taken() {
    let (log, _guard) = Log::start();
    let scheme = Scheme::hmac_sha256("no-origin")
        .header("x-signature")
        .signed_text("{url}{body}")
        .build()
        .unwrap()
        .with_url_from_trusted_proxy();
    let sender = Verifier::new(&scheme, secret(NEW)).unwrap();
    // Shadow mode lets no fault of the stack pass.
    let settings = HmacSettings::new(scheme, secret(NEW))
        .unwrap()
        .with_insecure_shadow(true);
    let stand = Stand::of(settings);
    for _ in 0..3 {
        let mut request = stand.signed(&sender, 0);
        for name in ["host", "x-forwarded-host"] {
            request
                .headers_mut()
                .insert(name, "hooks.example.com".parse().unwrap());
        }
        assert_eq!(stand.send(request), Some(Reason::Misconfigured));
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("ERROR webhook_hmac: ") && lines[0].contains("WHK-H304"),
        "{lines:?}"
    );

    let mut request = stand.signed(&sender, 0);
    let origin = Origin::new(uri::Scheme::HTTPS);
    let origin = origin.with_authority(uri::Authority::from_static("hooks.example.com"));
    Facts::of_mut(request.extensions_mut()).set_origin(origin);
    assert_eq!(stand.send(request), None);
}

#[test]
fn an_endpoint_without_settings_is_told_once() {
    let (log, _guard) = Log::start();
    let stand = Stand::new(Settings::per_endpoint());
    let sender = Verifier::new(scheme("none"), secret(NEW)).unwrap();
    for _ in 0..3 {
        assert_eq!(
            stand.send(stand.signed(&sender, 0)),
            Some(Reason::Misconfigured)
        );
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("ERROR") && lines[0].contains("per_endpoint_or"),
        "{lines:?}"
    );
}

#[test]
fn a_revoked_secret_verifies_nothing_and_the_change_is_noted() {
    let name = "revoked";
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = ChangeLog::new(Clock::system(), {
        let seen = Arc::clone(&seen);
        move |change| seen.lock().unwrap().push(change)
    });
    let ring = KeyRing::new("new", secret(NEW))
        .unwrap()
        .with("old", secret(OLD))
        .unwrap();
    let (settings, handle) = Settings::swappable(HmacSettings::new(scheme(name), ring).unwrap());
    let handle = handle.with_log("secrets of acme", log);
    let stand = Stand::new(settings);
    let [new, old] = [NEW, OLD].map(|text| Verifier::new(scheme(name), secret(text)).unwrap());
    assert_eq!(stand.send(stand.signed(&old, 0)), None);

    let cause = Cause::new("alice", "it leaked");
    HmacSettings::revoke(&handle, "old", &cause).unwrap();
    assert_eq!(
        stand.send(stand.signed(&old, 0)),
        Some(Reason::SignatureMismatch)
    );
    assert_eq!(stand.send(stand.signed(&new, 0)), None);
    for (id, error) in [
        ("old", KeyRingError::UnknownId),
        ("new", KeyRingError::Last),
    ] {
        let refused = HmacSettings::revoke(&handle, id, &cause).unwrap_err();
        assert_eq!(refused, ConfigError::KeyRing(error));
        assert_eq!(stand.send(stand.signed(&new, 0)), None);
    }
    let changes = seen.lock().unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].kind.as_str(), "revoked");
    assert_eq!(changes[0].target.as_str(), "secrets of acme: old");
    assert_eq!(changes[0].cause, cause);
}

#[test]
fn a_handshake_is_not_answered_with_a_revoked_secret() {
    let crc = Request::get("/?crc_token=abc")
        .body(Full::new(Bytes::new()))
        .unwrap();
    let answer = |settings: HmacSettings| {
        let stand = Stand::of(settings);
        let handler = service_fn(|_: Request<BufferedBody>| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let response = runtime
            .block_on(stand.layer.layer(handler).oneshot(crc.clone()))
            .unwrap();
        let body = http_body_util::BodyExt::collect(response.into_body());
        runtime.block_on(body).unwrap().to_bytes()
    };
    let settings = |ring: KeyRing| {
        let settings = HmacSettings::new(&presets::X, ring).unwrap();
        settings
            .with_handshake(Responder::new(handshake::by_name("x").unwrap()))
            .unwrap()
    };
    let both = KeyRing::new("old", secret(OLD))
        .unwrap()
        .with("new", secret(NEW))
        .unwrap();
    let expected = answer(settings(secret(NEW).into()));
    assert!(expected.starts_with(b"{\"response_token\""), "{expected:?}");
    assert_ne!(answer(settings(both.clone())), expected);
    assert_eq!(
        answer(settings(both).without_secret("old").unwrap()),
        expected
    );
}
