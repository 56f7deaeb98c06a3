//! Lines over a common axis.

use super::{tick_label, ticks};
use crate::html::Html;

/// One line.
pub(crate) struct Curve {
    pub(crate) label: String,
    /// In order of x.
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) is_subject: bool,
    /// Steps hold their value until the next point; otherwise points are joined.
    pub(crate) is_stepped: bool,
}

/// What the axes are.
pub(crate) struct Plot {
    pub(crate) description: String,
    pub(crate) x_label: &'static str,
    pub(crate) y_label: &'static str,
    /// Labels of y as percentages.
    pub(crate) is_share: bool,
}

/// Colour and dash of the k-th line that is not the subject; both differ, so neither alone must be told apart.
const LINE_CLASSES: [&str; 8] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"];

/// All lines in one plot, both axes from zero.
pub(crate) fn curves(plot: &Plot, lines: &[Curve]) -> Html {
    let points = || lines.iter().flat_map(|line| &line.points);
    let x_ticks = ticks(points().map(|p| p.0).fold(0.0, f64::max));
    let y_ticks = ticks(points().map(|p| p.1).fold(0.0, f64::max));
    let (x_span, y_span) = (last(&x_ticks), last(&y_ticks));
    let place = |(x, y): (f64, f64)| (x / x_span * 1000.0, 1000.0 - y / y_span * 1000.0);
    let mut out = Html::new();
    out.raw("<div class=\"plot\"><span class=\"y-label\">")
        .text(plot.y_label)
        .raw("</span><div class=\"area\">");
    out.raw("<svg role=\"img\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\"><title>");
    out.text(&plot.description).raw("</title>");
    for &tick in &y_ticks {
        out.raw("<path class=\"grid\" d=\"M0 ").number(place((0.0, tick)).1).raw("H1000\"/>");
    }
    let classes = line_classes(lines);
    // The subject is drawn last, above the others.
    let (others, ours): (Vec<usize>, Vec<usize>) = (0..lines.len()).partition(|&k| !lines[k].is_subject);
    for line in others.into_iter().chain(ours) {
        draw(&mut out, &lines[line], classes[line], place);
    }
    out.raw("</svg>");
    for &tick in &y_ticks {
        let label = if plot.is_share { format!("{:.0} %", tick * 100.0) } else { tick_label(tick) };
        out.raw("<span class=\"y\" style=\"top:")
            .number(place((0.0, tick)).1 / 10.0)
            .raw("%\">")
            .text(&label);
        out.raw("</span>");
    }
    for &tick in &x_ticks {
        out.raw("<span class=\"x\" style=\"left:").number(place((tick, 0.0)).0 / 10.0).raw("%\">");
        out.text(&tick_label(tick)).raw("</span>");
    }
    out.raw("</div><span class=\"x-label\">").text(plot.x_label).raw("</span></div>");
    out.push(&legend(lines, &classes));
    out
}

fn last(ticks: &[f64]) -> f64 {
    ticks.last().copied().unwrap_or(1.0)
}

fn line_classes(lines: &[Curve]) -> Vec<&'static str> {
    let mut others = LINE_CLASSES.iter().cycle();
    lines
        .iter()
        .map(|line| if line.is_subject { "subject" } else { others.next().unwrap_or(&"c0") })
        .collect()
}

fn draw(out: &mut Html, line: &Curve, class: &'static str, place: impl Fn((f64, f64)) -> (f64, f64)) {
    out.raw("<path class=\"line ").raw(class).raw("\" d=\"");
    for (index, &point) in line.points.iter().enumerate() {
        let (x, y) = place(point);
        match (index, line.is_stepped) {
            (0, _) => out.raw("M").number(x).raw(" ").number(y),
            (_, true) => out.raw("H").number(x).raw("V").number(y),
            (_, false) => out.raw("L").number(x).raw(" ").number(y),
        };
    }
    out.raw("\"/>");
}

fn legend(lines: &[Curve], classes: &[&'static str]) -> Html {
    let mut out = Html::new();
    out.raw("<ul class=\"legend\">");
    for (line, class) in lines.iter().zip(classes) {
        out.raw("<li><svg class=\"key\" viewBox=\"0 0 28 8\" aria-hidden=\"true\"><path class=\"line ")
            .raw(class);
        out.raw("\" d=\"M0 4H28\"/></svg>").text(&line.label).raw("</li>");
    }
    out.raw("</ul>");
    out
}
