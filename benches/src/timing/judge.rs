//! What three trials of a path come to.

use serde::Serialize;

use super::{Kind, Path, Random, trial};
use crate::BoxError;

/// From here on, a difference is none of chance.
pub const LIMIT: f64 = 5.0;

/// What a control has to exceed.
pub const SEEN: f64 = 20.0;

/// How many trials must agree.
pub const TRIALS: usize = 3;

/// How often trials that do not agree are repeated.
const ATTEMPTS: usize = 3;

/// What is found of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No trial tells the classes apart.
    Even,
    /// Every trial does, in the same way.
    Leaks,
    /// Some do.
    Unclear,
}

/// A path, its trials, and what they come to.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The path's name.
    pub path: String,
    /// What is expected of it.
    pub kind: Kind,
    /// How many samples each trial took.
    pub samples: usize,
    /// Welch's t of each of the last trials.
    pub t: Vec<f64>,
    /// How often trials were repeated that did not agree.
    pub repeated: usize,
    /// What they come to.
    pub verdict: Verdict,
    /// Whether it is as it has to be.
    pub holds: bool,
}

/// Measures a path: three trials, and three others where they do not agree. A leak shows in all three;
/// a machine that is busy with something else may upset one.
///
/// # Errors
/// An input was turned away on another path than the one to measure.
pub fn judge(path: &mut Path, samples: usize, random: &mut Random) -> Result<Finding, BoxError> {
    let kind = path.kind();
    let mut repeated = 0;
    loop {
        let trials = (0..TRIALS).map(|_| trial::run(path, samples, random));
        let t: Vec<f64> = trials.collect::<Result<_, _>>()?;
        let verdict = verdict(kind, &t);
        let is_last = repeated + 1 == ATTEMPTS;
        if verdict == expected(kind) || (kind, verdict) == (Kind::Real, Verdict::Leaks) || is_last {
            return Ok(Finding {
                path: path.name().to_owned(),
                kind,
                samples,
                t,
                repeated,
                verdict,
                holds: verdict == expected(kind),
            });
        }
        repeated += 1;
    }
}

const fn expected(kind: Kind) -> Verdict {
    match kind {
        Kind::Real => Verdict::Even,
        Kind::Control => Verdict::Leaks,
    }
}

fn verdict(kind: Kind, t: &[f64]) -> Verdict {
    let enough = match kind {
        Kind::Real => LIMIT,
        Kind::Control => SEEN,
    };
    let all = |is: &dyn Fn(f64) -> bool| t.iter().all(|t| is(*t));
    if all(&|t| t >= enough) || all(&|t| t <= -enough) {
        Verdict::Leaks
    } else if all(&|t| t.abs() < LIMIT) {
        Verdict::Even
    } else {
        Verdict::Unclear
    }
}

#[cfg(test)]
mod tests {
    use std::{thread::sleep, time::Duration};

    use super::{Kind, Verdict, judge, verdict};
    use crate::timing::{Class, Path, Random};

    #[test]
    fn three_trials_have_to_agree() {
        use Kind::{Control, Real};
        use Verdict::{Even, Leaks, Unclear};
        for (kind, t, expected) in [
            (Real, [0.0, -4.9, 4.9], Even),
            (Real, [5.0, 6.0, 70.0], Leaks),
            (Real, [-5.0, -6.0, -70.0], Leaks),
            (Real, [-5.0, 6.0, -70.0], Unclear),
            (Real, [4.9, 5.0, 5.0], Unclear),
            (Control, [20.0, 100.0, 30.0], Leaks),
            (Control, [-20.0, -100.0, -30.0], Leaks),
            (Control, [19.9, 100.0, 30.0], Unclear),
            (Control, [1.0, 2.0, 3.0], Even),
        ] {
            assert_eq!(verdict(kind, &t), expected, "{kind:?} {t:?}");
        }
    }

    /// [`Path::real`] or [`Path::control`], of what takes a class.
    type Make = fn(&'static str, fn(Class, &mut Random) -> Class, fn(Class) -> bool) -> Path;

    /// A second class that sleeps, whatever the machine does.
    fn slow(make: Make) -> Path {
        make(
            "slow",
            |class, _| class,
            |class| {
                if class == Class::Second {
                    sleep(Duration::from_millis(1));
                }
                true
            },
        )
    }

    #[test]
    fn a_leak_is_found_and_a_control_needs_one() {
        let real = |name, input, act| Path::real(name, input, act, |taken| *taken);
        let finding = judge(&mut slow(real), 60, &mut Random::new(1)).unwrap();
        assert_eq!((finding.verdict, finding.holds), (Verdict::Leaks, false));
        assert!(finding.t.iter().all(|t| *t < 0.0), "{finding:?}");

        let control = |name, input, act| Path::control(name, input, act, |taken| *taken);
        let finding = judge(&mut slow(control), 60, &mut Random::new(1)).unwrap();
        assert!(finding.holds, "{finding:?}");
    }

    #[test]
    fn another_path_than_the_one_to_measure_is_an_error() {
        let mut path = Path::real("none", |_, _| (), |()| false, |taken| *taken);
        assert!(judge(&mut path, 10, &mut Random::new(1)).is_err());
    }
}
