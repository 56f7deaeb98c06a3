//! Small pictures side by side, one for each policy, all on the same axes: many curves that fall the same way cannot
//! be told apart in one picture, whatever their colours.

use crate::html::Html;

/// One picture.
pub(crate) struct Panel {
    pub(crate) label: String,
    /// The class of its colour.
    pub(crate) class: &'static str,
    pub(crate) is_subject: bool,
    pub(crate) is_privileged: bool,
    /// The share after so many steps, in order of steps.
    pub(crate) shares: Vec<(f64, f64)>,
    /// What the curve says, in words.
    pub(crate) note: String,
}

/// All pictures from zero to `right`; the subject's curve stands in every other one as a thin line.
pub(crate) fn panels(panels: &[Panel], right: f64, unit: &str) -> Html {
    let place = |(x, y): (f64, f64)| (x / right.max(1.0) * 1000.0, 1000.0 - y * 1000.0);
    let subject = panels.iter().find(|panel| panel.is_subject);
    let mut out = Html::new();
    out.raw("<div class=\"panels\">");
    for panel in panels {
        out.raw("<figure class=\"panel ").raw(panel.class);
        out.raw(if panel.is_subject { " subject\"><figcaption><b>" } else { "\"><figcaption><b>" });
        out.text(&panel.label).raw(if panel.is_privileged { " <sup>*</sup></b> " } else { "</b> " });
        out.classed("span", "note", &panel.note);
        out.raw(
            "</figcaption><svg role=\"img\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\"><title>",
        );
        out.text(&format!("{}: {}", panel.label, panel.note)).raw("</title>");
        out.raw("<path class=\"grid\" d=\"M0 0H1000M0 500H1000M0 1000H1000\"/><path class=\"under\" d=\"");
        steps(&mut out, &panel.shares, place);
        out.raw("V1000H0Z\"/>");
        if let Some(subject) = subject.filter(|_| !panel.is_subject) {
            out.raw("<path class=\"ghost\" d=\"");
            steps(&mut out, &subject.shares, place);
            out.raw("\"/>");
        }
        out.raw("<path class=\"line\" d=\"");
        steps(&mut out, &panel.shares, place);
        out.raw("\"/></svg><span class=\"span\"><span>0</span><span>").text(&format!("{right:.0} {unit}"));
        out.raw("</span></span></figure>");
    }
    out.raw("</div>");
    out
}

/// A line that holds its value until the next point.
fn steps(out: &mut Html, points: &[(f64, f64)], place: impl Fn((f64, f64)) -> (f64, f64)) {
    for (index, &point) in points.iter().enumerate() {
        let (x, y) = place(point);
        match index {
            0 => out.raw("M").number(x).raw(" ").number(y),
            _ => out.raw("H").number(x).raw("V").number(y),
        };
    }
}
