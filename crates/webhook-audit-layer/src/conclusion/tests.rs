use http::{Response, StatusCode};
use webhook_core::{
    Check, Clock, DeliveryRecord, Outcome, Reason, Rejection, RequestId, Verification,
};

use super::{Conclusion, End};

fn record() -> DeliveryRecord {
    DeliveryRecord::new(RequestId::generate(&Clock::system()))
}

fn verified() -> DeliveryRecord {
    let record = record();
    record.set_verification(&Verification::new("github"));
    record
}

fn answered(status: u16) -> End {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    End::answered(&response, false)
}

fn answered_in_grpc(status: &'static str) -> End {
    let response = Response::builder().header("grpc-status", status);
    End::answered(&response.body(()).unwrap(), true)
}

fn words(end: End, record: &DeliveryRecord) -> (&'static str, &'static str) {
    let conclusion = Conclusion::of(end, record);
    (conclusion.outcome.as_str(), conclusion.reason.as_str())
}

#[test]
fn what_a_response_carries_comes_first() {
    let mut response = Response::new(());
    let rejection = Rejection::new(Reason::RateLimited, Check::RateEndpoint);
    response.extensions_mut().insert(rejection);
    let record = record();
    record.set_refusal(Reason::IpDenied, Check::Ip);

    let conclusion = Conclusion::of(End::answered(&response, false), &record);
    assert_eq!(conclusion.reason, Reason::RateLimited);
    assert_eq!(conclusion.stage, Some(Check::RateEndpoint));
}

#[test]
fn a_noted_refusal_counts_however_the_request_ended() {
    let record = record();
    record.set_refusal(Reason::BodyIncomplete, Check::Body);
    for end in [answered(200), answered(504), End::Gone, End::Failed] {
        assert_eq!(words(end, &record), ("aborted", "body_incomplete"));
    }
}

#[test]
fn every_reason_has_the_outcome_of_the_vocabulary() {
    for reason in Reason::ALL {
        let mut response = Response::new(());
        let rejection = Rejection::new(reason, Check::Signature);
        response.extensions_mut().insert(rejection);
        let conclusion = Conclusion::of(End::answered(&response, false), &record());
        assert_eq!(
            (conclusion.reason, conclusion.outcome),
            (reason, reason.outcome())
        );
    }
}

#[test]
fn a_handler_fails_with_5xx_or_a_grpc_status_of_the_servers_fault() {
    for status in [500, 502, 503, 504, 599] {
        assert_eq!(
            words(answered(status), &verified()),
            ("error", "handler_error")
        );
    }
    for status in ["2", "13", "14", "15"] {
        assert_eq!(
            words(answered_in_grpc(status), &verified()),
            ("error", "handler_error")
        );
    }
    for status in ["0", "1", "3", "5", "7", "8", "16", "12", "99", "13x", ""] {
        assert_eq!(
            words(answered_in_grpc(status), &verified()),
            ("accepted", "ok")
        );
    }
    assert_eq!(words(End::Failed, &verified()), ("error", "handler_error"));
}

#[test]
fn no_route_is_told_from_a_handler_that_found_nothing() {
    assert_eq!(words(answered(404), &record()), ("denied", "no_route"));
    assert_eq!(
        words(answered_in_grpc("12"), &record()),
        ("denied", "no_route")
    );
    assert_eq!(
        words(answered(405), &record()),
        ("denied", "method_not_allowed")
    );
    assert_eq!(words(answered(404), &verified()), ("accepted", "ok"));
    assert_eq!(words(answered(405), &verified()), ("accepted", "ok"));
    assert_eq!(words(answered(422), &record()), ("accepted", "ok"));
}

#[test]
fn a_shadow_refusal_shows_only_where_the_request_was_let_through() {
    let shadowed = record();
    shadowed.set_shadow_refusal(Reason::SignatureMismatch, Check::Signature);
    let conclusion = Conclusion::of(answered(204), &shadowed);
    assert_eq!(conclusion.outcome, Outcome::ShadowDenied);
    assert_eq!(conclusion.reason, Reason::SignatureMismatch);
    assert_eq!(conclusion.stage, Some(Check::Signature));

    assert_eq!(words(answered(500), &shadowed), ("error", "handler_error"));
    assert_eq!(words(End::Gone, &shadowed), ("aborted", "client_gone"));
    shadowed.set_refusal(Reason::RateLimited, Check::RateNetwork);
    assert_eq!(words(answered(429), &shadowed), ("denied", "rate_limited"));
}

#[test]
fn a_delivery_that_a_layer_answered_is_accepted_for_that_reason() {
    let duplicate = verified();
    duplicate.set_answered(Reason::Duplicate, Check::Replay);
    let conclusion = Conclusion::of(answered(200), &duplicate);
    assert_eq!(conclusion.outcome, Outcome::Accepted);
    assert_eq!(conclusion.reason, Reason::Duplicate);
    assert_eq!(conclusion.stage, Some(Check::Replay));

    // An answer that never went out, and one that an outer layer put in its place.
    assert_eq!(words(End::Gone, &duplicate), ("aborted", "client_gone"));
    assert_eq!(words(answered(504), &duplicate), ("error", "handler_error"));
    duplicate.set_shadow_refusal(Reason::IpDenied, Check::Ip);
    assert_eq!(
        words(answered(200), &duplicate),
        ("shadow_denied", "ip_denied")
    );
}
