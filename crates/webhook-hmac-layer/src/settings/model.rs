//! Every order in which a secret can be revoked while deliveries come, tried by loom.
//!
//! ```sh
//! RUSTFLAGS="--cfg webhook_loom" cargo test -p webhook-hmac-layer --lib --release model
//! ```

use http::{Extensions, Request, request::Parts};
use loom::thread;
use webhook_core::{Secret, Settings, SettingsHandle, Timestamp, change::Cause};
use webhook_signature::{KeyRing, SignRequest, Verifier, presets};

use super::HmacSettings;

const BODY: &[u8] = b"{}";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

fn secret(id: &str) -> Secret {
    Secret::new(format!("the secret with the id {id}")).unwrap()
}

/// What the holder of this secret sends.
fn delivery(id: &str) -> Parts {
    let sender = Verifier::new(&presets::GITHUB, secret(id)).unwrap();
    let (mut parts, ()) = Request::post("/").body(()).unwrap().into_parts();
    let headers = sender.sign(&SignRequest::new(BODY, NOW)).unwrap();
    parts.headers.extend(headers);
    parts
}

/// Whether a delivery that comes now is taken.
fn takes(settings: &Settings<HmacSettings>, delivery: &Parts) -> bool {
    let settings = settings.load(&Extensions::new()).unwrap();
    settings.verifier.verify(delivery, BODY, NOW).is_ok()
}

fn revoke(handle: &SettingsHandle<HmacSettings>, id: &str) {
    let cause = Cause::new("test", "it leaked");
    HmacSettings::revoke(handle, id, &cause).unwrap();
}

/// A ring of three secrets, over and over.
fn explore(
    model: impl Fn(Settings<HmacSettings>, SettingsHandle<HmacSettings>) + Sync + Send + 'static,
) {
    let ring = KeyRing::new("new", secret("new")).unwrap();
    let ring = ring.with("old", secret("old")).unwrap();
    let ring = ring.with("leaked", secret("leaked")).unwrap();
    let three = HmacSettings::new(&presets::GITHUB, ring).unwrap();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let (settings, handle) = Settings::swappable(three.clone());
        model(settings, handle);
    });
}

#[test]
fn a_revoked_secret_verifies_nothing_from_then_on_and_the_others_always_do() {
    let [new, leaked] = ["new", "leaked"].map(delivery);
    explore(move |settings, handle| {
        let (ours, new_here, leaked_here) = (settings.clone(), new.clone(), leaked.clone());
        let receiving = thread::spawn(move || {
            assert!(takes(&ours, &new_here));
            let before = takes(&ours, &leaked_here);
            assert!(takes(&ours, &new_here));
            let after = takes(&ours, &leaked_here);
            assert!(before || !after, "a revoked secret came back");
        });
        revoke(&handle, "leaked");
        assert!(!takes(&settings, &leaked));
        assert!(takes(&settings, &new));
        receiving.join().unwrap();
    });
}

#[test]
fn two_secrets_that_are_revoked_at_once_are_both_out_of_use() {
    let [new, old, leaked] = ["new", "old", "leaked"].map(delivery);
    explore(move |settings, handle| {
        let other = handle.clone();
        let revoking = thread::spawn(move || revoke(&other, "old"));
        revoke(&handle, "leaked");
        revoking.join().unwrap();
        assert!(takes(&settings, &new));
        assert!(!takes(&settings, &old) && !takes(&settings, &leaked));
    });
}
