use std::time::Duration;

use webhook_core::{Check, Clock, Timestamp, Verdict};

use super::{MAX_SHADOWED_PROVIDERS, ShadowReport};
use crate::{
    AuditRecord, Sink,
    record::{Checks, sample},
};

fn record(provider: &str, is_verified: bool, checks: Checks) -> AuditRecord {
    let mut record = sample();
    record.provider = Some(provider.to_owned().into());
    record.is_verified = is_verified;
    record.checks = checks;
    record
}

fn shadow(check: Check) -> Checks {
    Checks::of_one(check, Verdict::ShadowFail)
}

#[test]
fn verified_deliveries_that_enforcement_would_have_refused_are_told() {
    let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(0));
    let report = ShadowReport::with_clock(clock);
    report.record(record("github", false, Checks::all(Verdict::Pass)));
    assert!(!report.summary().is_safe_to_enforce(), "nothing is known");
    report.record(record("github", true, Checks::all(Verdict::Pass)));
    hands.advance(Duration::from_secs(3 * 86_400));
    assert!(report.summary().is_safe_to_enforce());
    assert_eq!(
        report.summary().to_string(),
        "enforcement would have refused 0 of 1 verified deliveries from 1970-01-01T00:00:00.000000Z to \
         1970-01-04T00:00:00.000000Z: safe to enforce"
    );

    report.record(record("github", true, shadow(Check::Ip)));
    report.record(record("stripe", true, shadow(Check::Ip)));
    report.record(record("github", false, shadow(Check::Ip)));
    report.record(record("github", false, shadow(Check::Signature)));
    let summary = report.clone().summary();
    assert!(!summary.is_safe_to_enforce());
    assert_eq!(
        (summary.requests, summary.verified, summary.verified_refused),
        (6, 3, 2)
    );
    let ip = summary.of(Check::Ip).unwrap();
    assert_eq!(
        ip.to_string(),
        "ip: 2 verified of 3 requests (github 1, stripe 1)"
    );
    let signature = summary.of(Check::Signature).unwrap();
    assert_eq!(signature.to_string(), "signature: 0 verified of 1 requests");
    assert!(summary.of(Check::RateNetwork).is_none());
}

#[test]
fn a_delivery_that_two_checks_would_refuse_is_one_delivery() {
    let report = ShadowReport::new();
    report.record(record("github", true, Checks::all(Verdict::ShadowFail)));
    let summary = report.summary();
    assert_eq!((summary.verified, summary.verified_refused), (1, 1));
    assert_eq!(summary.checks.len(), Check::ALL.len());
}

#[test]
fn providers_are_bounded_and_none_is_lost() {
    let report = ShadowReport::new();
    for n in 0..=MAX_SHADOWED_PROVIDERS {
        report.record(record(&format!("provider-{n:03}"), true, shadow(Check::Ip)));
    }
    report.record(record("provider-000", true, shadow(Check::Ip)));
    let summary = report.summary();
    let ip = summary.of(Check::Ip).unwrap();
    assert_eq!(ip.providers.len(), MAX_SHADOWED_PROVIDERS + 1);
    let sum: u64 = ip.providers.iter().map(|counted| counted.verified).sum();
    assert_eq!(sum, ip.verified);
}
