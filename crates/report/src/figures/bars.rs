//! Horizontal bars with intervals.

use super::{tick_label, ticks};
use crate::caption::number;
use crate::html::Html;
use evaluation::Interval;

/// One bar.
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: Interval,
    /// The class of its colour.
    pub(crate) class: &'static str,
    pub(crate) is_subject: bool,
    pub(crate) is_privileged: bool,
}

/// A bar for each policy, from zero, with its interval as a whisker.
pub(crate) fn bars(bars: &[Bar], unit: &str) -> Html {
    let top = bars.iter().map(|bar| bar.value.hi.max(bar.value.mean)).fold(0.0, f64::max);
    let marks = ticks(top);
    let span = marks.last().copied().unwrap_or(1.0);
    let mut out = Html::new();
    out.raw("<div class=\"bars\">");
    for bar in bars {
        out.raw(if bar.is_subject { "<div class=\"bar-row subject\">" } else { "<div class=\"bar-row\">" });
        out.raw("<span class=\"bar-label\">").text(&bar.label);
        out.raw(if bar.is_privileged { " <sup>*</sup></span>" } else { "</span>" });
        out.push(&shape(bar, span, unit));
        out.classed("span", "bar-value", &number(bar.value.mean)).raw("</div>");
    }
    out.raw("<div class=\"bar-row bar-axis\" aria-hidden=\"true\"><span></span><span class=\"ticks\">");
    for mark in marks {
        out.raw("<span style=\"left:").number(mark / span * 100.0).raw("%\">").text(&tick_label(mark));
        out.raw("</span>");
    }
    out.raw("</span><span></span></div></div>");
    out
}

fn shape(bar: &Bar, span: f64, unit: &str) -> Html {
    let Interval { mean, lo, hi } = bar.value;
    let at = |value: f64| (value / span * 1000.0).clamp(0.0, 1000.0);
    let mut out = Html::new();
    out.raw("<svg class=\"bar\" role=\"img\" viewBox=\"0 0 1000 20\" preserveAspectRatio=\"none\"><title>");
    out.text(&format!("{}: {} {unit}, interval {} to {}", bar.label, number(mean), number(lo), number(hi)));
    out.raw("</title><rect class=\"fill ").raw(bar.class);
    out.raw(if bar.is_privileged { " privileged\" " } else { "\" " });
    out.raw("y=\"2\" height=\"16\" width=\"").number(at(mean)).raw("\"/>");
    for class in ["<path class=\"halo\" d=\"M", "<path class=\"whisker\" d=\"M"] {
        out.raw(class).number(at(lo)).raw(" 10H").number(at(hi));
        for end in [lo, hi] {
            out.raw("M").number(at(end)).raw(" 5V15");
        }
        out.raw("\"/>");
    }
    out.raw("</svg>");
    out
}
