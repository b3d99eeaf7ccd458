//! Charts as SVG that read well on light and on dark pages: no background, middle colours.

use std::ops::Range;

use local::Error;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// The text of an SVG.
pub type Chart = String;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A line of a chart: a value for each category.
pub struct Series {
    /// What it is.
    pub name: String,
    /// Above 0, in the order of the categories.
    pub values: Vec<f64>,
}

const WIDTH: u32 = 900;
const LINES_HEIGHT: u32 = 400;
const ROW_HEIGHT: i32 = 20;
const NAMES_WIDTH: i32 = 230;
const MARGIN: i32 = 16;
/// Contrast of at least 3 to 1 against white and against a dark page's black.
const TEXT: RGBColor = RGBColor(125, 125, 125);
const COLOURS: [RGBColor; 5] = [
    RGBColor(70, 130, 200),
    RGBColor(215, 110, 50),
    RGBColor(45, 150, 105),
    RGBColor(170, 95, 185),
    RGBColor(175, 135, 30),
];

/// Lines over categories, values on a logarithmic scale.
pub fn lines(title: &str, categories: &[&str], series: &[Series]) -> Result<Chart, Error> {
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, (WIDTH, LINES_HEIGHT)).into_drawing_area();
    let drawn = draw_lines(&root, title, categories, series);
    drop(root);
    drawn?;
    Ok(svg)
}

fn draw_lines(
    root: &Area<'_>,
    title: &str,
    categories: &[&str],
    series: &[Series],
) -> Result<(), Error> {
    let last = categories
        .len()
        .checked_sub(1)
        .ok_or("a chart of nothing")?;
    let range = decades(series.iter().flat_map(|line| line.values.iter().copied()));
    let mut chart = ChartBuilder::on(root)
        .margin(MARGIN)
        .margin_right(170)
        .caption(format!("{title}, logarithmic"), text(16))
        .x_label_area_size(30)
        .y_label_area_size(60)
        .build_cartesian_2d(0..last, range.log_scale())?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .axis_style(TEXT)
        .light_line_style(TRANSPARENT)
        .bold_line_style(TEXT.mix(0.35))
        .label_style(text(13))
        .x_labels(categories.len())
        .x_label_formatter(&|position| {
            categories
                .get(*position)
                .copied()
                .unwrap_or_default()
                .to_owned()
        })
        .y_label_formatter(&|value| number(*value))
        .draw()?;
    let mut ends = Vec::new();
    for (line, colour) in series.iter().zip(COLOURS.iter().cycle()) {
        let points: Vec<(usize, f64)> = line.values.iter().copied().enumerate().collect();
        let Some(end) = points.last() else { continue };
        let (_, height) = chart.backend_coord(end);
        ends.push((height, line.name.as_str(), *colour));
        chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
        chart.draw_series(
            points
                .iter()
                .map(|point| Circle::new(*point, 3, colour.filled())),
        )?;
    }
    // Names at the ends of the lines, none upon another.
    ends.sort_unstable_by_key(|(height, ..)| *height);
    let mut free = 0;
    for (height, name, colour) in ends {
        let height = height.max(free);
        free = height + 16;
        let style = anchored(("sans-serif", 13).into_font().color(&colour), HPos::Left);
        root.draw(&Text::new(
            name,
            (i32::try_from(WIDTH)? - 160, height),
            style,
        ))?;
    }
    root.present()?;
    Ok(())
}

/// Bars from 0, each with its name and value, against a line of reference.
pub fn bars(title: &str, rows: &[(String, f64)], reference: (&str, f64)) -> Result<Chart, Error> {
    let height = ROW_HEIGHT * i32::try_from(rows.len() + 3)?;
    let mut svg = String::new();
    let root =
        SVGBackend::with_string(&mut svg, (WIDTH, u32::try_from(height)?)).into_drawing_area();
    let drawn = draw_bars(&root, title, rows, reference);
    drop(root);
    drawn?;
    Ok(svg)
}

fn draw_bars(
    root: &Area<'_>,
    title: &str,
    rows: &[(String, f64)],
    reference: (&str, f64),
) -> Result<(), Error> {
    let largest = rows
        .iter()
        .map(|(_, value)| *value)
        .fold(reference.1, f64::max);
    let width = f64::from(i32::try_from(WIDTH)? - NAMES_WIDTH - 80);
    #[expect(clippy::cast_possible_truncation, reason = "within the chart")]
    let x = |value: f64| NAMES_WIDTH + (value / largest * width) as i32;
    root.draw(&Text::new(
        title,
        (MARGIN, MARGIN),
        anchored(text(16), HPos::Left),
    ))?;
    let top = 2 * ROW_HEIGHT;
    for (position, (name, value)) in (0..).zip(rows) {
        let middle = top + position * ROW_HEIGHT + ROW_HEIGHT / 2;
        let corners = [(NAMES_WIDTH, middle - 7), (x(*value), middle + 7)];
        root.draw(&Rectangle::new(corners, COLOURS[0].filled()))?;
        let name_style = anchored(text(13), HPos::Right);
        root.draw(&Text::new(
            name.as_str(),
            (NAMES_WIDTH - 8, middle),
            name_style,
        ))?;
        let value_style = anchored(text(13), HPos::Left);
        root.draw(&Text::new(
            format!("{value:.2}"),
            (x(*value) + 6, middle),
            value_style,
        ))?;
    }
    let bottom = top + ROW_HEIGHT * i32::try_from(rows.len())?;
    let (name, value) = reference;
    let ends = vec![(x(value), top - 2), (x(value), bottom)];
    root.draw(&PathElement::new(ends, COLOURS[1].stroke_width(2)))?;
    let style = ("sans-serif", 13).into_font().color(&COLOURS[1]);
    let place = (x(value), bottom + ROW_HEIGHT / 2);
    root.draw(&Text::new(
        format!("{name} {value:.2}"),
        place,
        anchored(style, HPos::Center),
    ))?;
    root.present()?;
    Ok(())
}

fn text(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&TEXT)
}

#[expect(clippy::needless_pass_by_value, reason = "made in place")]
fn anchored(style: TextStyle<'_>, side: HPos) -> TextStyle<'_> {
    style.pos(Pos::new(side, VPos::Center))
}

/// Whole powers of ten around all values.
fn decades(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (low, high) = values.fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let low = 10_f64.powf(low.log10().floor());
    let high = 10_f64.powf(high.log10().ceil());
    low..if high > low { high } else { low * 10.0 }
}

fn number(value: f64) -> String {
    if value >= 1.0 {
        format!("{value:.0}")
    } else {
        format!("{value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_spans_whole_decades() {
        assert_eq!(decades([0.5, 30.0].into_iter()), 0.1..100.0);
        assert_eq!(decades([10.0].into_iter()), 10.0..100.0);
    }

    #[test]
    fn names_and_values_are_text_on_no_background() {
        let rows = [("login".to_owned(), 4.25), ("a <b>".to_owned(), 2.0)];
        let bars = bars("init, ms", &rows, ("hello-world", 2.0)).expect("an SVG");
        for expected in ["login", "4.2", "a &lt;b&gt;", "hello-world 2.0"] {
            assert!(bars.contains(expected), "{expected}: {bars}");
        }
        let series = Series {
            name: "get-user".to_owned(),
            values: vec![1.0, 20.0],
        };
        let lines = lines("latency", &["128 MB", "256 MB"], &[series]).expect("an SVG");
        for expected in ["get-user", "128 MB", "256 MB", "polyline"] {
            assert!(lines.contains(expected), "{expected}: {lines}");
        }
        assert!(!lines.contains("#FFFFFF") && !bars.contains("#FFFFFF"));
    }
}
