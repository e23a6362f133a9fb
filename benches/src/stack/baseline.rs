//! What may not get worse: the committed counts, and a comparison with them.

use std::{fs, path::Path, process::Command};

use serde::{Deserialize, Serialize};

use super::{
    BoxError, Case, callgrind,
    cost::{self, Cost, Row},
};

/// How much more than the baseline is too much, as a part of it.
pub const TOLERANCE: f64 = 0.03;

/// The committed counts, and what they were counted with: other compilers and other C libraries make
/// other instructions of the same source.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    compiler: String,
    library: String,
    /// One for each gated case.
    pub rows: Vec<Row>,
}

impl Baseline {
    /// These counts, with what is here.
    ///
    /// # Errors
    /// The compiler or the C library cannot be asked.
    pub fn here(rows: Vec<Row>) -> Result<Self, BoxError> {
        Ok(Self {
            compiler: first_line("rustc", "--version")?,
            library: first_line("ldd", "--version")?,
            rows,
        })
    }

    /// Why these counts cannot be held against those that are made here, if they cannot.
    #[must_use]
    pub fn differs_from(&self, here: &Self) -> Option<String> {
        let of = |baseline: &Self| format!("{}, {}", baseline.compiler, baseline.library);
        let is_alike = self.compiler == here.compiler && self.library == here.library;
        (!is_alike).then(|| format!("counted with {}; here is {}", of(self), of(here)))
    }
}

fn first_line(program: &str, argument: &str) -> Result<String, BoxError> {
    let output = Command::new(program).arg(argument).output()?;
    let told = String::from_utf8(output.stdout)?;
    Ok(told.lines().next().unwrap_or_default().to_owned())
}

/// Counts every gated case.
///
/// # Errors
/// A case cannot be run.
pub fn measure() -> Result<Vec<Row>, BoxError> {
    Case::gated()
        .into_iter()
        .map(|case| Ok(Row::new(case, callgrind::cost(case)?)))
        .collect()
}

/// Counts those again that are worse than the baseline, and keeps the least of three: memory does
/// not lie the same in every process.
///
/// # Errors
/// A case cannot be run.
pub fn again(baseline: &[Row], rows: &mut [Row]) -> Result<(), BoxError> {
    for case in Case::gated() {
        let Some(row) = rows.iter_mut().find(|row| row.is_of(case)) else {
            continue;
        };
        for _ in 0..2 {
            if !is_worse(cost::find(baseline, case), row.cost) {
                break;
            }
            let cost = callgrind::cost(case)?;
            if cost.instructions < row.cost.instructions {
                row.cost = cost;
            }
        }
    }
    Ok(())
}

fn is_worse(was: Option<Cost>, is: Cost) -> bool {
    was.is_some_and(|was| {
        is.instructions > was.instructions * (1.0 + TOLERANCE)
            || is.allocations > was.allocations * (1.0 + TOLERANCE)
    })
}

/// Reads the committed counts.
///
/// # Errors
/// There are none, or they cannot be read.
pub fn read(path: &Path) -> Result<Baseline, BoxError> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("{}: {error}; write it with `--bless`", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// Makes these counts the ones to hold.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, baseline: &Baseline) -> Result<(), BoxError> {
    let mut text = serde_json::to_string_pretty(baseline)?;
    text.push('\n');
    Ok(fs::write(path, text)?)
}

/// What is worse than the baseline, in words, or has no baseline.
#[must_use]
pub fn worse(baseline: &[Row], now: &[Row]) -> Vec<String> {
    let mut complaints = Vec::new();
    for case in Case::gated() {
        let (Some(was), Some(is)) = (cost::find(baseline, case), cost::find(now, case)) else {
            complaints.push(format!(
                "{case}: not in the baseline; write it with `--bless`"
            ));
            continue;
        };
        let counts = [
            ("instructions", was.instructions, is.instructions),
            ("allocations", was.allocations, is.allocations),
        ];
        for (name, was, is) in counts {
            if is > was * (1.0 + TOLERANCE) {
                let more = (is / was - 1.0) * 100.0;
                complaints.push(format!(
                    "{case}: {is:.0} {name}, {was:.0} before (+{more:.1} %)"
                ));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::{Baseline, worse};
    use crate::stack::{
        Case,
        cost::{Cost, Row},
    };

    fn rows(instructions: f64, allocations: f64) -> Vec<Row> {
        let cost = Cost {
            instructions,
            allocations,
            ..Cost::default()
        };
        let cases = Case::gated().into_iter();
        cases.map(|case| Row::new(case, cost)).collect()
    }

    #[test]
    fn three_percent_more_pass_and_four_do_not() {
        let baseline = rows(10_000.0, 20.0);
        assert!(worse(&baseline, &rows(10_300.0, 20.0)).is_empty());
        let complaints = worse(&baseline, &rows(10_400.0, 20.0));
        assert_eq!(complaints.len(), Case::gated().len());
        assert_eq!(
            complaints.first().map(String::as_str),
            Some("ours accepted 1024: 10400 instructions, 10000 before (+4.0 %)")
        );
        assert_eq!(
            worse(&baseline, &rows(9_000.0, 21.0)).len(),
            Case::gated().len()
        );
    }

    #[test]
    fn counts_of_another_compiler_are_told_apart() {
        let of = |compiler: &str| Baseline {
            compiler: compiler.into(),
            library: "libc 2".into(),
            rows: Vec::new(),
        };
        assert_eq!(of("rustc 1").differs_from(&of("rustc 1")), None);
        assert_eq!(
            of("rustc 1").differs_from(&of("rustc 2")).as_deref(),
            Some("counted with rustc 1, libc 2; here is rustc 2, libc 2")
        );
    }

    #[test]
    fn a_case_without_a_baseline_fails() {
        assert_eq!(worse(&[], &rows(1.0, 1.0)).len(), Case::gated().len());
    }
}
