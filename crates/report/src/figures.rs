//! Figures. Shapes are inline SVG that stretches to the width it is given, words are HTML beside it, so that text
//! keeps its size on a phone and a screen reader finds it.

mod bars;
mod curves;
mod panels;
mod stacks;

pub(crate) use bars::{Bar, bars};
pub(crate) use curves::{Curve, Plot, curves};
pub(crate) use panels::{Panel, panels};
pub(crate) use stacks::stacks;

/// Round numbers from zero to at least `top`, at most six steps.
pub(crate) fn ticks(top: f64) -> Vec<f64> {
    if !(top.is_finite() && top > 0.0) {
        return vec![0.0, 1.0];
    }
    let magnitude = 10f64.powf((top / 5.0).log10().floor());
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|m| m * magnitude).find(|step| step * 5.0 >= top * 0.999);
    let step = step.unwrap_or(10.0 * magnitude);
    let n_steps = (top / step * 0.999).ceil().max(1.0) as usize;
    (0..=n_steps).map(|k| k as f64 * step).collect()
}

/// A tick's label: thousands and millions are abbreviated.
pub(crate) fn tick_label(value: f64) -> String {
    let (value, unit) = match value.abs() {
        size if size >= 1e6 => (value / 1e6, " M"),
        size if size >= 1e4 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let text = format!("{value:.2}");
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}
