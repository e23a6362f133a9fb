//! The span of a request: OpenTelemetry's names, told at the end, entered on every poll, and off
//! unless it is asked for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // Helpers of tests are tests.

mod common;

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt,
    sync::{Arc, Mutex},
};

use common::{Answer, answer};
use http::Request;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer, Registry, filter::LevelFilter, layer::Context, prelude::*, registry::LookupSpan,
};
use webhook_audit_layer::{AuditLayer, TracingSink};
use webhook_core::{Check, Facts, PeerAddr, Problem, Reason, Rejection, ShortText, Verification};

/// What a subscriber saw.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Sight>>);

#[derive(Default)]
struct Sight {
    spans: Vec<&'static Metadata<'static>>,
    declared: BTreeMap<String, String>,
    fields: BTreeMap<String, String>,
    enters: usize,
    /// Each event's message, and the name of the span that it stands in.
    events: Vec<(String, Option<&'static str>)>,
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut seen = self.0.lock().unwrap();
        seen.spans.push(attributes.metadata());
        attributes.record(&mut Fields(&mut seen.declared));
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap().fields));
    }

    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        self.0.lock().unwrap().enters += 1;
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let inside = context.lookup_current().map(|span| span.name());
        let message = fields.remove("message").unwrap_or_default();
        self.0.lock().unwrap().events.push((message, inside));
    }
}

async fn handler(mut request: Request<()>) -> Result<Answer, Infallible> {
    tokio::task::yield_now().await;
    tracing::info!("handled");
    match request.uri().path() {
        "/fails" => Ok(answer(503)),
        "/refused" => {
            let (parts, ()) = request.into_parts();
            let rejection = Rejection::new(Reason::SignatureMismatch, Check::Signature);
            Ok(rejection.answer(&Problem::default(), &parts))
        }
        "/paused" => {
            let (parts, ()) = request.into_parts();
            let rejection = Rejection::new(Reason::Paused, Check::Pause);
            Ok(rejection.answer(&Problem::default(), &parts))
        }
        "/grpc" => {
            let mut response = answer(200);
            let status = request.headers()["x-status"].clone();
            response.headers_mut().insert("grpc-status", status);
            Ok(response)
        }
        "/panics" => panic!("canary-panic"),
        _ => {
            let verification = Verification::new("github")
                .with_secret_id("2026-q4")
                .with_delivery_id(ShortText::new("id\r\nforged"), true);
            Facts::of_mut(request.extensions_mut()).set_verification(verification);
            Ok(answer(204))
        }
    }
}

fn request(path: &str) -> Request<()> {
    Request::post(format!("{path}?key=canary-query"))
        .header("authorization", "Bearer canary-token")
        .header("user-agent", "agent\u{202e}".as_bytes())
        .body(())
        .unwrap()
}

/// What is seen of a request to this path, up to this level.
fn seen(layer: &AuditLayer<TracingSink>, path: &str, level: LevelFilter) -> Sight {
    seen_of(layer, request(path), level)
}

fn seen_of(layer: &AuditLayer<TracingSink>, request: Request<()>, level: LevelFilter) -> Sight {
    let seen = Seen::default();
    let subscriber = Registry::default().with(seen.clone().with_filter(level));
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let service = layer.layer(service_fn(handler));
        runtime.unwrap().block_on(service.oneshot(request)).unwrap();
    });
    Arc::try_unwrap(seen.0)
        .unwrap_or_else(|shared| Mutex::new(std::mem::take(&mut *shared.lock().unwrap())))
        .into_inner()
        .unwrap()
}

fn with_span() -> AuditLayer<TracingSink> {
    AuditLayer::new(TracingSink::new()).with_span(true)
}

#[test]
fn a_delivery_is_a_server_span_told_at_its_end() {
    let seen = seen(&with_span(), "/webhooks", LevelFilter::TRACE);
    let [span] = seen.spans[..] else {
        panic!("one span, not {}", seen.spans.len());
    };
    assert_eq!(
        (span.name(), span.target()),
        ("webhook.receive", "webhook_audit")
    );
    assert_eq!(*span.level(), Level::INFO);
    // Nothing is known at the start but that a server receives.
    assert_eq!(
        seen.declared,
        BTreeMap::from([("otel.kind".into(), r#""server""#.into())])
    );
    for (field, value) in [
        ("http.request.method", r#""POST""#),
        ("http.response.status_code", "204"),
        ("network.protocol.version", r#""1.1""#),
        ("url.path", r#""/webhooks""#),
        ("user_agent.original", r#""agent\u{202e}""#),
        ("webhook.provider", "github"),
        ("webhook.secret.id", "2026-q4"),
        ("webhook.delivery.id", r#""id\u{d}\u{a}forged""#),
        ("webhook.delivery.id.signed", "true"),
        ("webhook.outcome", r#""accepted""#),
    ] {
        assert_eq!(
            seen.fields.get(field).map(String::as_str),
            Some(value),
            "{field}"
        );
    }
    for absent in ["otel.status_code", "error.type", "webhook.reject.reason"] {
        assert!(!seen.fields.contains_key(absent), "{absent}");
    }
    // Everything that was recorded was declared, or it would have been lost.
    let declared: Vec<_> = span.fields().iter().map(|field| field.name()).collect();
    assert!(
        seen.fields
            .keys()
            .all(|field| declared.contains(&field.as_str()))
    );
}

#[test]
fn handler_and_record_speak_inside_the_span() {
    let seen = seen(&with_span(), "/webhooks", LevelFilter::TRACE);
    let inside = Some("webhook.receive");
    assert_eq!(
        seen.events,
        [
            ("handled".into(), inside),
            ("webhook request".into(), inside)
        ]
    );
    // The call, two polls, and the record.
    assert_eq!(seen.enters, 4);
}

#[test]
fn only_what_the_server_did_wrong_is_an_error() {
    let told_of = |request| {
        let seen = seen_of(&with_span(), request, LevelFilter::TRACE);
        let of = |field: &str| seen.fields.get(field).cloned();
        (
            of("otel.status_code"),
            of("error.type"),
            of("webhook.reject.reason"),
        )
    };
    let told = |path| told_of(request(path));
    let text = |text: &str| Some(format!("{text:?}"));
    let refused = (None, None, text("signature_mismatch"));
    assert_eq!(told("/refused"), refused);
    let failed = (text("ERROR"), text("handler_error"), text("handler_error"));
    assert_eq!(told("/fails"), failed);
    let panicked = (text("ERROR"), text("handler_panic"), text("handler_panic"));
    assert_eq!(told("/panics"), panicked);
    let paused = (text("ERROR"), text("paused"), text("paused"));
    assert_eq!(told("/paused"), paused);

    let grpc = |status: &'static str| {
        let mut request = request("/grpc");
        let headers = request.headers_mut();
        headers.insert("content-type", "application/grpc".parse().unwrap());
        headers.insert("x-status", status.parse().unwrap());
        told_of(request)
    };
    assert_eq!(grpc("0"), (None, None, None));
    assert_eq!(grpc("5"), (text("ERROR"), text("ok"), None));
}

#[test]
fn the_client_and_the_peer_are_told() {
    let mut request = request("/webhooks");
    let peer = PeerAddr::new("203.0.113.9:4711".parse().unwrap());
    request.extensions_mut().insert(peer);
    let seen = seen_of(&with_span(), request, LevelFilter::TRACE);
    for (field, value) in [
        ("client.address", "203.0.113.9"),
        ("client.port", "4711"),
        ("network.peer.address", "203.0.113.9"),
        ("network.peer.port", "4711"),
    ] {
        assert_eq!(seen.fields[field], value, "{field}");
    }
}

#[test]
fn no_header_query_or_panic_is_told() {
    for path in ["/webhooks", "/refused", "/panics"] {
        let seen = seen(&with_span(), path, LevelFilter::TRACE);
        let told = format!("{:?} {:?} {:?}", seen.declared, seen.fields, seen.events);
        assert!(!told.contains("canary"), "{told}");
        assert!(!told.contains('\u{202e}'), "{told}");
    }
}

#[test]
fn there_is_none_unless_it_is_asked_for_and_wanted() {
    let off = seen(
        &AuditLayer::new(TracingSink::new()),
        "/webhooks",
        LevelFilter::TRACE,
    );
    assert_eq!((off.spans.len(), off.enters), (0, 0));
    assert_eq!(off.events.len(), 2, "the events come all the same");
    let unwanted = seen(&with_span(), "/webhooks", LevelFilter::WARN);
    assert_eq!((unwanted.spans.len(), unwanted.enters), (0, 0));
}

#[test]
fn a_client_that_went_away_is_told_too() {
    let seen = Seen::default();
    let subscriber = Registry::default().with(seen.clone());
    tracing::subscriber::with_default(subscriber, || {
        drop(
            with_span()
                .layer(service_fn(handler))
                .oneshot(request("/webhooks")),
        );
        let mut service = with_span().layer(service_fn(handler));
        drop(tower::Service::call(&mut service, request("/webhooks")));
    });
    let seen = seen.0.lock().unwrap();
    assert_eq!(seen.spans.len(), 1, "the first was never called");
    assert_eq!(seen.fields["webhook.outcome"], r#""aborted""#);
    assert_eq!(
        seen.events,
        [("webhook request".into(), Some("webhook.receive"))]
    );
}
