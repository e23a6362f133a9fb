//! What is told of the paths.

use std::fmt::Write as _;

use super::judge::{Finding, LIMIT, SEEN};

/// A table, and below it what does not hold.
#[must_use]
pub fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.path.len()).max();
    let width = width.unwrap_or_default();
    let mut text = String::new();
    for finding in findings {
        line(&mut text, finding, width);
    }
    let broken: Vec<_> = findings.iter().filter(|finding| !finding.holds).collect();
    let _infallible = match broken.len() {
        0 => writeln!(text, "\nAll {} are as they have to be.", findings.len()),
        count => writeln!(
            text,
            "\n{count} of {}: a path of the family's needs |t| < {LIMIT} in three trials of three, a control over {SEEN}.",
            findings.len()
        ),
    };
    text
}

fn line(text: &mut String, finding: &Finding, width: usize) {
    let t: Vec<_> = finding.t.iter().map(|t| format!("{t:8.1}")).collect();
    let verdict = format!("{:?}", finding.verdict).to_lowercase();
    let kind = format!("{:?}", finding.kind).to_lowercase();
    let mark = if finding.holds {
        ""
    } else {
        "  <- must not be"
    };
    let _infallible = writeln!(
        text,
        "{:width$}  {kind:7}  t {}  {verdict}{mark}",
        finding.path,
        t.join(" ")
    );
}
