//! What is told of several draws.

use crate::table::aligned;
use evaluation::Interval;
use pipeline::{DrawContrast, DrawRow, DrawsResults, RuleDraws};

/// Fewer draws say little, whatever their intervals.
const FEW: usize = 10;

/// The tables.
pub(super) fn tables(results: &DrawsResults, metrics: &[String]) -> String {
    let n = results.seeds.len();
    let few = if n < FEW { " (few: see what they could have found)" } else { "" };
    let mut text: String = results.rules.iter().map(|rule| table(rule, metrics)).collect();
    text.push_str(&format!(
        "{n} draws{few}: worlds fitted and policies trained anew in each; 95 % intervals, each \
         for itself: Student's t over draws, which are splits and fits of one log and say nothing of another\n{}\n",
        validity(results)
    ));
    // What a prompt showed differs from draw to draw only by how much of it had to be moved.
    if let Some(protocol) = results.protocols.first().filter(|protocol| !protocol.is_empty()) {
        text.push_str(&format!("protocol of the first draw: {protocol}\n"));
    }
    text
}

fn table(rule: &RuleDraws, metrics: &[String]) -> String {
    let named = metrics.iter().flat_map(|metric| [metric.as_str(), ""]);
    let is_cold = rule.rows.iter().any(|row| row.cold.is_some());
    let cold = ["cold items", ""].into_iter().filter(|_| is_cold);
    let header = ["policy", "R_traj", ""].into_iter().chain(named).chain(cold).chain(["R_traj, IQM"]);
    let header = header.map(str::to_owned).collect();
    let rows = rule.rows.iter().map(|one| row(one, metrics, is_cold));
    let rows: Vec<Vec<String>> = [header].into_iter().chain(rows).collect();
    let mut text = format!("exit rule {}\n{}\n\n", rule.exit_rule, aligned(&rows));
    if !rule.contrasts.is_empty() {
        let header = ["named contrast", "", "difference", "", "p (Holm)", "better in", "detectable"];
        let header = header.map(str::to_owned).to_vec();
        let rows: Vec<Vec<String>> =
            [header].into_iter().chain(rule.contrasts.iter().map(contrast)).collect();
        text.push_str(&format!("{}\n\n", aligned(&rows)));
    }
    if !rule.untold.is_empty() {
        text.push_str(&format!("named, but not in every draw: {}\n\n", rule.untold.join("; ")));
    }
    text
}

fn row(row: &DrawRow, metrics: &[String], is_cold: bool) -> Vec<String> {
    let star = if row.privileged { " *" } else { "" };
    let mut line = vec![format!("{}{star}", row.policy)];
    line.extend(told(row.r_traj.mean.student_t, 1));
    for metric in metrics {
        let found = row.metrics.get(metric).map(|interval| told(*interval, 3));
        line.extend(found.unwrap_or_else(|| ["-".to_owned(), String::new()]));
    }
    if is_cold {
        let found = row.cold.as_ref().map(|judged| told(judged.mean.student_t, 3));
        line.extend(found.unwrap_or_else(|| ["-".to_owned(), String::new()]));
    }
    line.push(row.r_traj.interquartile.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}")));
    line
}

fn contrast(found: &DrawContrast) -> Vec<String> {
    let digits = if found.measure == "r_traj" { 1 } else { 3 };
    let [mean, range] = told(found.contrast.difference.student_t, digits);
    let share = |share: f64| format!("{:.0} %", 100.0 * share);
    vec![
        format!("{} - {}", found.contrast.policy, found.contrast.against),
        found.measure.clone(),
        mean,
        range,
        format!("{:.3}", found.adjusted_p),
        found.improvement.map_or_else(|| "-".to_owned(), share),
        found.detectable.map_or_else(|| "-".to_owned(), |least| format!("{least:.digits$}")),
    ]
}

fn told(interval: Interval, digits: usize) -> [String; 2] {
    let Interval { mean, lo, hi } = interval;
    [format!("{mean:.digits$}"), format!("[{lo:.digits$}, {hi:.digits$}]")]
}

/// How far the draws' judges agree with people.
fn validity(results: &DrawsResults) -> String {
    let found: Vec<String> = results
        .validity
        .iter()
        .flatten()
        .map(|judge| {
            let warning = if judge.is_valid { "" } else { " NOT VALID" };
            format!("{:.2}{warning}", judge.agreement.mean)
        })
        .collect();
    match found.is_empty() {
        true => "whether the judges agree with people was not measured".to_owned(),
        false => format!("the judges' order of policies and people's correlate by {}", found.join(", ")),
    }
}
