use std::ops::Range;

use cpu_time::ThreadTime;
use serde::{Deserialize, Serialize};

/// One subject: what an operation costs, by the size of what it works on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// The name of its file.
    pub name: String,
    /// What is measured.
    pub title: String,
    /// What the sizes count.
    pub sizes: String,
    /// One for each way of doing it.
    pub curves: Vec<Curve>,
    /// What else was found, in words.
    pub note: Option<String>,
}

/// One way of doing it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Its name in the legend.
    pub name: String,
    /// In the order of their sizes.
    pub points: Vec<Point>,
}

/// One size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// How many bytes, networks or keys.
    pub size: u32,
    /// Nanoseconds of the thread for one operation: the median of the rounds.
    pub nanoseconds: f64,
}

/// What is measured, one operation after another.
pub(super) trait Operation {
    /// Makes what the next operations use up; this is not measured.
    fn prepare(&mut self, _operations: Range<usize>) {}

    /// The operation, told the number of its turn.
    fn run(&mut self, number: usize);
}

impl<F: FnMut(usize)> Operation for F {
    fn run(&mut self, number: usize) {
        self(number);
    }
}

/// An operation on something of one size, and the times that it took.
pub(super) struct Subject<O> {
    size: u32,
    operation: O,
    times: Vec<f64>,
}

impl<O: Operation> Subject<O> {
    pub(super) const fn new(size: u32, operation: O) -> Self {
        Self {
            size,
            operation,
            times: Vec::new(),
        }
    }

    // Counts far below 2^52.
    #[allow(clippy::cast_precision_loss)]
    fn take_turn(&mut self, operations: Range<usize>) {
        let count = operations.len() as f64;
        self.operation.prepare(operations.clone());
        let start = ThreadTime::now();
        for number in operations {
            self.operation.run(number);
        }
        self.times.push(start.elapsed().as_nanos() as f64 / count);
    }

    fn point(mut self) -> Point {
        self.times.sort_by(f64::total_cmp);
        let median = self.times.get(self.times.len() / 2).copied();
        Point {
            size: self.size,
            nanoseconds: median.unwrap_or(f64::NAN),
        }
    }
}

/// Every subject has its turn in every round, so that what else the machine does falls on all.
pub(super) fn curve<O: Operation>(
    name: &str,
    rounds: usize,
    operations: impl Fn(u32) -> usize,
    mut subjects: Vec<Subject<O>>,
) -> Curve {
    for round in 0..=rounds {
        for subject in &mut subjects {
            let operations = operations(subject.size);
            subject.take_turn(round * operations..(round + 1) * operations);
        }
    }
    for subject in &mut subjects {
        // The first turn only warmed up.
        subject.times.remove(0);
    }
    Curve {
        name: name.into(),
        points: subjects.into_iter().map(Subject::point).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Subject, curve};

    #[test]
    fn every_subject_has_its_turn_in_every_round() {
        let mut turns = Vec::new();
        let subject = Subject::new(7, |number| turns.push(number));
        let curve = curve("counted", 3, |size| size as usize - 5, vec![subject]);
        assert_eq!(curve.points[0].size, 7);
        assert!(curve.points[0].nanoseconds > 0.0);
        assert_eq!(turns, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
