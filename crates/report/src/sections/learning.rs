//! Validation return against environment steps.

use crate::caption::number;
use crate::data::LearningCurve;
use crate::figures::{Curve, Plot, curves};
use crate::html::Html;

/// One plot with every training run, and what each ended with.
pub(crate) fn learning(runs: &[LearningCurve]) -> Html {
    let lines: Vec<Curve> = runs
        .iter()
        .map(|run| Curve {
            label: run.name.clone(),
            points: run.points.iter().map(|p| (p.n_env_steps as f64, p.r_traj)).collect(),
            is_subject: false,
            is_stepped: false,
        })
        .collect();
    let plot = Plot {
        description: "Validation reward per session against environment steps, one line per run".to_owned(),
        x_label: "environment steps",
        y_label: "reward per session, validation users",
        is_share: false,
    };
    let mut out = Html::new();
    out.raw("<section><h2>Learning</h2>").push(&curves(&plot, &lines));
    out.raw("<details><summary>Learning in numbers</summary><div class=\"scroll\"><table class=\"compact\"><thead><tr>");
    out.raw("<th scope=\"col\">run</th><th scope=\"col\">environment steps</th><th scope=\"col\">best</th>");
    out.raw("<th scope=\"col\">last</th></tr></thead><tbody>");
    for run in runs {
        let best = run.points.iter().map(|p| p.r_traj).fold(f64::NEG_INFINITY, f64::max);
        let Some(last) = run.points.last() else { continue };
        out.raw("<tr><th scope=\"row\">").text(&run.name).raw("</th>");
        out.element("td", &last.n_env_steps.to_string()).element("td", &number(best));
        out.element("td", &number(last.r_traj)).raw("</tr>");
    }
    out.raw("</tbody></table></div></details></section>");
    out
}
