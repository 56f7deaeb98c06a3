//! What must stand beside every table: world, rule, scoring, users, seeds, and how intervals were made.

use evaluation::{EvalRow, Interval, JudgeValidity, spearman};

/// The caption of rows that share a setting; where they differ (demonstrations exist for their own users only)
/// every value is named.
pub(crate) fn caption(rows: &[&EvalRow]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let all = |of: fn(&EvalRow) -> String| {
        let mut values: Vec<String> = Vec::new();
        for row in rows {
            let value = of(row);
            if !value.is_empty() && !values.contains(&value) {
                values.push(value);
            }
        }
        values.join(" and ")
    };
    let mut parts = vec![
        format!("world {}", all(|row| row.world.clone())),
        format!("exit rule {}", all(|row| row.exit_rule.clone())),
        format!("scoring {}", all(|row| row.scoring.to_string())),
        format!("{} users", all(|row| row.users.to_string())),
    ];
    let protocol = all(|row| row.protocol.clone());
    if protocol != "warm" {
        parts.insert(1, format!("protocol {protocol}"));
    }
    let training = all(|row| {
        let seeds: Vec<String> = row.training_seeds.iter().map(u64::to_string).collect();
        seeds.join(", ")
    });
    if !training.is_empty() {
        parts.push(format!("training seeds {training}"));
    }
    let eval_seeds = all(|row| row.eval_seeds.to_string());
    parts.push(format!("{eval_seeds} evaluation seed{}", if eval_seeds == "1" { "" } else { "s" }));
    let resampled = rows.iter().map(|row| &row.interval).max_by_key(|interval| interval.over.len());
    let interval = resampled.unwrap_or(&first.interval);
    let resamples = interval.resamples.map(|n| format!(", {n} resamples")).unwrap_or_default();
    parts.push(format!(
        "{:.0} % intervals: {} over {}{resamples}",
        interval.level * 100.0,
        interval.method,
        interval.over.join(" and "),
    ));
    if rows.iter().any(|row| row.training_seeds.len() == 1) {
        parts.push("one training; says nothing about another training".to_owned());
    }
    let agreement = all(agreement);
    if !agreement.is_empty() {
        parts.push(agreement);
    }
    parts.extend(survival(rows));
    parts.join(" · ")
}

/// Whether the order of rows survives other judges, the worst case first.
fn survival(rows: &[&EvalRow]) -> Option<String> {
    let judged: Vec<&&EvalRow> = rows.iter().filter(|row| !row.other_judges.is_empty()).collect();
    let ours: Vec<f64> = judged.iter().map(|row| row.r_traj.mean).collect();
    let of = |at: usize| {
        let theirs = judged.iter().map(|row| row.other_judges.get(at).map(|other| other.r_traj));
        let theirs: Vec<f64> = theirs.collect::<Option<_>>()?;
        Some((spearman(&ours, &theirs), judged[0].other_judges[at].judge.as_str()))
    };
    let n_judges = judged.first()?.other_judges.len();
    let mut found: Vec<(f64, &str)> = (0..n_judges).filter_map(of).filter(|_| judged.len() > 2).collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let told = found.iter().map(|(correlation, judge)| format!("{judge} {correlation:.2}"));
    (!found.is_empty())
        .then(|| format!("order of rows under other judges: {}", told.collect::<Vec<_>>().join(", ")))
}

/// How far the judge agrees with people.
fn agreement(row: &EvalRow) -> String {
    match row.validity {
        Some(JudgeValidity { agreement: Interval { mean, lo, hi }, is_valid, .. }) => {
            let warning = if is_valid { "" } else { "NOT VALID: " };
            format!(
                "{warning}the judge's order of policies and people's correlate by {mean:.2} [{lo:.2}, {hi:.2}]"
            )
        }
        None if row.world == "judge" => "whether the judge agrees with people was not measured".to_owned(),
        None => String::new(),
    }
}

/// The footnote of the mark that privileged rows carry.
pub(crate) const PRIVILEGED: &str =
    "privileged: told the exit rule or the truth, which no deployed policy is";

/// What share of each privileged row the subject reaches, if both are there.
pub(crate) fn shares_of_privileged(rows: &[&EvalRow], subject: &str) -> Vec<(String, f64)> {
    let Some(ours) = rows.iter().find(|row| row.policy == subject) else { return Vec::new() };
    rows.iter()
        .filter(|row| row.privileged && row.r_traj.mean > 0.0)
        .map(|row| (row.policy.clone(), ours.r_traj.mean / row.r_traj.mean))
        .collect()
}

/// A number at the precision a reader can use.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A share as a percentage.
pub(crate) fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value != 0.0 && value.abs() < 9.95 { format!("{value:.1} %") } else { format!("{value:.0} %") }
}

/// The name of a way to end as people say it.
pub fn exit_words(name: &str) -> &'static str {
    match name {
        "low_reward" => "low reward",
        "category" => "category",
        "similarity" => "too similar",
        "distance" => "too near",
        "repeat" => "repeat",
        "horizon" => "horizon",
        _ => "record ends",
    }
}
