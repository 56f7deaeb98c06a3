//! Tables with intervals and the figures that go with them.

use crate::caption::{PRIVILEGED, caption, number, percent, shares_of_privileged};
use crate::data::Results;
use crate::figures::{Bar, Panel, bars, panels, stacks};
use crate::html::Html;
use crate::text::{main_exit, range, share, verdict};
use chart::colours;
use evaluation::metrics::{Metric, table_metrics};
use evaluation::{EvalRow, Evaluation, ExitStatistics, Interval};

/// One results table with its figures.
pub(crate) fn results(part: &Results, subject: &str) -> Html {
    let rows = part.rows();
    let mut out = Html::new();
    out.raw("<section>").element("h2", &part.title);
    out.push(&table(&rows, subject)).push(&lists(&rows));
    let shares = shares_of_privileged(&rows, subject);
    if !shares.is_empty() {
        let words: Vec<String> =
            shares.iter().map(|(of, share)| format!("{} of {of}", percent(*share))).collect();
        out.raw("<p><strong>")
            .text(subject)
            .raw("</strong> reaches ")
            .text(&words.join(" and "))
            .raw(".</p>");
    }
    out.raw("<h3>Reward per session</h3>").push(&bar_chart(&rows, subject));
    out.push(&differences(part));
    let accounts: Vec<(String, &ExitStatistics)> =
        part.evaluations.iter().map(|e| (e.row.policy.clone(), &e.account)).collect();
    out.raw("<h3>How long sessions last</h3>").push(&survival(&part.evaluations, subject));
    out.raw("<h3>Why sessions end</h3>").push(&stacks(&accounts)).push(&hazards(&accounts));
    out.raw("</section>");
    out
}

/// Variants of the subject.
pub(crate) fn ablation(rows: &[EvalRow], subject: &str) -> Html {
    let rows: Vec<&EvalRow> = rows.iter().collect();
    let mut out = Html::new();
    out.raw("<section><h2>What each ingredient is worth</h2>");
    out.push(&table(&rows, subject)).push(&bar_chart(&rows, subject)).raw("</section>");
    out
}

fn bar_chart(rows: &[&EvalRow], subject: &str) -> Html {
    let classes = colours(rows.iter().map(|row| row.policy.as_str()));
    let all: Vec<Bar> = rows
        .iter()
        .zip(classes)
        .map(|(row, class)| Bar {
            label: row.policy.clone(),
            value: row.r_traj,
            class,
            is_subject: row.policy == subject,
            is_privileged: row.privileged,
        })
        .collect();
    bars(&all, "reward per session")
}

fn table(rows: &[&EvalRow], subject: &str) -> Html {
    let has_rankings = rows.iter().any(|row| row.ndcg_at_10.is_some());
    let has_cold = rows.iter().any(|row| row.cold.is_some());
    let mut out = Html::new();
    out.raw("<div class=\"scroll\"><table><thead><tr>");
    out.raw("<th scope=\"col\">policy</th><th scope=\"col\">reward per session</th>");
    if has_rankings {
        out.raw("<th scope=\"col\">nDCG@10 on held-out choices</th>");
    }
    if has_cold {
        out.raw("<th scope=\"col\">nDCG@10 among cold items</th>");
    }
    out.raw("<th scope=\"col\">reward per step</th><th scope=\"col\">steps</th>");
    out.raw("<th scope=\"col\" class=\"words\">main exit</th><th scope=\"col\">distinct items</th>");
    if has_rankings {
        out.raw("<th scope=\"col\">hit@10</th>");
    }
    out.raw("</tr></thead><tbody>");
    for row in rows {
        out.raw(if row.policy == subject { "<tr class=\"subject\">" } else { "<tr>" });
        out.raw("<th scope=\"row\">").text(&row.policy);
        out.raw(if row.privileged { " <sup>*</sup></th>" } else { "</th>" });
        interval(&mut out, &row.r_traj);
        if has_rankings {
            ranked(&mut out, row.ndcg_at_10, row.ranking.as_ref().map(|ranking| &ranking.ndcg));
        }
        if has_cold {
            ranked(&mut out, row.cold.map(|cold| cold.ndcg.mean), row.cold.as_ref().map(|cold| &cold.ndcg));
        }
        out.element("td", &number(row.r_each.mean));
        interval(&mut out, &row.len);
        out.classed("td", "words", &main_exit(row)).element("td", &number(row.distinct_items));
        if has_rankings {
            ranked(&mut out, row.hit_at_10, None);
        }
        out.raw("</tr>");
    }
    out.raw("</tbody></table></div>").classed("p", "note", &caption(rows));
    if rows.iter().any(|row| row.privileged) {
        out.raw("<p class=\"note\"><sup>*</sup> ").text(PRIVILEGED).raw(".</p>");
    }
    out
}

/// Every metric of lists of ten.
fn lists(rows: &[&EvalRow]) -> Html {
    let is_there = |metric: &Metric| rows.iter().any(|row| row.metrics.contains_key(&metric.to_string()));
    let metrics: Vec<Metric> = table_metrics().filter(is_there).collect();
    let mut out = Html::new();
    if metrics.is_empty() {
        return out;
    }
    out.raw("<details><summary>Lists of ten in numbers</summary><p class=\"note\">");
    for metric in &metrics {
        out.text(&format!("{metric}: {}. ", metric.entry().about));
    }
    out.raw("</p><div class=\"scroll\"><table><thead><tr><th scope=\"col\">policy</th>");
    for metric in &metrics {
        out.raw("<th scope=\"col\">").text(&metric.to_string()).raw("</th>");
    }
    out.raw("</tr></thead><tbody>");
    for row in rows {
        out.raw("<tr><th scope=\"row\">").text(&row.policy).raw("</th>");
        for metric in &metrics {
            out.element("td", &share(row.metric(&metric.to_string())));
        }
        out.raw("</tr>");
    }
    out.raw("</tbody></table></div></details>");
    out
}

fn interval(out: &mut Html, value: &Interval) {
    out.raw("<td>").text(&number(value.mean)).raw(" <span class=\"range\">").text(&range(value));
    out.raw("</span></td>");
}

/// A ranking metric with its interval where it is known.
fn ranked(out: &mut Html, value: Option<f64>, interval: Option<&Interval>) {
    let Some(value) = value else {
        out.element("td", "–");
        return;
    };
    out.raw("<td>").text(&format!("{value:.3}"));
    if let Some(Interval { lo, hi, .. }) = interval {
        out.raw(" ").classed("span", "range", &format!("[{lo:.3}, {hi:.3}]"));
    }
    out.raw("</td>");
}

fn differences(part: &Results) -> Html {
    let mut out = Html::new();
    if part.differences.is_empty() {
        return out;
    }
    out.raw("<h3>Against each control, user by user</h3><p class=\"note\">");
    let policies: std::collections::BTreeSet<&str> =
        part.differences.iter().map(|found| found.policy.as_str()).collect();
    out.text(&policies.into_iter().collect::<Vec<_>>().join(", "));
    out.raw(
        ": its reward per session minus the other's, on the same users; above means that the whole interval is positive.</p><div class=\"scroll\"><table class=\"compact\"><thead>",
    );
    out.raw(
        "<tr><th scope=\"col\">against</th><th scope=\"col\">difference</th><th scope=\"col\">users</th>",
    );
    out.raw("<th scope=\"col\" class=\"words\">verdict</th></tr></thead><tbody>");
    for found in &part.differences {
        out.raw("<tr><th scope=\"row\">").text(&found.against).raw("</th><td>");
        out.text(&signed(found.r_traj.mean)).raw(" <span class=\"range\">");
        out.text(&format!("[{}, {}]", signed(found.r_traj.lo), signed(found.r_traj.hi))).raw("</span></td>");
        out.element("td", &found.users.to_string()).classed("td", "words", verdict(found)).raw("</tr>");
    }
    out.raw("</tbody></table></div>");
    out
}

/// With its sign, the minus as wide as the plus.
fn signed(value: f64) -> String {
    format!("{value:+.1}").replace('-', "\u{2212}")
}

fn survival(evaluations: &[Evaluation], subject: &str) -> Html {
    let horizon = evaluations.iter().map(|one| one.account.lengths.len()).max().unwrap_or(1);
    let classes = colours(evaluations.iter().map(|one| one.row.policy.as_str()));
    let all: Vec<Panel> = evaluations
        .iter()
        .zip(classes)
        .map(|(one, class)| {
            let reached = one.account.survival();
            let mut shares = vec![(0.0, 1.0)];
            shares.extend(reached.iter().enumerate().map(|(k, share)| (k as f64, *share)));
            // A session of n steps reaches step n; beyond the longest nobody is left.
            let last = reached.last().copied().unwrap_or(0.0);
            shares.push((reached.len() as f64, if reached.len() < horizon { 0.0 } else { last }));
            Panel {
                label: one.row.policy.clone(),
                class,
                is_subject: one.row.policy == subject,
                is_privileged: one.row.privileged,
                shares,
                note: half_life(&reached, horizon),
            }
        })
        .collect();
    let mut out = Html::new();
    out.raw("<p class=\"note\">Sessions still going (up) after so many steps (to the right), the same axes for all");
    if evaluations.iter().any(|one| one.row.policy == subject) {
        out.raw("; the thin line is ").text(subject);
    }
    out.raw(".</p>").push(&panels(&all, horizon as f64, "steps"));
    out
}

/// When half of the sessions are over, or how many are not.
fn half_life(reached: &[f64], horizon: usize) -> String {
    match reached.iter().position(|&share| share < 0.5) {
        Some(step) => format!("half are over after {step}"),
        None if reached.len() < horizon => format!("half are over after {}", reached.len()),
        None => format!("{} reach {horizon}", percent(reached.last().copied().unwrap_or(0.0))),
    }
}

/// Hazards per hundred steps, for those who want the numbers behind the stacks.
fn hazards(accounts: &[(String, &ExitStatistics)]) -> Html {
    let mut out = Html::new();
    out.raw("<details><summary>Exits in numbers</summary><p class=\"note\">");
    out.text("Sessions by end, and in brackets how often a step ends a session this way, per 100 steps");
    out.raw("</p><div class=\"scroll\"><table><thead><tr><th scope=\"col\">policy</th>");
    let Some((_, first)) = accounts.first() else { return Html::new() };
    for (name, _) in first.counts.named() {
        out.raw("<th scope=\"col\">").text(crate::caption::exit_words(name)).raw("</th>");
    }
    out.raw("</tr></thead><tbody>");
    for (label, account) in accounts {
        out.raw("<tr><th scope=\"row\">").text(label).raw("</th>");
        for ((_, count), (_, hazard)) in account.counts.named().into_iter().zip(account.hazards.named()) {
            out.raw("<td>").text(&count.to_string()).raw(" <span class=\"range\">");
            out.text(&format!("({:.2})", hazard * 100.0)).raw("</span></td>");
        }
        out.raw("</tr>");
    }
    out.raw("</tbody></table></div></details>");
    out
}
