//! What an answer shows.

use http::{HeaderValue, StatusCode};
use webhook_core::{Reason, Rejection};

use super::{case::Expected, report::Outcome, size::TOO_MUCH};
use crate::{TestAnswer, exchange::Failure, probe::PANIC};

pub(super) type Answered = Result<TestAnswer, Failure>;

/// Whether the answer is safe, and in words what it was.
pub(super) fn judge(expected: Expected, answered: &Answered) -> (Outcome, String) {
    let answer = match answered {
        Ok(answer) => answer,
        Err(failure) => return (Outcome::Unsafe, failure.to_string()),
    };
    let got = answer.summary();
    if is_limited(answer) && expected != Expected::NotAgain {
        return (Outcome::Unjudged, got);
    }
    let is_refused = answer.handled() == 0 && !answer.is_success();
    let is_safe = match expected {
        Expected::Refused => is_refused && !is_fault(answer),
        Expected::RefusedEarly => {
            if is_refused && answer.bytes_read() >= TOO_MUCH as u64 {
                return (
                    Outcome::Unsafe,
                    format!("{got}, after all 32 MiB were read"),
                );
            }
            is_refused && !is_fault(answer)
        }
        Expected::RefusedInGrpc => {
            is_refused && answer.status() == StatusCode::OK && answer.grpc_status().is_some()
        }
        Expected::Accepted => answer.is_success() && answer.handled() == 1,
        Expected::NotAgain => answer.handled() == 0 && !is_fault(answer),
        Expected::Contained => {
            let is_internal = answer.status() == StatusCode::INTERNAL_SERVER_ERROR
                || answer.grpc_status().is_some_and(is_grpc_fault);
            is_internal && !tells_panic(answer)
        }
    };
    let outcome = if is_safe {
        Outcome::Safe
    } else {
        Outcome::Unsafe
    };
    (outcome, got)
}

pub(super) fn is_limited(answer: &TestAnswer) -> bool {
    let reason = answer.rejection().map(Rejection::reason);
    answer.status() == StatusCode::TOO_MANY_REQUESTS
        || matches!(reason, Some(Reason::RateLimited | Reason::IpBanned))
}

/// An error of the server in place of a refusal: the sender would try again, and alarms would ring.
fn is_fault(answer: &TestAnswer) -> bool {
    answer.grpc_status().is_some_and(is_grpc_fault)
        || answer.status().is_server_error() && answer.status() != StatusCode::SERVICE_UNAVAILABLE
}

/// `UNKNOWN`, `INTERNAL` or `DATA_LOSS`.
fn is_grpc_fault(status: &str) -> bool {
    matches!(status, "2" | "13" | "15")
}

fn tells_panic(answer: &TestAnswer) -> bool {
    leak(answer, &[("the panic", PANIC.to_owned())]).is_some()
}

/// The first of these texts that the answer tells.
pub(super) fn leak(answer: &TestAnswer, texts: &[(&'static str, String)]) -> Option<&'static str> {
    const SHORTEST: usize = 7;
    let body = answer.text();
    let tells = |text: &str| {
        let mut values = answer.headers().values();
        body.contains(text) || values.any(|value| contains(value.as_bytes(), text.as_bytes()))
    };
    let mut told = texts
        .iter()
        .filter(|(_, text)| text.len() >= SHORTEST && tells(text));
    told.next().map(|(what, _)| *what)
}

fn contains(value: &[u8], text: &[u8]) -> bool {
    value.windows(text.len()).any(|window| window == text)
}

/// What a stranger sees of a refusal, but for the id of the request.
pub(super) fn face(answer: &TestAnswer) -> (StatusCode, String) {
    const URN: &str = "urn:uuid:";
    let text = answer.text();
    let text = match text.split_once(URN) {
        Some((before, after)) => format!("{before}{}", after.get(36..).unwrap_or_default()),
        None => text,
    };
    let grpc = ["grpc-status", "grpc-message"].map(|name| answer.headers().get(name));
    let grpc = grpc.into_iter().flatten().map(HeaderValue::as_bytes);
    let told = grpc.map(String::from_utf8_lossy).collect::<Vec<_>>();
    (answer.status(), text + &told.join(" "))
}
