use std::{fmt, hint::black_box, time::Instant};

use serde::Serialize;

use super::Random;
use crate::BoxError;

/// One of the two kinds of input that must not be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// As a rule, wrong in the first byte.
    First,
    /// As a rule, wrong in the last byte.
    Second,
}

impl Class {
    /// The one or the other, without a branch: what a branch leaves in the processor's predictors
    /// would be measured too.
    #[must_use]
    pub fn choose<T: Copy>(self, first: T, second: T) -> T {
        let place = black_box(usize::from(self == Self::Second));
        [first, second].get(place).copied().unwrap_or(first)
    }
}

/// What is expected of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It leaks nothing.
    Real,
    /// It leaks: what shows that the measurement sees anything.
    Control,
}

type Sample = Box<dyn FnMut(Class, &mut Random) -> Result<u64, BoxError>>;

/// One comparison of secrets.
pub struct Path {
    name: String,
    kind: Kind,
    sample: Sample,
}

impl Path {
    /// A path of the family's own.
    ///
    /// `input` makes the input of a class, in the same steps for both, so that they differ in their
    /// bytes alone. `act` is what is timed. `is_taken` looks at its output: an input that was turned
    /// away on another path would say nothing of this one.
    pub fn real<I: 'static, O: 'static>(
        name: impl Into<String>,
        input: impl FnMut(Class, &mut Random) -> I + 'static,
        act: impl FnMut(I) -> O + 'static,
        is_taken: impl Fn(&O) -> bool + 'static,
    ) -> Self {
        Self::new(name.into(), Kind::Real, input, act, is_taken)
    }

    /// A comparison that leaks.
    pub fn control<I: 'static, O: 'static>(
        name: impl Into<String>,
        input: impl FnMut(Class, &mut Random) -> I + 'static,
        act: impl FnMut(I) -> O + 'static,
        is_taken: impl Fn(&O) -> bool + 'static,
    ) -> Self {
        Self::new(name.into(), Kind::Control, input, act, is_taken)
    }

    fn new<I: 'static, O: 'static>(
        name: String,
        kind: Kind,
        mut input: impl FnMut(Class, &mut Random) -> I + 'static,
        mut act: impl FnMut(I) -> O + 'static,
        is_taken: impl Fn(&O) -> bool + 'static,
    ) -> Self {
        let of = name.clone();
        let sample = move |class, random: &mut Random| {
            let input = black_box(input(class, random));
            let start = Instant::now();
            let output = black_box(act(input));
            let time = start.elapsed();
            if is_taken(&output) {
                Ok(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
            } else {
                Err(format!("{of}: another path was taken than the one to measure").into())
            }
        };
        Self {
            name,
            kind,
            sample: Box::new(sample),
        }
    }

    /// What is compared, and where.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is expected of it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The nanoseconds that an input of this class takes.
    ///
    /// # Errors
    /// The input was turned away elsewhere.
    pub fn sample(&mut self, class: Class, random: &mut Random) -> Result<u64, BoxError> {
        (self.sample)(class, random)
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Path").field(&self.name).finish()
    }
}
