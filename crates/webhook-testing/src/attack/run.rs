use std::{thread, time::Duration};

use http::StatusCode;
use tokio::{runtime, time::timeout};
use webhook_core::PeerAddr;

use super::{
    case::{Case, Expected, Family},
    content,
    delivery::{Delivery, Framing},
    identity,
    judge::{Answered, face, is_limited, judge, leak},
    report::{Outcome, Report, Row},
    request,
    settings::Attack,
    signature, size,
    source::Source,
    time,
};
use crate::{
    End, TestAnswer,
    exchange::{Failure, text_of},
    probe::Runs,
};

/// How long a stalled delivery may keep the app, in paused time.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) async fn run(attack: Attack<'_>) -> Report {
    let source = attack.source();
    let mut runner = Runner {
        source,
        attack,
        rows: Vec::new(),
        leaks: Vec::new(),
        faces: Vec::new(),
        is_probed: false,
    };
    let valid = vec![runner.source.fresh()];
    let peer = runner.peer();
    let case = Case::new("valid-delivery", Family::Valid, Expected::Accepted, valid);
    runner.run_from(case, peer).await;
    for case in runner.cases() {
        runner.run_from(case, peer).await;
    }
    runner.spoof_lists().await;
    runner.spoof_quotas().await;
    runner.tell_refusals();
    Report {
        scheme: runner.source.scheme.name().to_string(),
        rows: runner.rows,
    }
}

/// An attack under way.
pub(super) struct Runner<'a> {
    pub(super) source: Source,
    pub(super) attack: Attack<'a>,
    rows: Vec<Row>,
    /// What was told, by which attack's refusal.
    leaks: Vec<String>,
    /// How the refusals of forgeries look.
    faces: Vec<(&'static str, (StatusCode, String))>,
    is_probed: bool,
}

impl Runner<'_> {
    fn cases(&self) -> Vec<Case> {
        let (source, attack) = (&self.source, &self.attack);
        let mut panicking = source.fresh();
        panicking.is_panicking = true;
        let panicking = self.is_probed.then(|| vec![panicking]);
        [
            signature::cases(source),
            content::cases(source),
            time::cases(source),
            identity::ids(source),
            identity::replays(source, attack.is_replay_judged),
            request::cases(source, attack.serves_grpc),
            size::cases(source, attack.max_body),
            vec![Case::new(
                "handler-panics",
                Family::Handler,
                Expected::Contained,
                panicking,
            )],
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    pub(super) const fn peer(&self) -> PeerAddr {
        self.attack.app.peer_addr()
    }

    pub(super) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Sends the deliveries of an attack and judges the last answer.
    pub(super) async fn run_from(&mut self, case: Case, peer: PeerAddr) {
        let (mut outcome, mut got) = (Outcome::Skipped, "does not apply".to_owned());
        let steps = case.steps.as_deref().unwrap_or_default();
        for (place, delivery) in steps.iter().enumerate() {
            let answered = self.send(delivery, peer).await;
            if place + 1 == steps.len() {
                (outcome, got) = judge(case.expected, &answered);
            } else if case.expected == Expected::NotAgain {
                // The first one has to be handled, for the second to be one too many.
                (outcome, got) = judge(Expected::Accepted, &answered);
                got = format!("{got} for the first one already");
            }
            if let Ok(answer) = &answered {
                self.note(&case, delivery, answer);
            }
            if matches!(outcome, Outcome::Unsafe | Outcome::Unjudged) {
                break;
            }
        }
        self.rows.push(Row {
            name: case.name,
            family: case.family,
            expected: case.expected.as_str(),
            got,
            outcome,
        });
    }

    fn note(&mut self, case: &Case, delivery: &Delivery, answer: &TestAnswer) {
        self.is_probed |= answer.runs > 0;
        if answer.is_success() {
            return;
        }
        let right = self.source.right_signature(delivery).unwrap_or_default();
        let client = self.peer().ip().map(|ip| ip.to_string());
        let texts = [
            ("the secret", self.source.secret.clone()),
            ("the right signature", right),
            (
                "the signature that was sent",
                delivery.signature_text().unwrap_or_default(),
            ),
            ("the client's address", client.unwrap_or_default()),
        ];
        if let Some(what) = leak(answer, &texts) {
            self.leaks
                .push(format!("{what} in the answer to {}", case.name));
        }
        if case.is_forgery && answer.handled() == 0 && !is_limited(answer) {
            self.faces.push((case.name, face(answer)));
        }
    }

    /// What all the refusals together tell.
    fn tell_refusals(&mut self) {
        let leaks = self.leaks.first().cloned();
        let differs = self.faces.first().and_then(|(first, face)| {
            let other = self.faces.iter().find(|(_, other)| other != face)?;
            Some(format!("{first} and {} are refused differently", other.0))
        });
        for (name, expected, fault) in [
            ("refusals-tell-nothing", "nothing told", leaks),
            ("refusals-are-alike", "one answer to forgeries", differs),
        ] {
            let outcome = if fault.is_some() {
                Outcome::Unsafe
            } else {
                Outcome::Safe
            };
            self.push(Row {
                name,
                family: Family::Disclosure,
                expected,
                got: fault.unwrap_or_else(|| "as expected".to_owned()),
                outcome,
            });
        }
    }

    pub(super) async fn send(&self, delivery: &Delivery, peer: PeerAddr) -> Answered {
        if delivery.framing == Framing::Short(End::Never) {
            return self.send_stalling(delivery, peer);
        }
        let runs = if delivery.is_panicking {
            Runs::default().panicking()
        } else {
            Runs::default()
        };
        self.attack
            .app
            .try_send(delivery.request(), peer, runs)
            .await
    }

    /// On a runtime of its own whose time is paused, so that deadlines pass at once.
    fn send_stalling(&self, delivery: &Delivery, peer: PeerAddr) -> Answered {
        let (app, request) = (self.attack.app.clone(), delivery.request());
        let sender = thread::spawn(move || {
            let paused = runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build();
            match paused {
                Ok(paused) => paused.block_on(async {
                    let answered = timeout(PATIENCE, app.try_send(request, peer, Runs::default()));
                    answered.await.unwrap_or(Err(Failure::NoAnswer))
                }),
                Err(error) => Err(Failure::Error(error.to_string())),
            }
        });
        sender
            .join()
            .unwrap_or_else(|panic| Err(Failure::Panic(text_of(&*panic))))
    }
}
