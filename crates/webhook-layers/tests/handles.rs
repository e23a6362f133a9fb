//! What is asked of clients beyond their address, who tells the URL, and what is changed at run time.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_layers::{
    Bans, BufferedBody, Builder, Cause, Clock, Denials, PeerAddr, Preset, Reason, Rejection,
    Secret, SignRequest, Timestamp, Verifier, WebhookLayers,
    audit::{AuditRecord, Sink},
    core::{Transport, change::Change},
    presets,
};

const NEW: &str = "current-secret-0123456789abcdef";
const OLD: &str = "previous-secret-0123456789abcdef";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const MINUTE: Duration = Duration::from_secs(60);

/// Keeps the changes, as kind, target and who made them.
#[derive(Clone, Default)]
struct Changes(Arc<Mutex<Vec<String>>>);

impl Sink for Changes {
    fn record(&self, _: AuditRecord) {}

    fn change(&self, change: Change) {
        let (kind, target) = (change.kind.as_str(), change.target.as_str());
        let noted = format!("{kind} {target} by {}", change.cause.by());
        self.0.lock().unwrap().push(noted);
    }
}

impl Changes {
    fn noted(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

fn builder(preset: &'static Preset) -> Builder {
    WebhookLayers::builder(preset).secret("new", Secret::new(NEW))
}

fn cause() -> Cause {
    Cause::new("alice", "a test")
}

/// A delivery that a provider signed with this secret, and called at this URL.
fn signed(preset: &Preset, secret: &str, base: &'static str) -> Request<Full<Bytes>> {
    let scheme = preset.scheme().with_base_url(base).unwrap();
    let verifier = Verifier::new(scheme, Secret::new(secret).unwrap()).unwrap();
    let sign = SignRequest::new(b"{}", NOW).with_target("/hook");
    let mut request = Request::post("/hook")
        .extension(PeerAddr::new(([10, 0, 0, 1], 4711).into()))
        .body(Full::new(Bytes::from_static(b"{}")))
        .unwrap();
    request.headers_mut().extend(verifier.sign(&sign).unwrap());
    request
}

fn from_github(secret: &str) -> Request<Full<Bytes>> {
    signed(&presets::GITHUB, secret, "https://hooks.example.com")
}

/// What the stack says to a request.
async fn reason<K: Sink + Clone>(
    hooks: &WebhookLayers<K>,
    request: Request<Full<Bytes>>,
) -> Reason {
    let guarded = hooks.layer(service_fn(|_: Request<BufferedBody>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let response = guarded.oneshot(request).await.unwrap();
    let rejection = response.extensions().get::<Rejection>();
    rejection.map_or(Reason::Ok, Rejection::reason)
}

#[tokio::test]
async fn a_revoked_secret_is_refused_from_the_next_delivery_on_and_the_change_is_recorded() {
    let changes = Changes::default();
    let hooks = builder(&presets::GITHUB)
        .secret("old", Secret::new(OLD))
        .clock(Clock::manual(NOW).0)
        .audit(changes.clone())
        .build()
        .unwrap();
    let secrets = hooks.secrets();
    assert_eq!(reason(&hooks, from_github(OLD)).await, Reason::Ok);
    let uses: Vec<_> = secrets.uses().map(|it| (it.id, it.uses)).collect();
    assert_eq!(uses, [("new".into(), 0), ("old".into(), 1)]);

    secrets.revoke("old", &cause()).unwrap();
    let refused = reason(&hooks, from_github(OLD)).await;
    assert_eq!(refused, Reason::SignatureMismatch);
    assert_eq!(reason(&hooks, from_github(NEW)).await, Reason::Ok);
    let uses: Vec<_> = secrets.uses().map(|it| (it.id, it.uses)).collect();
    assert_eq!(uses, [("new".into(), 1)]);

    assert!(secrets.revoke("old", &cause()).is_err(), "it is gone");
    assert!(secrets.revoke("new", &cause()).is_err(), "the last one");
    assert_eq!(reason(&hooks, from_github(NEW)).await, Reason::Ok);
    assert_eq!(changes.noted(), ["revoked secrets: old by alice"]);
}

#[test]
fn a_scheme_that_signs_the_url_is_told_it_or_cannot_be_built() {
    let mistake = |builder: Builder| {
        let mistakes = builder.build().unwrap_err();
        assert_eq!(mistakes.all().len(), 1, "{mistakes}");
        let mistake = mistakes.all().first().unwrap();
        (mistake.code(), mistake.text().to_owned())
    };
    let square = || builder(&presets::SQUARE);
    let (code, text) = mistake(square());
    assert_eq!(code, "WHK-C021");
    assert!(
        text.contains("`external_url_from_trusted_proxy()`"),
        "{text}"
    );
    assert!(
        text.contains("`external_url(\"https://hooks.example.com\")`"),
        "{text}"
    );
    let (code, _) = mistake(square().external_url("hooks.example.com/hook"));
    assert_eq!(code, "WHK-C021");
    let (code, text) = mistake(square().external_url_from_trusted_proxy());
    assert_eq!(code, "WHK-I006");
    assert!(text.contains("`trusted_proxies`"), "{text}");

    assert!(
        square()
            .external_url("https://hooks.example.com")
            .build()
            .is_ok()
    );
    let github = builder(&presets::GITHUB).external_url("https://hooks.example.com");
    assert!(github.build().is_ok());
}

#[tokio::test]
async fn the_url_is_the_configured_one_whatever_a_stranger_writes() {
    let hooks = builder(&presets::SQUARE)
        .external_url("https://hooks.example.com")
        .build()
        .unwrap();
    let mine = signed(&presets::SQUARE, NEW, "https://hooks.example.com");
    assert_eq!(reason(&hooks, mine).await, Reason::Ok);
    let mut other = signed(&presets::SQUARE, NEW, "https://other.example.com");
    for (name, value) in [
        ("host", "other.example.com"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "other.example.com"),
    ] {
        other.headers_mut().insert(name, value.parse().unwrap());
    }
    assert_eq!(reason(&hooks, other).await, Reason::SignatureMismatch);
}

#[tokio::test]
async fn the_url_is_what_a_trusted_proxy_tells() {
    let proxied = |mut request: Request<Full<Bytes>>, host: Option<&'static str>| {
        let headers = request.headers_mut();
        headers.insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
        if let Some(host) = host {
            headers.insert("x-forwarded-proto", "https".parse().unwrap());
            headers.insert("x-forwarded-host", host.parse().unwrap());
        }
        request
    };
    let mine = || signed(&presets::SQUARE, NEW, "https://hooks.example.com");
    let told = |proxy: &str| {
        builder(&presets::SQUARE)
            .external_url_from_trusted_proxy()
            .trusted_proxies([proxy])
    };
    let of = async |builder: Builder, host| {
        reason(&builder.build().unwrap(), proxied(mine(), host)).await
    };
    let (right, wrong) = (Some("hooks.example.com"), Some("other.example.com"));
    assert_eq!(of(told("10.0.0.0/8"), right).await, Reason::Ok);
    assert_eq!(
        of(told("10.0.0.0/8"), wrong).await,
        Reason::SignatureMismatch
    );
    assert_eq!(of(told("10.0.0.0/8"), None).await, Reason::Misconfigured);
    assert_eq!(of(told("192.0.2.0/24"), right).await, Reason::Misconfigured);
    // What is configured stands in where the proxy tells nothing.
    let both = || told("10.0.0.0/8").external_url("https://hooks.example.com");
    assert_eq!(of(both(), None).await, Reason::Ok);
    assert_eq!(of(both(), wrong).await, Reason::SignatureMismatch);
    // A scheme that asks for it has it told, too.
    let scheme = presets::SQUARE.scheme().with_url_from_trusted_proxy();
    let scheme = WebhookLayers::builder(scheme).secret("new", Secret::new(NEW));
    assert_eq!(
        of(scheme.trusted_proxies(["10.0.0.0/8"]), right).await,
        Reason::Ok
    );
}

#[tokio::test]
async fn https_is_required_of_every_sender() {
    let over = |transport: Option<Transport>| {
        let mut request = from_github(NEW);
        if let Some(transport) = transport {
            request.extensions_mut().insert(transport);
        }
        request
    };
    let hooks = builder(&presets::GITHUB).require_https().build().unwrap();
    assert_eq!(reason(&hooks, over(Some(Transport::Tls))).await, Reason::Ok);
    for unsafe_way in [Some(Transport::Plain), None] {
        assert_eq!(
            reason(&hooks, over(unsafe_way)).await,
            Reason::HttpsRequired
        );
    }
    let shadow = builder(&presets::GITHUB)
        .require_https()
        .insecure_shadow_https(true);
    assert_eq!(
        reason(&shadow.build().unwrap(), over(None)).await,
        Reason::Ok
    );
}

#[tokio::test]
async fn bans_are_recorded_and_end_by_the_clock_of_the_stack_or_are_lifted() {
    let changes = Changes::default();
    let (clock, hands) = Clock::manual(NOW);
    let stack = |is_shadow| {
        builder(&presets::GITHUB)
            .bans(Bans::after(2, MINUTE, MINUTE))
            .insecure_shadow_bans(is_shadow)
            .clock(clock.clone())
            .audit(changes.clone())
            .build()
            .unwrap()
    };
    let hooks = stack(false);
    for _ in 0..2 {
        let forged = reason(&hooks, from_github(OLD)).await;
        assert_eq!(forged, Reason::SignatureMismatch);
    }
    assert_eq!(reason(&hooks, from_github(NEW)).await, Reason::IpBanned);
    assert_eq!(changes.noted().len(), 1);
    assert!(changes.noted().concat().starts_with("banned 10.0.0.1"));
    assert!(hooks.bans().unwrap().lift([10, 0, 0, 1].into(), &cause()));
    assert_eq!(changes.noted().len(), 2);
    assert_eq!(reason(&hooks, from_github(NEW)).await, Reason::Ok);

    for _ in 0..2 {
        reason(&hooks, from_github(OLD)).await;
    }
    assert_eq!(reason(&hooks, from_github(NEW)).await, Reason::IpBanned);
    hands.advance(MINUTE);
    assert_eq!(reason(&hooks, from_github(NEW)).await, Reason::Ok);

    let shadow = stack(true);
    for _ in 0..2 {
        reason(&shadow, from_github(OLD)).await;
    }
    assert_eq!(reason(&shadow, from_github(NEW)).await, Reason::Ok);
    assert_eq!(changes.noted().len(), 4, "shadow bans are noted");

    assert!(builder(&presets::GITHUB).build().unwrap().bans().is_none());
    let never = builder(&presets::GITHUB).bans(Bans::after(0, MINUTE, MINUTE));
    let mistakes = never.build().unwrap_err();
    assert_eq!(mistakes.all().first().unwrap().code(), "WHK-I007");
}

#[tokio::test]
async fn denials_are_recorded_and_hold_though_the_lists_are_in_shadow_mode() {
    let changes = Changes::default();
    let (clock, hands) = Clock::manual(NOW);
    let hooks = builder(&presets::GITHUB)
        .deny(["10.0.0.0/8"])
        .insecure_shadow_lists(true)
        .denials(Denials::new())
        .clock(clock)
        .audit(changes.clone())
        .build()
        .unwrap();
    assert_eq!(reason(&hooks, from_github(NEW)).await, Reason::Ok);
    let denials = hooks.denials().unwrap();
    let network = "10.0.0.1".parse().unwrap();
    denials.deny(network, MINUTE, &cause()).unwrap();
    assert_eq!(reason(&hooks, from_github(NEW)).await, Reason::IpDenied);
    hands.advance(MINUTE);
    assert_eq!(reason(&hooks, from_github(NEW)).await, Reason::Ok);
    denials.deny(network, MINUTE, &cause()).unwrap();
    denials.permit(network, &cause());
    assert_eq!(reason(&hooks, from_github(NEW)).await, Reason::Ok);
    let noted = changes.noted();
    let kinds: Vec<_> = noted.iter().filter_map(|it| it.split(' ').next()).collect();
    assert_eq!(kinds, ["denied", "denied", "permitted"]);
    assert!(
        builder(&presets::GITHUB)
            .build()
            .unwrap()
            .denials()
            .is_none()
    );
}
