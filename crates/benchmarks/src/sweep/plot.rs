//! A sweep as a picture.

use super::{Axis, Point};
use plotters::prelude::*;
use std::path::Path;

/// Why a picture could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw {path}: {why}")]
pub struct PlotError {
    path: String,
    why: String,
}

const AXES: [(Axis, &str); 4] =
    [(Axis::Items, "items"), (Axis::Users, "users"), (Axis::Batch, "batch"), (Axis::Threads, "threads")];
const COLOURS: [RGBColor; 4] =
    [RGBColor(31, 119, 180), RGBColor(214, 96, 17), RGBColor(44, 140, 60), RGBColor(148, 70, 180)];
const FONT: &str = "sans-serif";

/// Writes one panel per axis as SVG, both scales logarithmic; grey lines grow as the work does.
///
/// # Errors
/// When the file cannot be written.
pub fn plot(points: &[Point], path: &Path) -> Result<(), PlotError> {
    draw(points, path).map_err(|why| PlotError { path: path.display().to_string(), why: why.to_string() })
}

fn draw(points: &[Point], path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::new(path, (1_200, 900)).into_drawing_area();
    root.fill(&WHITE)?;
    for (panel, (axis, name)) in root.split_evenly((2, 2)).iter().zip(AXES) {
        let of_axis: Vec<&Point> = points.iter().filter(|point| point.axis == axis).collect();
        let sizes = span(of_axis.iter().map(|point| point.size as f64));
        let times = span(of_axis.iter().map(|point| point.micros));
        let mut chart = ChartBuilder::on(panel)
            .margin(14)
            .caption(format!("microseconds by {name}"), (FONT, 19))
            .x_label_area_size(34)
            .y_label_area_size(70)
            .build_cartesian_2d((sizes.0..sizes.1).log_scale(), (times.0 / 2.0..times.1 * 8.0).log_scale())?;
        chart
            .configure_mesh()
            .x_label_formatter(&label)
            .y_label_formatter(&label)
            .light_line_style(WHITE)
            .draw()?;
        for decade in -6..12 {
            let line = proportional(10f64.powi(decade), sizes, (times.0 / 2.0, times.1 * 8.0));
            chart.draw_series(LineSeries::new(line, RGBColor(225, 225, 225)))?;
        }
        let mut jobs: Vec<&str> = of_axis.iter().map(|point| point.job).collect();
        jobs.dedup();
        for (job, colour) in jobs.into_iter().zip(COLOURS.into_iter().cycle()) {
            let line: Vec<(f64, f64)> =
                of_axis.iter().filter(|p| p.job == job).map(|p| (p.size as f64, p.micros)).collect();
            chart.draw_series(line.iter().map(|&at| Circle::new(at, 3, colour.filled())))?;
            chart
                .draw_series(LineSeries::new(line, colour.stroke_width(2)))?
                .label(job)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.85))
            .label_font((FONT, 13))
            .draw()?;
    }
    root.present()?;
    Ok(())
}

/// The part of `cost = factor * size` that lies within the panel; nothing where it lies outside.
fn proportional(factor: f64, sizes: (f64, f64), costs: (f64, f64)) -> Vec<(f64, f64)> {
    let (from, to) = (sizes.0.max(costs.0 / factor), sizes.1.min(costs.1 / factor));
    if from < to { vec![(from, factor * from), (to, factor * to)] } else { Vec::new() }
}

fn span(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (least, most) = values.fold((f64::INFINITY, 0.0f64), |(l, m), v| (l.min(v), m.max(v)));
    if least < most { (least, most) } else { (1.0, 2.0) }
}

fn label(value: &f64) -> String {
    match *value {
        v if v >= 1e6 => format!("{} M", v / 1e6),
        v if v >= 1e3 => format!("{} k", v / 1e3),
        v => format!("{v}"),
    }
}
