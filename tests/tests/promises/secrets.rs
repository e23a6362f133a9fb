//! 3, 21, 27: which secrets there are, that nobody compares them byte by byte, and how they change.

use std::{
    convert::Infallible,
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_layers::{
    BufferedBody, Cause, Clock, HmacLayer, HmacSettings, KeyRing, Scheme, Secret, Settings,
    Verifier, WebhookLayers, presets,
    signature::SecretEncoding,
    token::{Token, TokenSettings},
};
use webhook_tests::stand::{NOW, ScriptedBody, Sender, poll_once};

use crate::request;

// ---- 3 ----

/// Secrets that are none, and those that are none once they are decoded.
const NO_SECRETS: [(SecretEncoding, &str); 15] = [
    (SecretEncoding::Raw, ""),
    (SecretEncoding::Raw, " "),
    (SecretEncoding::Raw, "\n"),
    (SecretEncoding::Raw, "\t\r\n \n"),
    (SecretEncoding::Raw, "short"),
    (SecretEncoding::Raw, "fifteen bytes.."),
    (SecretEncoding::Raw, "                "),
    (SecretEncoding::Whsec, "whsec_"),
    (SecretEncoding::Whsec, "whsec_ "),
    (SecretEncoding::Whsec, "whsec_===="),
    (SecretEncoding::Whsec, "whsec_c2hvcnQ="),
    (SecretEncoding::Whsec, "whsec_Zm91cnRlZW4gYnl0ZXM="),
    (SecretEncoding::Whsec, "whsec_no base64 in here"),
    (SecretEncoding::Hex, "00112233445566778899aabbccddee"),
    (SecretEncoding::Hex, "no hex at all, but long enough"),
];

#[test]
fn promise_03_no_stack_starts_with_an_empty_or_short_secret() {
    let scheme = |encoding| {
        let builder = Scheme::hmac_sha256("attune").header("x-signature");
        builder.secret_encoding(encoding).build().unwrap()
    };
    for (encoding, text) in NO_SECRETS {
        let builder = WebhookLayers::builder(scheme(encoding));
        let built = builder.secret("test", Secret::new(text)).build();
        assert!(built.is_err(), "{encoding:?}: {text:?}");
        // Beside a good one it is no better.
        let good = "00112233445566778899aabbccddeeff";
        let builder = WebhookLayers::builder(scheme(SecretEncoding::Raw));
        let builder = builder.secret("good", Secret::new(good));
        if encoding == SecretEncoding::Raw {
            let built = builder.secret("test", Secret::new(text)).build();
            assert!(built.is_err(), "beside another: {text:?}");
        }
    }

    let unset = || Secret::from_env("WEBHOOK_TESTS_NOBODY_SETS_THIS");
    let nothing: [WebhookLayersBuilt; 3] = [
        WebhookLayers::builder(&presets::GITHUB).build().err(),
        WebhookLayers::builder(&presets::GITHUB)
            .secret("test", unset())
            .build()
            .err(),
        WebhookLayers::builder(&presets::GITHUB)
            .secret("test", Secret::from_file("/nowhere/at/all"))
            .build()
            .err(),
    ];
    for mistakes in nothing {
        let mistakes = mistakes.expect("a stack without a secret");
        assert!(!mistakes.all().is_empty());
    }
    for preset in presets::all().filter(|preset| preset.is_verifiable()) {
        let builder = WebhookLayers::builder(preset).secret("test", Secret::new(""));
        assert!(builder.build().is_err(), "{}", preset.name());
    }
}

type WebhookLayersBuilt = Option<webhook_layers::Mistakes>;

// ---- 21 ----

/// Whether a type can be compared with `==`: the inherent constant hides the trait's where it is
/// there.
struct Comparison<T>(PhantomData<T>);

trait Default {
    const CAN: bool = false;
}

impl<T> Default for Comparison<T> {}

impl<T: PartialEq> Comparison<T> {
    const CAN: bool = true;
}

/// How long a comparison takes is measured by `benches/`; that none of these can be compared with
/// `==`, which would stop at the first byte that differs, is held here.
#[test]
fn promise_21_nothing_that_holds_a_secret_can_be_compared_with_an_operator() {
    const { assert!(Comparison::<String>::CAN, "the probe sees nothing") };
    const { assert!(!Comparison::<Secret>::CAN) };
    const { assert!(!Comparison::<KeyRing>::CAN) };
    const { assert!(!Comparison::<Verifier>::CAN) };
    const { assert!(!Comparison::<HmacSettings>::CAN) };
    const { assert!(!Comparison::<Token>::CAN) };
    const { assert!(!Comparison::<TokenSettings>::CAN) };
    // What they offer in its place says the same for every length.
    let secret = Secret::new("a secret of enough bytes").unwrap();
    assert!(secret.matches(b"a secret of enough bytes"));
    for other in [
        "",
        "a",
        "a secret of enough byte",
        "a secret of enough bytes.",
    ] {
        assert!(!secret.matches(other.as_bytes()), "{other:?}");
    }
}

// ---- 27 ----

const OLD: &str = "the old secret, of enough bytes";
const NEW: &str = "the new secret, of enough bytes";

/// The rings that are in force one after the other, round and round: each overlaps with the next.
fn ring(phase: usize) -> (bool, bool) {
    [(true, false), (true, true), (false, true), (true, true)][phase % 4]
}

fn settings(phase: usize) -> HmacSettings {
    let secret = |text: &str| Secret::new(text).unwrap();
    let ring = match ring(phase) {
        (true, false) => KeyRing::new("old", secret(OLD)),
        (false, true) => KeyRing::new("new", secret(NEW)),
        _ => KeyRing::new("old", secret(OLD)).and_then(|ring| ring.with("new", secret(NEW))),
    };
    HmacSettings::new(presets::GITHUB.scheme(), ring.unwrap()).unwrap()
}

async fn accept(_: Request<BufferedBody>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::default())
}

/// Two senders, each with one secret, while the ring is swapped beneath them. Steps are even while a
/// ring is in force, and odd while the next one is being put there.
#[test]
fn promise_27_secrets_rotate_without_a_gap_or_a_torn_read() {
    const SWAPS: usize = 100;
    let (settings_in_force, handle) = Settings::swappable(settings(0));
    let layer = HmacLayer::with_settings(settings_in_force).with_clock(Clock::manual(NOW).0);
    let guarded = layer.layer(service_fn(accept));
    let (step, is_over) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let judged = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];

    let senders: Vec<_> = [(OLD, true), (NEW, false)]
        .map(|(secret, is_old)| {
            let (guarded, judged) = (guarded.clone(), judged[usize::from(is_old)].clone());
            let (step, is_over) = (Arc::clone(&step), Arc::clone(&is_over));
            let headers = Sender::with(presets::GITHUB.scheme(), secret).headers(b"{}", NOW);
            let is_in = move |phase| if is_old { ring(phase).0 } else { ring(phase).1 };
            thread::spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    let before = step.load(Ordering::SeqCst);
                    let delivery = request(headers.clone(), ScriptedBody::new("{}"));
                    let answer = poll_once(guarded.clone().oneshot(delivery)).unwrap();
                    let after = step.load(Ordering::SeqCst);
                    // Whichever ring was in force at some time of the request.
                    let mut rings = before / 2..=after.div_ceil(2);
                    let is_accepted = answer.unwrap().status() == 200;
                    let has_changed = format!("steps {before} to {after}, old: {is_old}");
                    if rings.clone().all(is_in) {
                        assert!(is_accepted, "a gap: {has_changed}");
                    } else if !rings.any(is_in) {
                        assert!(!is_accepted, "a retired secret: {has_changed}");
                    }
                    judged.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .into();

    for phase in 1..=SWAPS {
        // Both have sent something under the ring that is in force.
        let seen = judged.each_ref().map(|count| count.load(Ordering::SeqCst));
        while (judged.iter().zip(seen)).any(|(count, seen)| count.load(Ordering::SeqCst) < seen + 2)
            && senders.iter().all(|sender| !sender.is_finished())
        {
            thread::yield_now();
        }
        step.fetch_add(1, Ordering::SeqCst);
        handle.replace(settings(phase), &Cause::new("rotation", "test"));
        step.fetch_add(1, Ordering::SeqCst);
    }
    is_over.store(true, Ordering::SeqCst);
    for sender in senders {
        sender.join().unwrap();
    }
}
