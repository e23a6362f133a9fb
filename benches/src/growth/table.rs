//! A chart as a table.

use std::fmt::Write as _;

use super::{Chart, Curve};

/// A row for each curve, a column for each size.
#[must_use]
pub fn markdown(chart: &Chart) -> String {
    let sizes = chart.curves.first().map_or(&[][..], |curve| &curve.points);
    let mut text = format!("| ns, by {} |", chart.sizes);
    for point in sizes {
        // A string takes everything.
        let _infallible = write!(text, " {} |", thousands(point.size));
    }
    text.push_str("\n|---|");
    text.push_str(&"--:|".repeat(sizes.len()));
    text.push('\n');
    chart.curves.iter().for_each(|curve| row(&mut text, curve));
    if let Some(note) = &chart.note {
        text.push('\n');
        text.push_str(note);
        text.push('\n');
    }
    text
}

fn row(text: &mut String, curve: &Curve) {
    let _infallible = write!(text, "| {} |", curve.name);
    for point in &curve.points {
        let _infallible = write!(text, " {:.0} |", point.nanoseconds);
    }
    text.push('\n');
}

/// The number with a space before each three digits.
fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Chart, Curve, Point},
        markdown,
    };

    #[test]
    fn a_row_for_each_curve() {
        let points =
            [(10, 8.4), (1_000_000, 20.6)].map(|(size, nanoseconds)| Point { size, nanoseconds });
        let chart = Chart {
            name: "lists".into(),
            title: "One look-up".into(),
            sizes: "networks".into(),
            note: Some("Small.".into()),
            curves: vec![Curve {
                name: "listed".into(),
                points: points.into(),
            }],
        };
        let expected =
            "| ns, by networks | 10 | 1 000 000 |\n|---|--:|--:|\n| listed | 8 | 21 |\n\nSmall.\n";
        assert_eq!(markdown(&chart), expected);
    }
}
