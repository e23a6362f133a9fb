//! Attacks that have to ask the app first: whom it keeps out, and where its quotas end.

use std::net::SocketAddr;

use http::StatusCode;
use webhook_core::PeerAddr;

use super::{
    case::{Case, Expected, Family},
    delivery::Delivery,
    judge::{is_limited, judge},
    report::{Outcome, Row},
    run::Runner,
    signature::without,
};
use crate::TestAnswer;

/// Headers that proxies write, and clients too.
const SPOOFED: [(&str, &str, &str); 5] = [
    ("spoofed-x-forwarded-for", "x-forwarded-for", ""),
    ("spoofed-forwarded", "forwarded", "for="),
    ("spoofed-x-real-ip", "x-real-ip", ""),
    ("spoofed-cf-connecting-ip", "cf-connecting-ip", ""),
    ("spoofed-true-client-ip", "true-client-ip", ""),
];

/// How many requests are tried before it is believed that there is no quota.
const MANY: usize = 1500;

fn stranger(last: u8) -> PeerAddr {
    PeerAddr::new(SocketAddr::from(([203, 0, 113, last], 4711)))
}

impl Runner<'_> {
    /// A peer that is kept out stays out, whatever its headers say.
    pub(super) async fn spoof_lists(&mut self) {
        let denied = self.denied_peer();
        let valid = self.source.fresh();
        let answered = self.send(&valid, denied).await;
        let is_out = answered.is_ok_and(|answer| !answer.is_success());
        let own = self
            .peer()
            .ip()
            .map(|ip| ip.to_string())
            .unwrap_or_default();
        for (name, header, prefix) in SPOOFED {
            let delivery = self.source.fresh().with(header, &quoted(prefix, &own));
            let case = Case::refused(name, Family::Address, is_out.then_some(delivery));
            self.run_from(case, denied).await;
        }
        if self.has_denied_peer() {
            let delivery = self.source.fresh();
            let case = Case::refused("denied-peer", Family::Address, delivery);
            self.run_from(case, denied).await;
        }
    }

    /// A peer whose quota is used up has no other one under another header, and takes nothing of
    /// the sender's.
    pub(super) async fn spoof_quotas(&mut self) {
        let flooder = stranger(77);
        let has_quota = self.use_up(flooder).await;
        for (name, header, prefix) in SPOOFED {
            let name = match name {
                "spoofed-x-forwarded-for" => "quota-evaded-by-x-forwarded-for",
                "spoofed-forwarded" => "quota-evaded-by-forwarded",
                "spoofed-x-real-ip" => "quota-evaded-by-x-real-ip",
                "spoofed-cf-connecting-ip" => "quota-evaded-by-cf-connecting-ip",
                _ => "quota-evaded-by-true-client-ip",
            };
            let delivery = self
                .unsigned()
                .with(header, &quoted(prefix, "203.0.113.99"));
            let answered = self.send(&delivery, flooder).await;
            let is_still = answered.as_ref().is_ok_and(is_limited);
            let (got, outcome) = match (has_quota, &answered) {
                (false, _) => ("no quota in force".to_owned(), Outcome::Skipped),
                (true, Err(failure)) => (failure.to_string(), Outcome::Unsafe),
                (true, Ok(answer)) if is_still => (answer.summary(), Outcome::Safe),
                (true, Ok(answer)) => (answer.summary(), Outcome::Unsafe),
            };
            self.push(Row {
                name,
                family: Family::Address,
                expected: "429",
                got,
                outcome,
            });
        }
        let valid = self.source.fresh();
        let answered = self.send(&valid, self.peer()).await;
        let (outcome, got) = match judge(Expected::Accepted, &answered) {
            // The very thing that this attack is after.
            (Outcome::Unjudged, got) => (Outcome::Unsafe, got),
            judged => judged,
        };
        self.push(Row {
            name: "valid-after-flood",
            family: Family::Address,
            expected: Expected::Accepted.as_str(),
            got,
            outcome,
        });
    }

    async fn use_up(&self, peer: PeerAddr) -> bool {
        let unsigned = self.unsigned();
        for _ in 0..MANY {
            match self.send(&unsigned, peer).await {
                Ok(answer) if is_limited(&answer) => return true,
                // A list keeps it out: there is no quota to find.
                Ok(answer) if is_kept_out(&answer) => return false,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
        false
    }

    fn unsigned(&self) -> Delivery {
        let valid = self.source.fresh();
        without(valid.clone()).unwrap_or(valid)
    }

    fn denied_peer(&self) -> PeerAddr {
        self.attack.denied.unwrap_or_else(|| stranger(66))
    }

    fn has_denied_peer(&self) -> bool {
        self.attack.denied.is_some()
    }
}

fn quoted(prefix: &str, address: &str) -> String {
    match (prefix.is_empty(), address.contains(':')) {
        (false, true) => format!("{prefix}\"[{address}]\""),
        _ => format!("{prefix}{address}"),
    }
}

fn is_kept_out(answer: &TestAnswer) -> bool {
    answer.status() == StatusCode::FORBIDDEN || answer.grpc_status() == Some("7")
}
