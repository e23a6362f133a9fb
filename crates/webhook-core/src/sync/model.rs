//! Stand-ins of the same interface. What is modelled is how they are used, not how they are made:
//! that [`std::sync::OnceLock`] and arc-swap keep their own word is taken for granted.

use std::{ops::Deref, sync::Arc};

use loom::sync::atomic::AtomicBool;
pub(crate) use loom::sync::{
    Mutex,
    atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering},
};

/// Written once. Whoever finds it written sees all that came before the write, and nobody else does,
/// as the standard library has it.
#[derive(Debug)]
pub(crate) struct OnceLock<T: 'static> {
    is_written: AtomicBool,
    /// Leaked, so that it can be lent without unsafe code; a model is a short program. No step of
    /// loom's lies between the one that marks it as written and this.
    value: std::sync::OnceLock<&'static T>,
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self {
            is_written: AtomicBool::new(false),
            value: std::sync::OnceLock::new(),
        }
    }
}

impl<T> OnceLock<T> {
    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        let (acquire, both) = (Ordering::Acquire, Ordering::AcqRel);
        let first = self.is_written.compare_exchange(false, true, both, acquire);
        if first.is_err() {
            return Err(value);
        }
        let _nobody_else_does = self.value.set(Box::leak(Box::new(value)));
        Ok(())
    }

    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        let (acquire, both) = (Ordering::Acquire, Ordering::AcqRel);
        // Whoever is not the first finds the value: no step lies between the mark and the write.
        let _mark = self.is_written.compare_exchange(false, true, both, acquire);
        self.value.get_or_init(|| Box::leak(Box::new(make())))
    }

    pub(crate) fn get(&self) -> Option<&T> {
        let is_written = self.is_written.load(Ordering::Acquire);
        self.value.get().copied().filter(|_| is_written)
    }
}

/// A pointer that is read and replaced as a whole.
#[derive(Debug)]
pub(crate) struct ArcSwap<T>(Mutex<Arc<T>>);

/// What [`ArcSwap::compare_and_swap`] found.
#[derive(Debug)]
pub(crate) struct Guard<T>(T);

impl<T> ArcSwap<T> {
    pub(crate) fn from_pointee(value: T) -> Self {
        Self(Mutex::new(Arc::new(value)))
    }

    pub(crate) fn load_full(&self) -> Arc<T> {
        self.with(|place| Arc::clone(place))
    }

    pub(crate) fn store(&self, value: Arc<T>) {
        let _old = self.with(|place| std::mem::replace(place, value));
    }

    pub(crate) fn compare_and_swap(&self, expected: &Arc<T>, new: Arc<T>) -> Guard<Arc<T>> {
        Guard(self.with(|place| {
            let found = Arc::clone(place);
            if Arc::ptr_eq(&found, expected) {
                *place = new;
            }
            found
        }))
    }

    fn with<R>(&self, act: impl FnOnce(&mut Arc<T>) -> R) -> R {
        let mut place = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        act(&mut place)
    }
}

impl<T> Guard<T> {
    pub(crate) fn into_inner(guard: Self) -> T {
        guard.0
    }
}

impl<T> Deref for Guard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
