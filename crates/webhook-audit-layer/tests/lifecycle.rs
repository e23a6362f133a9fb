//! Exactly one record for each request, whatever becomes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // Helpers of tests are tests.

mod common;

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use common::{Answer, Records, answer, delivery};
use http::Request;
use proptest::prelude::*;
use tower::{
    Layer, Service, ServiceBuilder, ServiceExt, service_fn, timeout::TimeoutLayer,
    util::MapErrLayer,
};
use webhook_audit_layer::{AuditLayer, AuditRecord};
use webhook_core::{Check, DeliveryRecord, Facts, Problem, Reason, Rejection};

/// How a scripted request ends, once it was polled often enough.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Answer(u16),
    Refuse(Reason),
    Fail,
    Panic,
    Never,
}

#[derive(Clone, Copy, Debug)]
struct Script {
    stalls: usize,
    ending: Ending,
    panics_when_called: bool,
    panics_when_dropped: bool,
    notes: Option<Reason>,
    /// After how many polls the client goes away.
    patience: usize,
}

impl Script {
    fn new(stalls: usize, ending: Ending) -> Self {
        Self {
            stalls,
            ending,
            panics_when_called: false,
            panics_when_dropped: false,
            notes: None,
            patience: usize::MAX,
        }
    }

    /// What the record must say.
    fn expected(&self) -> (&'static str, &'static str) {
        let words = |reason: Reason| (reason.outcome().as_str(), reason.as_str());
        // A panic of the service itself is what the caller was answered for.
        if self.panics_when_called {
            return words(Reason::HandlerPanic);
        }
        let is_done = self.stalls < self.patience && !matches!(self.ending, Ending::Never);
        match (self.ending, self.notes) {
            (Ending::Panic, _) if is_done => words(Reason::HandlerPanic),
            (Ending::Refuse(reason), _) if is_done => words(reason),
            (_, Some(noted)) => words(noted),
            (Ending::Answer(500..) | Ending::Fail, None) if is_done => words(Reason::HandlerError),
            (_, None) if is_done => words(Reason::Ok),
            (_, None) => words(Reason::ClientGone),
        }
    }
}

/// The future of a scripted service.
struct Scripted {
    script: Script,
    polls: usize,
    request: Option<Request<()>>,
}

impl Future for Scripted {
    type Output = Result<Answer, &'static str>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls < self.script.stalls || matches!(self.script.ending, Ending::Never) {
            self.polls += 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let request = self.request.take().expect("polled after it was done");
        match self.script.ending {
            Ending::Answer(status) => Poll::Ready(Ok(answer(status))),
            Ending::Refuse(reason) => {
                let rejection = Rejection::new(reason, Check::Signature);
                Poll::Ready(Ok(
                    rejection.answer(&Problem::default(), &request.into_parts().0)
                ))
            }
            Ending::Fail => Poll::Ready(Err("failed")),
            Ending::Panic => panic!("scripted"),
            Ending::Never => unreachable!(),
        }
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        let drops_in_a_panic = std::thread::panicking();
        assert!(
            !self.script.panics_when_dropped || drops_in_a_panic,
            "scripted"
        );
    }
}

#[derive(Clone)]
struct Performer(Script);

impl Service<Request<()>> for Performer {
    type Response = Answer;
    type Error = &'static str;
    type Future = Scripted;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Scripted {
        let facts = Facts::of(request.extensions()).unwrap();
        if let Some(reason) = self.0.notes {
            facts.record().set_refusal(reason, Check::Body);
        }
        assert!(!self.0.panics_when_called, "scripted");
        Scripted {
            script: self.0,
            polls: 0,
            request: Some(request),
        }
    }
}

/// Plays the script and leaves as the client would.
fn play(script: Script, records: &Records) {
    let mut service = records.layer().layer(Performer(script));
    let mut future = Box::pin(service.call(delivery()));
    let mut context = Context::from_waker(Waker::noop());
    // Enough for any script, so that a request that never ends is given up in the end.
    for _ in 0..script.patience.min(64) {
        if let Poll::Ready(_response) = future.as_mut().poll(&mut context) {
            break;
        }
    }
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(future)));
    assert!(outcome.is_ok() || script.panics_when_dropped);
}

fn silence_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let message = info.payload().downcast_ref::<&str>();
            if !message.is_some_and(|message| message.contains("scripted")) {
                default(info);
            }
        }));
    });
}

fn endings() -> impl Strategy<Value = Ending> {
    prop_oneof![
        prop_oneof![Just(200_u16), Just(204), Just(422), Just(500), Just(503)]
            .prop_map(Ending::Answer),
        proptest::sample::select(Reason::ALL.to_vec()).prop_map(Ending::Refuse),
        Just(Ending::Fail),
        Just(Ending::Panic),
        Just(Ending::Never),
    ]
}

fn scripts() -> impl Strategy<Value = Script> {
    let notes = prop_oneof![3 => Just(None), 1 => Just(Some(Reason::BodyIncomplete))];
    let flags = (proptest::bool::weighted(0.1), proptest::bool::weighted(0.2));
    (
        0_usize..6,
        endings(),
        flags,
        notes,
        prop_oneof![0_usize..8, Just(usize::MAX)],
    )
        .prop_map(
            |(stalls, ending, (panics_when_called, panics_when_dropped), notes, patience)| Script {
                stalls,
                ending,
                panics_when_called,
                panics_when_dropped,
                notes,
                patience,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn promise_11_any_script_leaves_the_one_record_of_its_end(script in scripts()) {
        silence_panics();
        let records = Records::default();
        play(script, &records);
        let record = records.one();
        let words = (record.outcome.as_str(), record.reason.as_str());
        prop_assert_eq!(words, script.expected());
    }
}

#[test]
fn dropped_after_any_number_of_polls_it_is_recorded_once() {
    for patience in 0..=5 {
        let records = Records::default();
        let mut script = Script::new(5, Ending::Answer(200));
        script.patience = patience;
        play(script, &records);
        assert_eq!(
            records.words(),
            ("aborted", "client_gone"),
            "{patience} polls"
        );
        assert_eq!(records.one().status, None);
    }
    let records = Records::default();
    let mut script = Script::new(5, Ending::Answer(200));
    script.patience = 6;
    play(script, &records);
    assert_eq!(records.words(), ("accepted", "ok"));
}

#[test]
fn a_request_that_is_never_called_leaves_no_record() {
    let records = Records::default();
    let service = records
        .layer()
        .layer(Performer(Script::new(0, Ending::Fail)));
    drop(service.oneshot(delivery()));
    assert_eq!(records.count(), 0);
}

#[tokio::test]
async fn what_was_noted_before_a_drop_is_what_the_record_says() {
    let records = Records::default();
    let mut script = Script::new(9, Ending::Never);
    script.notes = Some(Reason::BodyTimeout);
    script.patience = 2;
    play(script, &records);
    assert_eq!(records.words(), ("denied", "body_timeout"));
}

#[test]
fn what_an_inner_layer_notes_while_it_is_dropped_is_recorded() {
    struct Notes(DeliveryRecord);
    impl Drop for Notes {
        fn drop(&mut self) {
            self.0.set_refusal(Reason::BodyIncomplete, Check::Body);
        }
    }
    let records = Records::default();
    let mut service = records.layer().layer(service_fn(|request: Request<()>| {
        let notes = Notes(Facts::record_of(request.extensions()));
        async move {
            let _held = notes;
            std::future::pending::<Result<Answer, &'static str>>().await
        }
    }));
    drop(service.call(delivery()));
    assert_eq!(records.words(), ("aborted", "body_incomplete"));
}

#[tokio::test(start_paused = true)]
async fn a_response_replaced_by_an_inner_timeout_keeps_the_record() {
    let records = Records::default();
    let service = ServiceBuilder::new()
        .layer(records.layer())
        .map_result(|result: Result<Answer, tower::BoxError>| match result {
            Ok(response) => Ok::<_, tower::BoxError>(response),
            Err(_elapsed) => Ok(answer(504)),
        })
        .layer(TimeoutLayer::new(Duration::from_secs(1)))
        .layer(MapErrLayer::new(tower::BoxError::from))
        .service(service_fn(async |request: Request<()>| {
            Facts::record_of(request.extensions()).set_note("got as far as this");
            std::future::pending::<Result<Answer, &'static str>>().await
        }));
    let response = service.oneshot(delivery()).await.unwrap();
    assert_eq!(response.status(), 504);
    assert_eq!(records.words(), ("error", "handler_error"));
    assert_eq!(records.one().note.unwrap().as_raw(), "got as far as this");
}

#[tokio::test(start_paused = true)]
async fn an_outer_timeout_is_a_client_that_went_away() {
    let records = Records::default();
    let service = ServiceBuilder::new()
        .layer(TimeoutLayer::new(Duration::from_secs(1)))
        .layer(records.layer())
        .service(service_fn(async |request: Request<()>| {
            Facts::record_of(request.extensions()).set_note("got as far as this");
            std::future::pending::<Result<Answer, tower::BoxError>>().await
        }));
    service.oneshot(delivery()).await.unwrap_err();
    assert_eq!(records.words(), ("aborted", "client_gone"));
    assert_eq!(records.one().note.unwrap().as_raw(), "got as far as this");
}

#[tokio::test]
async fn an_audit_inside_an_audit_is_silent() {
    let (outer, inner) = (Records::default(), Records::default());
    let id = Arc::new(std::sync::Mutex::new(None));
    let seen = Arc::clone(&id);
    let service = ServiceBuilder::new()
        .layer(outer.layer())
        .layer(inner.layer())
        .service(service_fn(move |request: Request<()>| {
            *seen.lock().unwrap() = Facts::record_of(request.extensions()).id();
            std::future::ready(Ok::<_, &'static str>(answer(200)))
        }));
    service.clone().oneshot(delivery()).await.unwrap();
    assert_eq!((outer.count(), inner.count()), (1, 0));
    assert_eq!(Some(outer.one().id), *id.lock().unwrap());

    // Nor does it answer for a panic that the outer one answers for.
    silence_panics();
    let service = ServiceBuilder::new()
        .layer(outer.layer())
        .layer(inner.layer())
        .service(Performer(Script::new(1, Ending::Panic)));
    assert_eq!(service.oneshot(delivery()).await.unwrap().status(), 500);
    assert_eq!((outer.count(), inner.count()), (2, 0));
}

#[tokio::test]
async fn a_sink_that_panics_costs_its_record_and_nothing_else() {
    silence_panics();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let sink = move |_: AuditRecord| {
        counted.fetch_add(1, Ordering::SeqCst);
        panic!("scripted");
    };
    let layer = AuditLayer::new(sink);
    let service = layer.layer(Performer(Script::new(1, Ending::Answer(200))));
    assert_eq!(service.oneshot(delivery()).await.unwrap().status(), 200);
    // Even while another panic unwinds, where a second one would end the process.
    let mut service = layer.layer(Performer(Script::new(1, Ending::Answer(200))));
    let future = service.call(delivery());
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _dropped_by_the_panic = future;
        panic!("scripted");
    }));
    assert!(unwound.is_err());
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn readiness_is_the_inner_services_and_the_ready_instance_is_called() {
    let records = Records::default();
    let (mut service, mut handle) =
        tower_test::mock::spawn_layer::<Request<()>, Answer, _>(records.layer());
    handle.allow(0);
    tokio_test_pending(&mut service);
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let response = service.call(delivery());
    let (_request, send) = handle.next_request().await.unwrap();
    send.send_response(answer(200));
    assert_eq!(response.await.unwrap().status(), 200);
    assert_eq!(records.words(), ("accepted", "ok"));
}

fn tokio_test_pending<S: Service<Request<()>>>(service: &mut tower_test::mock::Spawn<S>) {
    assert!(service.poll_ready().is_pending());
}
