//! Receivers with a mistake that real ones had: the attacks find each of them.
//!
//! What mutations cannot see is not here: a comparison with `==` gives the right answers in the wrong
//! time. That needs a statistical test of the release build.
#![allow(
    clippy::expect_used,
    clippy::match_bool,
    clippy::result_large_err,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the receivers are written like mistakes, and a test fails by panicking"
)]

mod receiver;

use receiver::{Mistake, SECRET, receiver};
use webhook_core::{Clock, Timestamp};
use webhook_layers::presets;
use webhook_signature::Scheme;
use webhook_testing::{Report, TestApp, attack};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// Each mistake, and attacks that have to find it.
const TABLE: [(Mistake, &[&str]); 18] = [
    (
        Mistake::NoLimit,
        &["too-large-declared", "too-large-chunked"],
    ),
    (
        Mistake::LimitByContentLength,
        &["too-large-chunked", "too-large-with-small-length"],
    ),
    (
        Mistake::SerialisesAgain,
        &["body-serialised-again", "body-with-repeated-member"],
    ),
    (
        Mistake::TrimsTheBody,
        &["body-with-newline", "body-with-leading-space"],
    ),
    (Mistake::TrustsForwardedFor, &["spoofed-x-forwarded-for"]),
    (
        Mistake::QuotaByForwardedFor,
        &["quota-evaded-by-x-forwarded-for"],
    ),
    (
        Mistake::AlgorithmFromHeader,
        &["algorithm-sha1", "algorithm-sha512"],
    ),
    (Mistake::DedupByUnsignedId, &["replay-under-new-id"]),
    (Mistake::SeenBeforeVerified, &["forged-before-valid"]),
    (Mistake::AbsentIsSkipped, &["signature-missing"]),
    (
        Mistake::ComparesShorterLength,
        &["signature-label-only", "signature-first-half"],
    ),
    (Mistake::EmptySecret, &["signature-of-empty-secret"]),
    (
        Mistake::TimeIsNotCompared,
        &["timestamp-stale", "timestamp-of-1970", "timestamp-future"],
    ),
    (Mistake::FutureIsFresh, &["timestamp-future"]),
    (Mistake::Inflates, &["coding-gzip-signed-inside"]),
    (Mistake::EchoesTheMac, &["refusals-tell-nothing"]),
    (
        Mistake::HandlesFirst,
        &["signature-missing", "signature-of-wrong-secret"],
    ),
    (
        Mistake::ChecksOnlyPost,
        &["unsigned-put", "unsigned-delete"],
    ),
];

/// GitHub's form, with a signed time in front where the mistake is about time.
fn scheme(mistake: Mistake) -> Scheme {
    if !mistake.is_about_time() {
        return presets::GITHUB.scheme();
    }
    Scheme::hmac_sha256("timed")
        .header("x-hub-signature-256")
        .prefix("sha256=")
        .timestamp_header("x-time")
        .signed_text("{timestamp}.{body}")
        .build()
        .unwrap()
}

async fn attacked(mistake: Mistake) -> Report {
    let (clock, _hands) = Clock::manual(NOW);
    let app = TestApp::new(receiver(mistake, NOW)).clock(clock);
    attack(&app, scheme(mistake), SECRET).await
}

fn found(report: &Report) -> Vec<&'static str> {
    report.unsafe_rows().map(|row| row.name).collect()
}

#[tokio::test]
async fn each_mistake_is_found() {
    for (mistake, attacks) in TABLE {
        let report = attacked(mistake).await;
        println!("{mistake:?}: {:?}", found(&report));
        for name in attacks {
            assert!(
                report.found(name),
                "{mistake:?}: not found by {name}\n{report}"
            );
        }
    }
}

/// The mistake is what is found, not the receiver around it.
#[tokio::test]
async fn the_same_receiver_without_a_mistake_is_clean() {
    for mistake in [Mistake::None, Mistake::NoneWithTime] {
        attacked(mistake).await.assert_clean();
    }
}
