//! 28: what one request may cost is bounded, whatever stands in its head.

use allocation_counter::measure;
use base64ct::{Base64, Encoding as _};
use http::{HeaderMap, Request};
use webhook_layers::{KeyRing, Secret, SignRequest, Verifier, WebhookLayers, presets};
use webhook_tests::stand::{End, Ledger, NOW, SECRET, ScriptedBody, Sender, Stand};

use crate::{generous, judged, request, value};

/// As many of each as are looked at.
const SIGNATURES: usize = 16;
const SECRETS: usize = 16;
const HOPS: usize = 32;

/// A well-formed signature that nobody made.
const NO_SIGNATURE: &str = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// A body that may not be asked for.
fn unread() -> ScriptedBody {
    ScriptedBody::new("").ending(End::Panic)
}

#[test]
fn promise_28_signatures_secrets_and_hops_are_counted_and_no_more_is_looked_at() {
    let stand = Stand::with(|setup| generous(setup).trusted_proxies(["10.0.0.0/8"]));
    let genuine = Sender::new().headers(b"{}", NOW);
    let tag = genuine["webhook-signature"].to_str().unwrap();

    // The right one is the last that is looked at, and one more is refused unread.
    let with = |wrong: usize| {
        let mut headers = genuine.clone();
        let text = format!("{}{tag}", format!("{NO_SIGNATURE} ").repeat(wrong));
        headers.insert("webhook-signature", value(text));
        headers
    };
    let last = request(with(SIGNATURES - 1), ScriptedBody::new("{}"));
    assert_eq!(judged(&stand, last), (200, "ok"));
    for wrong in [SIGNATURES, 1000, 100_000] {
        let due = (401, "too_many_signatures");
        assert_eq!(
            judged(&stand, request(with(wrong), unread())),
            due,
            "{wrong}"
        );
    }

    // So with hops, where each of them is a trusted proxy.
    let through = |hops: usize| {
        let mut request = Sender::new().delivery("10.0.0.1", "{}");
        let chain = vec!["10.0.0.2"; hops - 1];
        let chain = format!("203.0.113.9, {}", chain.join(", "));
        request
            .headers_mut()
            .insert("x-forwarded-for", value(chain));
        request
    };
    assert_eq!(judged(&stand, through(HOPS)), (200, "ok"));
    for hops in [HOPS + 1, 1000, 20_000] {
        let due = (403, "ip_unresolved");
        assert_eq!(
            judged(&stand, through(hops).map(|_| unread())),
            due,
            "{hops}"
        );
    }

    // And with secrets, before anything starts.
    let ring = |count: usize| {
        let secret = || Secret::new(SECRET).unwrap();
        let first = KeyRing::new("0", secret());
        (1..count).fold(first, |ring, n| ring?.with(n.to_string(), secret()))
    };
    assert!(ring(SECRETS).is_ok());
    assert!(ring(SECRETS + 1).is_err());
}

/// The worst that is looked at, sixteen wrong signatures under sixteen secrets, against a plain
/// forgery: what is allocated does not depend on it but for the names of the secrets in the record,
/// and every secret is tried once for all signatures.
#[test]
fn promise_28_the_worst_head_costs_little_more_than_any() {
    let ledger = Ledger::default();
    let stand = Stand::of(ledger.clone(), |clock| {
        let builder = WebhookLayers::builder(&presets::STANDARD_WEBHOOKS).clock(clock);
        let builder = (0..SECRETS).fold(builder, |builder, number| {
            let key =
                Base64::encode_string(format!("a secret of enough bytes {number:02}").as_bytes());
            let secret = Secret::new(format!("whsec_{key}"));
            builder.secret(number.to_string(), secret)
        });
        generous(builder.audit(ledger.clone()))
    });
    let cost = |headers: HeaderMap, due| {
        let forged = |request: Request<ScriptedBody>| {
            assert_eq!(judged(&stand, request), (401, due));
        };
        // Once before, so that nothing is counted that is made once.
        forged(request(headers.clone(), ScriptedBody::new("{}")));
        let again = request(headers, ScriptedBody::new("{}"));
        measure(|| forged(again))
    };
    let secret = Secret::new(b"whsec_YSBzZWNyZXQgb2YgZW5vdWdoIGJ5dGVz".to_vec()).unwrap();
    let verifier = Verifier::new(presets::STANDARD_WEBHOOKS.scheme(), secret).unwrap();
    let sign = SignRequest::new(b"{}", NOW).with_id("msg_1");
    let plain: HeaderMap = verifier.sign(&sign).unwrap().into_iter().collect();
    let mut worst = plain.clone();
    let sixteen = vec![NO_SIGNATURE; SIGNATURES].join(" ");
    worst.insert("webhook-signature", value(sixteen));
    let (plain, worst) = (
        cost(plain, "signature_mismatch"),
        cost(worst, "signature_mismatch"),
    );
    assert_eq!(ledger.last().secrets_tried.len(), SECRETS);
    let more = worst.bytes_total.saturating_sub(plain.bytes_total);
    assert!(more <= 4096, "{more} bytes more");

    // A head that is refused at once costs the same, be it of a hundred bytes or a megabyte.
    let with = |bytes: usize| {
        let mut headers = Sender::new().headers(b"{}", NOW);
        for name in [
            "webhook-signature",
            "x-forwarded-for",
            "user-agent",
            "x-other",
        ] {
            headers.insert(name, value("v1,".repeat(bytes / 3)));
        }
        headers
    };
    let short = cost(with(120), "signature_malformed");
    let long = cost(with(1 << 20), "signature_malformed");
    let more = long.bytes_total.saturating_sub(short.bytes_total);
    assert!(more <= 4096, "{more} bytes more");
}
