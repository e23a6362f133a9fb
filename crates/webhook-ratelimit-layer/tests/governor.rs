//! The arithmetic of a bucket that fills up evenly is that of the crate `governor`.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{num::NonZeroU32, time::Duration};

use common::{clock, layer, receiver, send, stranger};
use governor::{
    RateLimiter,
    clock::{Clock as _, FakeRelativeClock},
};
use proptest::prelude::*;
use webhook_core::Rejection;
use webhook_ratelimit_layer::{Key, Quota, Subject};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn promise_22_as_many_pass_and_the_rest_waits_as_long_as_governor_says(
        count in 1_u32..50,
        burst in 1_u32..20,
        steps in proptest::collection::vec(0_u64..300, 1..200),
    ) {
        let quota = Quota::per_second(count).unwrap().with_burst(burst.into()).unwrap();
        let (clock, hands) = clock();
        let limit = layer(Key::network(), quota, &clock).with_capacity(8).unwrap();
        let (receiver, handle) = (receiver(&limit), limit.handle());

        let theirs = FakeRelativeClock::default();
        // The interval is rounded up to whole nanoseconds; governor's own `per_second` rounds down.
        let interval = Duration::from_nanos(1_000_000_000_u64.div_ceil(count.into()));
        let governed = governor::Quota::with_period(interval).unwrap();
        let governed = governed.allow_burst(NonZeroU32::new(burst).unwrap());
        let governor = RateLimiter::direct_with_clock(governed, theirs.clone())
            .with_middleware::<governor::middleware::StateInformationMiddleware>();

        let client = Subject::network("192.0.2.1".parse().unwrap());
        for step in steps {
            // Most requests come at once, the rest after up to a hundred odd milliseconds.
            let step = Duration::from_nanos(step.saturating_sub(200) * 1_234_567);
            hands.advance(step);
            theirs.advance(step);
            let response = send(&receiver, stranger("192.0.2.1"));
            let wait = response.extensions().get::<Rejection>().and_then(Rejection::retry_after);
            match governor.check() {
                Ok(state) => {
                    prop_assert_eq!(wait, None);
                    let left = handle.inspect("test", &client).unwrap().remaining;
                    prop_assert_eq!(left, u64::from(state.remaining_burst_capacity()));
                }
                Err(until) => {
                    prop_assert_eq!(wait, Some(until.wait_time_from(theirs.now())));
                }
            }
        }
    }
}
