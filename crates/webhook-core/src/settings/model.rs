//! Every order in which settings can be replaced, changed and read, tried by loom.
//!
//! ```sh
//! RUSTFLAGS="--cfg webhook_loom" cargo test -p webhook-core --lib --release model
//! ```

use std::sync::Arc;

use http::Extensions;
use loom::thread;

use super::{Settings, SettingsHandle};
use crate::change::{Cause, ChangeKind};

/// The ids of secrets, as a ring has them, and how many changes made them.
#[derive(Clone, Debug, PartialEq)]
struct Ring(Vec<&'static str>, usize);

fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

fn cause() -> Cause {
    Cause::new("test", "once")
}

/// What a request that comes now is held against.
fn in_force(settings: &Settings<Ring>) -> Arc<Ring> {
    settings.load(&Extensions::new()).unwrap().into_arc()
}

fn revoke(handle: &SettingsHandle<Ring>, id: &'static str) {
    let changed = handle.change(ChangeKind::Revoked, id, &cause(), |ring| {
        let left = ring.0.iter().copied().filter(|other| *other != id);
        Ok::<_, ()>(Ring(left.collect(), ring.1 + 1))
    });
    assert!(changed.is_ok());
}

#[test]
fn of_two_changes_at_once_none_is_lost() {
    explore(|| {
        let (settings, handle) = Settings::swappable(Ring(vec!["a", "b", "c"], 0));
        let others = ["a", "b"].map(|id| {
            let handle = handle.clone();
            thread::spawn(move || revoke(&handle, id))
        });
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(*in_force(&settings), Ring(vec!["c"], 2));
    });
}

#[test]
fn a_request_sees_the_old_settings_or_the_new_and_never_the_old_again() {
    explore(|| {
        let (settings, handle) = Settings::swappable(Ring(vec!["old"], 1));
        let reader = settings.clone();
        let reading = thread::spawn(move || {
            let load = || {
                let ring = in_force(&reader);
                assert_eq!(ring.0.len(), ring.1, "half of each");
                ring.1
            };
            let (first, second) = (load(), load());
            assert!(first <= second);
        });
        handle.replace(Ring(vec!["old", "new"], 2), &cause());
        handle.replace(Ring(vec!["old", "new", "newer"], 3), &cause());
        // In force for every request that comes from now on.
        assert_eq!(in_force(&settings).1, 3);
        reading.join().unwrap();
    });
}

#[test]
fn a_replacement_is_not_undone_by_a_change_that_began_before_it() {
    explore(|| {
        let (settings, handle) = Settings::swappable(Ring(vec!["leaked", "kept"], 0));
        let other = handle.clone();
        let revoking = thread::spawn(move || revoke(&other, "leaked"));
        handle.replace(Ring(vec!["leaked", "kept", "new"], 10), &cause());
        revoking.join().unwrap();
        let ring = in_force(&settings);
        assert!(ring.0.ends_with(&["kept", "new"]), "{ring:?}");
    });
}
