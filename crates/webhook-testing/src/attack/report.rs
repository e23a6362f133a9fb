use std::fmt;

use super::case::Family;

/// What came of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The app did what is safe.
    Safe,
    /// It did not.
    Unsafe,
    /// The attack does not apply to the scheme, or was switched off.
    Skipped,
    /// A quota or a ban answered, so that nothing was shown.
    Unjudged,
}

impl Outcome {
    /// The outcome's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "UNSAFE",
            Self::Skipped => "skipped",
            Self::Unjudged => "UNJUDGED",
        }
    }
}

/// One line of a [`Report`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// The attack's stable name.
    pub name: &'static str,
    /// What it plays with.
    pub family: Family,
    /// What a safe app does.
    pub expected: &'static str,
    /// What this one did.
    pub got: String,
    /// Whether that is safe.
    pub outcome: Outcome,
}

/// What came of all attacks; its `Display` is the table.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) scheme: String,
    pub(super) rows: Vec<Row>,
}

impl Report {
    /// All attacks, in the order in which they were made.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many had this outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.rows
            .iter()
            .filter(|row| row.outcome == outcome)
            .count()
    }

    /// The attacks that got what they wanted.
    pub fn unsafe_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows
            .iter()
            .filter(|row| row.outcome == Outcome::Unsafe)
    }

    /// Whether the attack of this name got what it wanted.
    #[must_use]
    pub fn found(&self, name: &str) -> bool {
        self.unsafe_rows().any(|row| row.name == name)
    }

    /// Prints the table to the test's output.
    pub fn print(&self) {
        println!("{self}");
    }

    /// Asserts that every attack that applies was judged and got nothing.
    ///
    /// # Panics
    /// Where one did; the message shows each of them.
    #[track_caller]
    pub fn assert_clean(&self) {
        let is_bad = |row: &&Row| matches!(row.outcome, Outcome::Unsafe | Outcome::Unjudged);
        let bad: Vec<_> = self
            .rows
            .iter()
            .filter(is_bad)
            .map(Row::to_string)
            .collect();
        assert!(
            bad.is_empty(),
            "{} of {} attacks on {} were not met safely:\n{}{}",
            bad.len(),
            self.rows.len(),
            self.scheme,
            bad.join("\n"),
            self.advice()
        );
    }

    fn advice(&self) -> &'static str {
        let is_valid_refused = self.unsafe_rows().any(|row| row.family == Family::Valid);
        if is_valid_refused {
            return "\n  = help: the valid delivery itself was not handled: check secret, path, peer and clock of the test first; `.body(…)` gives a sample that the handler takes";
        }
        if self.count(Outcome::Unjudged) > 0 {
            return "\n  = help: a quota answered in place of the check; give the app under test a roomier one";
        }
        if self.unsafe_rows().all(|row| row.family == Family::Replay) {
            return "\n  = help: a captured delivery can be sent again; have each handled once (`.dedup(…)`), or say `.with_insecure_replays()` if the handler itself sees to it";
        }
        ""
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:8} {:10} {:31} expected {:27} got {}",
            self.outcome.as_str(),
            self.family,
            self.name,
            self.expected,
            self.got
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        write!(
            f,
            "{}: {} attacks, {} safe, {} unsafe, {} skipped, {} not judged",
            self.scheme,
            self.rows.len(),
            self.count(Outcome::Safe),
            self.count(Outcome::Unsafe),
            self.count(Outcome::Skipped),
            self.count(Outcome::Unjudged)
        )
    }
}
