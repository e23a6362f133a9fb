use std::time::Duration;

use super::{Quota, Unit};
use crate::{RateLimitError, RateLimitErrorKind};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn refused(quota: Result<Quota, RateLimitError>, fix: &str) -> RateLimitErrorKind {
    let error = quota.unwrap_err();
    assert!(error.to_string().contains(fix), "{error}");
    error.kind().clone()
}

#[test]
fn zero_is_refused_with_the_way_out() {
    let fix = "use an empty allow-list or pause the endpoint";
    for quota in [
        Quota::per_second(0),
        Quota::bytes_per_minute(0),
        Quota::concurrent(0),
    ] {
        assert_eq!(refused(quota, fix), RateLimitErrorKind::ZeroQuota);
    }
    let burst = Quota::per_second(1).unwrap().with_burst(0);
    assert_eq!(
        refused(burst, "leave the burst out"),
        RateLimitErrorKind::ZeroBurst
    );
    let size = Quota::bytes_per_second(1).unwrap().with_undeclared_size(0);
    assert_eq!(
        refused(size, "the largest body that the receiver takes"),
        RateLimitErrorKind::ZeroSize
    );
}

#[test]
fn periods_and_windows_reach_from_a_millisecond_to_31_days() {
    type Make = fn(Duration) -> Result<Quota, RateLimitError>;
    let makes: [Make; 3] = [
        |period| Quota::per_period(1, period),
        |period| Quota::bytes_per_period(1, period),
        |period| Quota::per_period(1, period)?.with_fixed_windows(),
    ];
    for make in makes {
        assert!(make(Duration::from_millis(1)).is_ok());
        assert!(make(31 * DAY).is_ok());
        for short in [Duration::ZERO, Duration::from_micros(999)] {
            let kind = refused(make(short), "give 1 ms to 31 days");
            assert_eq!(kind, RateLimitErrorKind::PeriodTooShort(short));
        }
        for long in [31 * DAY + Duration::from_nanos(1), Duration::MAX] {
            let kind = refused(make(long), "give 1 ms to 31 days");
            assert_eq!(kind, RateLimitErrorKind::PeriodTooLong(long));
        }
    }
}

#[test]
fn a_burst_must_come_back_within_31_days() {
    let daily = Quota::per_period(2, DAY).unwrap();
    assert!(daily.with_burst(62).is_ok());
    refused(daily.with_burst(63), "give at most 62");
    assert!(Quota::per_period(u32::MAX, Duration::from_millis(1)).is_ok());
    let fast = Quota::per_second(1000).unwrap();
    refused(fast.with_burst(u32::MAX.into()), "give at most 2678400000");
    let bytes = Quota::bytes_per_period(1 << 30, DAY).unwrap();
    assert!(bytes.with_burst(31 << 30).is_ok());
    refused(bytes.with_burst((31 << 30) + 1), "give at most 33285996544");
}

#[test]
fn counts_are_bounded_and_a_window_holds_one_for_each_nanosecond() {
    let most = Quota::MAX_BYTES;
    assert!(Quota::bytes_per_period(most, 31 * DAY).is_ok());
    refused(
        Quota::bytes_per_second(most + 1),
        "give at most 9223372036854775807",
    );
    let windows = |bytes| Quota::bytes_per_second(bytes).unwrap().with_fixed_windows();
    assert!(windows(1_000_000_000).is_ok());
    refused(windows(1_000_000_001), "give at most 1000000000");
}

#[test]
fn windows_and_permits_have_no_burst() {
    let windows = Quota::per_minute(10).unwrap().with_fixed_windows().unwrap();
    let permits = Quota::concurrent(10).unwrap();
    for quota in [
        windows.with_burst(20),
        permits.with_burst(20),
        permits.with_fixed_windows(),
        Quota::per_minute(10)
            .unwrap()
            .with_burst(20)
            .unwrap()
            .with_fixed_windows(),
    ] {
        assert_eq!(
            refused(quota, "leave out with_burst"),
            RateLimitErrorKind::NoBurst
        );
    }
}

#[test]
fn costs_are_rounded_up() {
    let one = |count| Quota::per_second(count).unwrap().cost(1);
    assert_eq!(one(3), 333_333_334);
    assert_eq!(one(1000), 1_000_000);
    assert_eq!(one(u32::MAX), 1);
    let bytes = |count, amount| Quota::bytes_per_second(count).unwrap().cost(amount);
    assert_eq!(bytes(3, 1), 333_333_334);
    assert_eq!(bytes(3, 3), 1_000_000_000);
    assert_eq!(bytes(3_000_000_000, 1 << 20), 349_526);
    let month = Quota::bytes_per_period(Quota::MAX_BYTES, 31 * DAY).unwrap();
    assert_eq!(month.cost(Quota::MAX_BYTES), month.period_nanos());
}

#[test]
fn quotas_of_different_kinds_are_told_apart() {
    let minute = Quota::per_minute(10).unwrap();
    let windows = minute.with_fixed_windows().unwrap();
    let hours = Quota::per_period(10, Duration::from_secs(3600)).unwrap();
    let kinds = [
        minute.kind(),
        windows.kind(),
        hours.with_fixed_windows().unwrap().kind(),
        Quota::bytes_per_minute(10).unwrap().kind(),
        Quota::concurrent(10).unwrap().kind(),
    ];
    let distinct: std::collections::HashSet<_> = kinds.into_iter().collect();
    assert_eq!(distinct.len(), kinds.len());
    assert_eq!(hours.with_burst(5).unwrap().kind(), minute.kind());
    assert_eq!(minute.unit(), Unit::Requests);
}
