//! 11, 12: one record for each request, whatever becomes of it.

use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use proptest::{collection::vec, prelude::*};
use tokio::runtime::{Builder, Runtime};
use webhook_tests::stand::{End, NOW, ScriptedBody, Sender, Stand};

use crate::{CLIENT, generous, poll_times, request};

/// A runtime whose time stands still, for the timers of bodies that keep their reader waiting.
fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}

// ---- 11 ----

#[derive(Clone, Copy, Debug)]
enum Credential {
    Good,
    Forged,
    None,
}

/// What one request does, and its handler.
#[derive(Clone, Copy, Debug)]
struct Script {
    credential: Credential,
    body: End,
    stalls: usize,
    handler: &'static str,
}

impl Script {
    fn request(self) -> Request<ScriptedBody> {
        let mut request = match self.credential {
            Credential::Good => Sender::new().delivery(CLIENT, "{\"a\":1}"),
            Credential::Forged => Sender::forgery(CLIENT, "{\"a\":1}"),
            Credential::None => Sender::nobody(CLIENT, "{\"a\":1}"),
        };
        let body = ScriptedBody::chunked("{\"a\":1}", 3);
        *request.body_mut() = body.ending(self.body).stalling(self.stalls);
        let handler = HeaderValue::from_static(self.handler);
        request.headers_mut().insert("x-handler", handler);
        request
    }

    /// What the record says where somebody waits for the end, if there is one.
    fn end(self) -> Option<(&'static str, &'static str)> {
        Some(match (self.credential, self.body, self.handler) {
            (Credential::None, ..) => ("denied", "id_missing"),
            (_, End::Never, _) => return None,
            (_, End::Broken, _) => ("aborted", "body_incomplete"),
            // The server's own mistake, and no reason to lose the record.
            (_, End::Panic, _) => ("error", "handler_panic"),
            (Credential::Forged, ..) => ("denied", "signature_mismatch"),
            (.., "wait") => return None,
            (.., "fail") => ("error", "handler_error"),
            (.., "panic") => ("error", "handler_panic"),
            _ => ("accepted", "ok"),
        })
    }
}

fn script() -> impl Strategy<Value = Script> {
    let credential = prop_oneof![
        4 => Just(Credential::Good),
        1 => Just(Credential::Forged),
        1 => Just(Credential::None),
    ];
    let body = prop_oneof![
        4 => Just(End::Whole),
        1 => Just(End::Broken),
        1 => Just(End::Never),
        1 => Just(End::Panic),
    ];
    let handler = proptest::sample::select(vec!["ok", "ok", "fail", "panic", "wait"]);
    (credential, body, 0_usize..4, handler).prop_map(|(credential, body, stalls, handler)| Script {
        credential,
        body,
        stalls,
        handler,
    })
}

type InFlight<'s> = Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + 's>>;

/// What happens next: a request is polled, or its client goes away.
#[derive(Clone, Copy, Debug)]
enum Step {
    Poll(usize),
    Reset(usize),
}

/// Requests that go on side by side, in any order, are dropped at any time, and all of them where
/// the server is shut down at the end.
#[test]
fn promise_11_every_request_that_reaches_the_stack_leaves_one_record() {
    let runtime = runtime();
    let step = prop_oneof![
        9 => (0_usize..8).prop_map(Step::Poll),
        1 => (0_usize..8).prop_map(Step::Reset),
    ];
    proptest!(ProptestConfig::with_cases(200), |(
        scripts in vec(script(), 1..8),
        steps in vec(step, 0..120),
    )| {
        let _timers = runtime.enter();
        let stand = Stand::with(generous);
        let mut requests: Vec<Option<InFlight<'_>>> = Vec::new();
        let mut was_polled = vec![false; scripts.len()];
        let mut due = Vec::new();
        for script in &scripts {
            requests.push(Some(Box::pin(stand.send(script.request()))));
        }
        for step in steps {
            let (Step::Poll(number) | Step::Reset(number)) = step;
            let number = number % scripts.len();
            let Some(request) = &mut requests[number] else {
                continue;
            };
            let has_ended = match step {
                Step::Poll(_) => {
                    was_polled[number] = true;
                    poll_times(request.as_mut(), 1).map(|_| scripts[number].end().unwrap())
                }
                // A request that nobody ever polled has not reached the stack.
                Step::Reset(_) if was_polled[number] => Some(("aborted", "client_gone")),
                Step::Reset(_) => None,
            };
            if let Some(conclusion) = has_ended {
                due.push(conclusion);
                requests[number] = None;
                prop_assert_eq!(stand.ledger.conclusions(), due.clone());
            }
        }
        // Shutdown: whatever is still under way is dropped.
        let under_way = requests.iter().zip(&was_polled);
        let left = under_way.filter(|(request, polled)| request.is_some() && **polled).count();
        drop(requests);
        due.extend(vec![("aborted", "client_gone"); left]);
        prop_assert_eq!(stand.ledger.conclusions(), due);
        let mut ids: Vec<_> = stand.ledger.all().iter().map(|record| record.id).collect();
        ids.dedup();
        prop_assert_eq!(ids.len(), stand.ledger.all().len());
    });
}

// ---- 12 ----

#[test]
fn promise_12_a_request_dropped_after_any_number_of_polls_is_recorded() {
    let runtime = runtime();
    let _timers = runtime.enter();
    let delivery = || {
        let body = ScriptedBody::chunked("{\"a\":1}", 2).stalling(2);
        request(Sender::new().headers(b"{\"a\":1}", NOW), body)
    };
    let mut polls = 1;
    loop {
        let stand = Stand::new();
        let answer = poll_times(stand.send(delivery()), polls);
        if answer.is_some() {
            assert_eq!(stand.ledger.conclusions(), [("accepted", "ok")]);
            break;
        }
        let conclusions = stand.ledger.conclusions();
        assert_eq!(conclusions, [("aborted", "client_gone")], "{polls} polls");
        assert_eq!(stand.ledger.last().status, None);
        assert_eq!(stand.calls(), 0);
        polls += 1;
        assert!(polls < 100, "nobody is ever answered");
    }
    // Four frames and the end, each after two waits; the first poll asks the body twice.
    assert!(polls > 7, "{polls} polls were no test");

    // The same while the handler works.
    for polls in 1..=4 {
        let stand = Stand::new();
        let mut delivery = Sender::new().delivery(CLIENT, "{}");
        let wait = HeaderValue::from_static("wait");
        delivery.headers_mut().insert("x-handler", wait);
        assert!(poll_times(stand.send(delivery), polls).is_none());
        assert_eq!(stand.ledger.conclusions(), [("aborted", "client_gone")]);
        assert_eq!(stand.calls(), 1);
    }
}
