//! Tables for a terminal.

use crate::caption::{PRIVILEGED, caption, number, percent};
use evaluation::{Difference, EvalRow, Interval};

/// Rows as an aligned table, one per setting (world, exit rule, scoring) in order of appearance, each with its
/// caption. Privileged rows carry an asterisk and a footnote; the row of `subject` an arrow. `metrics` have a column each where any
/// row has them.
pub fn text_table(rows: &[EvalRow], subject: &str, metrics: &[String]) -> String {
    let setting = |row: &EvalRow| (row.world.clone(), row.exit_rule.clone(), row.scoring);
    let mut groups: Vec<Vec<&EvalRow>> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|group| setting(group[0]) == setting(row)) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups.iter().map(|group| one_table(group, subject, metrics)).collect::<Vec<_>>().join("\n")
}

fn one_table(rows: &[&EvalRow], subject: &str, metrics: &[String]) -> String {
    let is_there = |metric: &&String| rows.iter().any(|row| row.metric(metric).is_some());
    let metrics: Vec<&String> = metrics.iter().filter(is_there).collect();
    let has_cold = rows.iter().any(|row| row.cold.is_some());
    let mut head = vec!["policy", "R_traj", ""];
    head.extend(metrics.iter().map(|metric| metric.as_str()));
    if has_cold {
        head.push("cold items");
    }
    head.extend(["Len", "", "R_each", "main exit", "items"]);
    let mut cells = vec![head.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    for row in rows {
        let mark = if row.policy == subject { "> " } else { "  " };
        let star = if row.privileged { " *" } else { "" };
        let mut line = vec![format!("{mark}{}{star}", row.policy)];
        line.extend([number(row.r_traj.mean), range(&row.r_traj)]);
        line.extend(metrics.iter().map(|metric| share(row.metric(metric))));
        if has_cold {
            line.push(share(row.cold.map(|cold| cold.ndcg.mean)));
        }
        line.extend([number(row.len.mean), range(&row.len), number(row.r_each.mean)]);
        line.extend([main_exit(row), number(row.distinct_items)]);
        cells.push(line);
    }
    cells[0][0].insert_str(0, "  ");
    let shift = metrics.len() + usize::from(has_cold);
    let mut out =
        aligned(&cells, |column| matches!(column, 0 | 2) || column == 4 + shift || column == 6 + shift);
    if rows.iter().any(|row| row.privileged) {
        out.push_str(&format!("  * {PRIVILEGED}\n"));
    }
    for line in wrapped(&caption(rows)) {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

/// A metric where it has a value.
pub(crate) fn share(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

/// Breaks between words so that no line is longer than a narrow terminal allows.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("starts with one line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= 96 {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Paired differences as an aligned table.
pub fn text_differences(differences: &[Difference]) -> String {
    if differences.is_empty() {
        return String::new();
    }
    let head = ["  difference in R_traj", "", "", "users", ""].map(str::to_owned).to_vec();
    let line = |d: &Difference| {
        vec![
            format!("  {} - {}", d.policy, d.against),
            format!("{:+.1}", d.r_traj.mean),
            format!("[{:+.1}, {:+.1}]", d.r_traj.lo, d.r_traj.hi),
            d.users.to_string(),
            verdict(d).to_owned(),
        ]
    };
    let cells: Vec<_> = std::iter::once(head).chain(differences.iter().map(line)).collect();
    aligned(&cells, |column| matches!(column, 0 | 2 | 4))
}

/// What a paired difference says.
pub(crate) fn verdict(difference: &Difference) -> &'static str {
    match (difference.is_above(), difference.r_traj.hi < 0.0, difference.one_training) {
        (true, _, false) => "above",
        (true, _, true) => "above, of these trainings",
        (_, true, false) => "below",
        (_, true, true) => "below, of these trainings",
        _ => "not separated",
    }
}

pub(crate) fn range(interval: &Interval) -> String {
    format!("[{}, {}]", number(interval.lo), number(interval.hi))
}

/// The commonest way to end and its share of sessions.
pub(crate) fn main_exit(row: &EvalRow) -> String {
    let named = row.exits.named();
    let total: usize = named.iter().map(|(_, count)| count).sum();
    let commonest = named.iter().rev().max_by_key(|(_, count)| count);
    match commonest {
        Some((name, count)) if *count > 0 => {
            format!("{} {}", crate::caption::exit_words(name), percent(*count as f64 / total as f64))
        }
        _ => "-".to_owned(),
    }
}

/// Pads columns to equal width, two spaces apart, without trailing blanks.
fn aligned(lines: &[Vec<String>], is_left: impl Fn(usize) -> bool) -> String {
    let n_columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| lines.iter().filter_map(|l| l.get(column)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..n_columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for line in lines {
        let mut text = String::new();
        for (column, cell) in line.iter().enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            let width = widths[column];
            let cell = if is_left(column) { format!("{cell:<width$}") } else { format!("{cell:>width$}") };
            text.push_str(gap);
            text.push_str(&cell);
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}
