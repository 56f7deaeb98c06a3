//! Lines over a common axis, each policy's name at the end of its lines.

use super::{tick_label, ticks};
use crate::html::Html;
use chart::spread;

/// One line.
pub(crate) struct Curve {
    /// The policy; lines of one policy share a label.
    pub(crate) label: String,
    /// The class of its colour, and of its style.
    pub(crate) class: &'static str,
    pub(crate) style: &'static str,
    /// In order of x.
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) is_subject: bool,
}

/// What the axes are.
pub(crate) struct Plot {
    pub(crate) description: String,
    pub(crate) x_label: &'static str,
    pub(crate) y_label: &'static str,
}

/// The least distance of labels, in thousandths of the plot's height.
const GAP: f64 = 75.0;

/// All lines in one plot, both axes from zero.
pub(crate) fn curves(plot: &Plot, lines: &[Curve]) -> Html {
    let points = || lines.iter().flat_map(|line| &line.points);
    let right = points().map(|p| p.0).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let y_ticks = ticks(points().map(|p| p.1).fold(0.0, f64::max));
    let x_ticks: Vec<f64> = ticks(right).into_iter().filter(|&tick| tick <= right).collect();
    let top = y_ticks.last().copied().unwrap_or(1.0);
    let place = |(x, y): (f64, f64)| (x / right * 1000.0, 1000.0 - y / top * 1000.0);
    let mut out = Html::new();
    out.raw("<div class=\"plot\"><span class=\"y-label\">")
        .text(plot.y_label)
        .raw("</span><div class=\"area\">");
    out.raw("<svg role=\"img\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\"><title>");
    out.text(&plot.description).raw("</title>");
    for &tick in &y_ticks {
        out.raw("<path class=\"grid\" d=\"M0 ").number(place((0.0, tick)).1).raw("H1000\"/>");
    }
    // The subject is drawn last, above the others.
    let (ours, others): (Vec<&Curve>, Vec<&Curve>) = lines.iter().partition(|line| line.is_subject);
    for line in others.into_iter().chain(ours) {
        draw(&mut out, line, place);
    }
    out.raw("</svg>");
    for &tick in &y_ticks {
        out.raw("<span class=\"y\" style=\"top:").number(place((0.0, tick)).1 / 10.0).raw("%\">");
        out.text(&tick_label(tick)).raw("</span>");
    }
    for &tick in &x_ticks {
        out.raw("<span class=\"x\" style=\"left:").number(place((tick, 0.0)).0 / 10.0).raw("%\">");
        out.text(&tick_label(tick)).raw("</span>");
    }
    out.push(&labels(lines, place))
        .raw("</div><span class=\"x-label\">")
        .text(plot.x_label)
        .raw("</span></div>");
    out
}

fn draw(out: &mut Html, line: &Curve, place: impl Fn((f64, f64)) -> (f64, f64)) {
    out.raw("<path class=\"line ").raw(line.class).raw(" ").raw(line.style);
    out.raw(if line.is_subject { " subject\" d=\"" } else { "\" d=\"" });
    for (index, &point) in line.points.iter().enumerate() {
        let (x, y) = place(point);
        out.raw(if index == 0 { "M" } else { "L" }).number(x).raw(" ").number(y);
    }
    out.raw("\"/>");
}

/// The names at the right, each with a line in its colour to where its policy ended on average.
fn labels(lines: &[Curve], place: impl Fn((f64, f64)) -> (f64, f64)) -> Html {
    let mut ends: Vec<(&Curve, Vec<f64>)> = Vec::new();
    for line in lines {
        let Some(&end) = line.points.last() else { continue };
        match ends.iter_mut().find(|(other, _)| other.label == line.label) {
            Some((_, places)) => places.push(place(end).1),
            None => ends.push((line, vec![place(end).1])),
        }
    }
    let wanted: Vec<f64> =
        ends.iter().map(|(_, places)| places.iter().sum::<f64>() / places.len() as f64).collect();
    let found = spread(&wanted, GAP, (0.0, 1000.0));
    let mut out = Html::new();
    out.raw(
        "<svg class=\"leaders\" viewBox=\"0 0 100 1000\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
    );
    for ((line, _), (from, to)) in ends.iter().zip(wanted.iter().zip(&found)) {
        out.raw("<path class=\"leader ").raw(line.class).raw("\" d=\"M0 ").number(*from).raw("C50 ");
        out.number(*from).raw(" 50 ").number(*to).raw(" 100 ").number(*to).raw("\"/>");
    }
    out.raw("</svg>");
    for ((line, _), to) in ends.iter().zip(&found) {
        out.raw(if line.is_subject {
            "<span class=\"end-label subject\""
        } else {
            "<span class=\"end-label\""
        });
        out.raw(" style=\"top:").number(to / 10.0).raw("%\">").text(&line.label).raw("</span>");
    }
    out
}
