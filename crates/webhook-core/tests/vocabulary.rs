//! The words that stand in records, metrics, answers and other people's queries: one that changes
//! breaks whoever reads them.

use std::collections::HashSet;

use webhook_core::{AddressError, Check, Code, Outcome, Reason, Verdict, change::ChangeKind};

#[test]
fn checks_verdicts_and_outcomes_have_the_names_of_the_records() {
    assert_eq!(
        Check::ALL.map(Check::as_str),
        [
            "pause",
            "endpoint",
            "method",
            "encoding",
            "size",
            "https",
            "ip",
            "rate_network",
            "token",
            "signature",
            "body",
            "rate_endpoint",
            "replay",
            "handler",
        ]
    );
    let verdicts = [
        Verdict::Pass,
        Verdict::Fail,
        Verdict::Skipped,
        Verdict::ShadowFail,
    ];
    assert_eq!(
        verdicts.map(Verdict::as_str),
        ["pass", "fail", "skipped", "shadow_fail"]
    );
    let outcomes = [
        Outcome::Accepted,
        Outcome::Denied,
        Outcome::Error,
        Outcome::Aborted,
        Outcome::ShadowDenied,
    ];
    assert_eq!(
        outcomes.map(Outcome::as_str),
        ["accepted", "denied", "error", "aborted", "shadow_denied"]
    );
}

#[test]
fn changes_and_address_errors_have_the_names_of_the_records() {
    assert_eq!(
        ChangeKind::ALL.map(ChangeKind::as_str),
        [
            "replaced",
            "paused",
            "resumed",
            "denied",
            "permitted",
            "banned",
            "revoked",
            "reset",
        ]
    );
    let errors = [
        AddressError::NoPeer,
        AddressError::InvalidHop,
        AddressError::UnknownHop,
        AddressError::TooManyHops,
        AddressError::NotEnoughHops,
        AddressError::MissingHeader,
        AddressError::DuplicateHeader,
        AddressError::MalformedHeader,
    ];
    assert_eq!(
        errors.map(AddressError::as_str),
        [
            "no_peer",
            "invalid_hop",
            "unknown_hop",
            "too_many_hops",
            "not_enough_hops",
            "missing_header",
            "duplicate_header",
            "malformed_header",
        ]
    );
}

#[test]
fn a_caller_of_each_kind_is_told_the_status_of_the_code() {
    let told = Code::ALL.map(|code| (code.as_str(), code.status().as_u16(), code.grpc_status()));
    assert_eq!(
        told,
        [
            ("unauthorized", 401, 16),
            ("forbidden", 403, 7),
            ("not_found", 404, 5),
            ("gone", 410, 5),
            ("payload_too_large", 413, 8),
            ("body_timeout", 408, 4),
            ("bad_request", 400, 3),
            ("unsupported_media_type", 415, 3),
            ("method_not_allowed", 405, 12),
            ("rate_limited", 429, 8),
            ("duplicate_in_flight", 409, 10),
            ("unavailable", 503, 14),
            ("misconfigured", 500, 13),
            ("internal_error", 500, 13),
        ]
    );
    let titles: HashSet<_> = Code::ALL.map(Code::title).into();
    assert_eq!(titles.len(), Code::ALL.len());
    assert!(titles.iter().all(|title| !title.is_empty()));
}

/// What only these reasons mean, and all others are denials.
#[test]
fn what_is_no_denial_is_known_by_name() {
    let of = |outcome| {
        let reasons = Reason::ALL.into_iter();
        let reasons = reasons.filter(move |reason| reason.outcome() == outcome);
        reasons.map(Reason::as_str).collect::<Vec<_>>()
    };
    assert_eq!(of(Outcome::Accepted), ["ok", "duplicate"]);
    assert_eq!(of(Outcome::Aborted), ["body_incomplete", "client_gone"]);
    assert_eq!(
        of(Outcome::Error),
        ["misconfigured", "handler_error", "handler_panic"]
    );
    assert!(of(Outcome::ShadowDenied).is_empty());
}
