//! A chart as a picture.

use plotters::{
    chart::SeriesLabelPosition,
    prelude::{
        BLACK, ChartBuilder, Circle, Color as _, IntoDrawingArea as _, IntoLogRange as _,
        LineSeries, Palette, Palette99, PathElement, SVGBackend, WHITE,
    },
};

use super::{Chart, Curve};
use crate::stack::BoxError;

const SIZE: (u32, u32) = (760, 440);

/// Draws the chart as SVG, both axes logarithmic: what grows in step is a line of slope one, what is
/// constant a level one.
///
/// # Errors
/// The chart cannot be drawn.
pub fn svg(chart: &Chart) -> Result<String, BoxError> {
    let mut picture = String::new();
    draw(chart, &mut picture).map_err(|error| error.to_string())?;
    Ok(picture)
}

fn draw(chart: &Chart, picture: &mut String) -> Result<(), BoxError> {
    let area = SVGBackend::with_string(picture, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (sizes, times) = (sizes(chart), times(chart));
    let mut plot = ChartBuilder::on(&area)
        .caption(&chart.title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d(
            (sizes.0..sizes.1).log_scale(),
            (times.0..times.1).log_scale(),
        )?;
    plot.configure_mesh()
        .x_desc(&chart.sizes)
        .y_desc("nanoseconds")
        .x_label_formatter(&|size| count(*size))
        .y_label_formatter(&|time| count(*time))
        .draw()?;
    for (index, curve) in chart.curves.iter().enumerate() {
        let color = Palette99::pick(index).to_rgba();
        plot.draw_series(LineSeries::new(points(curve), color.stroke_width(2)))?
            .label(&curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
        plot.draw_series(points(curve).map(|point| Circle::new(point, 3, color.filled())))?;
    }
    plot.configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}

fn points(curve: &Curve) -> impl Iterator<Item = (f64, f64)> {
    curve
        .points
        .iter()
        .map(|point| (f64::from(point.size), point.nanoseconds))
}

fn sizes(chart: &Chart) -> (f64, f64) {
    let sizes = chart.curves.iter().flat_map(points).map(|(size, _)| size);
    ends(sizes)
}

/// With room above for the legend.
fn times(chart: &Chart) -> (f64, f64) {
    let times = chart.curves.iter().flat_map(points).map(|(_, time)| time);
    let (least, most) = ends(times);
    (least / 2.0, most * 20.0)
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, 0.0), |(least, most), value| {
        (least.min(value), most.max(value))
    })
}

/// With a letter for thousands, as an axis has little room.
fn count(value: f64) -> String {
    match value {
        1e9.. => format!("{:.0} G", value / 1e9),
        1e6.. => format!("{:.0} M", value / 1e6),
        1e3.. => format!("{:.0} k", value / 1e3),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Point, Chart, Curve, count, svg};

    #[test]
    fn every_curve_is_drawn_and_named() {
        let point = |size, nanoseconds| Point { size, nanoseconds };
        let chart = Chart {
            name: "growth".into(),
            title: "What it costs".into(),
            sizes: "keys".into(),
            note: None,
            curves: vec![Curve {
                name: "this <one>".into(),
                points: vec![point(1, 10.0), point(1000, 12.0), point(1_000_000, 300.0)],
            }],
        };
        let picture = svg(&chart).unwrap();
        assert!(picture.starts_with("<svg"));
        assert!(picture.contains("this &lt;one&gt;"), "{picture}");
        assert_eq!(picture.matches("<circle").count(), 3);
    }

    #[test]
    fn thousands_have_a_letter() {
        assert_eq!(count(64.0), "64");
        assert_eq!(count(1_000.0), "1 k");
        assert_eq!(count(1_000_000.0), "1 M");
    }
}
