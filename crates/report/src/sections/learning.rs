//! Validation return against environment steps.

use crate::caption::number;
use crate::data::LearningCurve;
use crate::figures::{Curve, Plot, curves};
use crate::html::Html;
use chart::{colours, line_style, policy_and_seed};

/// One plot with every training run, coloured by policy, and what each ended with.
pub(crate) fn learning(runs: &[LearningCurve], subject: &str) -> Html {
    let named: Vec<(&str, &str)> = runs.iter().map(|run| policy_and_seed(&run.name, subject)).collect();
    let classes = colours(named.iter().map(|(policy, _)| *policy));
    let mut seeds: Vec<&str> = Vec::new();
    for (_, seed) in &named {
        if !seeds.contains(seed) {
            seeds.push(seed);
        }
    }
    let lines: Vec<Curve> = runs
        .iter()
        .zip(named.iter().zip(classes))
        .map(|(run, ((policy, seed), class))| Curve {
            label: (*policy).to_owned(),
            class,
            style: line_style(seeds.iter().position(|known| known == seed).unwrap_or(0)),
            points: run.points.iter().map(|p| (p.n_env_steps as f64, p.r_traj)).collect(),
            is_subject: *policy == subject,
        })
        .collect();
    let plot = Plot {
        description: "Validation reward per session against environment steps, one line per run; the best and last values are in the table below".to_owned(),
        x_label: "environment steps",
        y_label: "reward per session, validation users",
    };
    let mut out = Html::new();
    out.raw("<section><h2>Learning</h2>").push(&curves(&plot, &lines)).push(&key(&seeds));
    out.push(&in_numbers(runs)).raw("</section>");
    out
}

/// Which line style is which seed, where there are several.
fn key(seeds: &[&str]) -> Html {
    let mut out = Html::new();
    if seeds.len() < 2 {
        return out;
    }
    out.raw("<ul class=\"legend\">");
    for (at, seed) in seeds.iter().enumerate() {
        out.raw("<li><svg class=\"key\" viewBox=\"0 0 28 8\" aria-hidden=\"true\"><path class=\"line ");
        out.raw(line_style(at)).raw("\" d=\"M0 4H28\"/></svg>").text(&format!("seed {seed}")).raw("</li>");
    }
    out.raw("</ul>");
    out
}

fn in_numbers(runs: &[LearningCurve]) -> Html {
    let mut out = Html::new();
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
    out.raw("</tbody></table></div></details>");
    out
}
