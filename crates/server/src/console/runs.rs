//! Runs side by side: what their policies are worth, how they learned, how sessions ended.

use crate::runs::{Run, RunCurve, RunRow};
use serde::Serialize;
use std::collections::BTreeSet;

/// What the page shows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Comparison {
    /// Every run, and whether it is compared.
    choices: Vec<Choice>,
    rules: Vec<Rule>,
    /// The ways in which any of the sessions ended.
    ends: Vec<String>,
    chart: Option<Chart>,
}

#[derive(Clone, Debug, Serialize)]
struct Choice {
    name: String,
    title: String,
    chosen: bool,
    colour: usize,
}

/// One table: policies down, runs across.
#[derive(Clone, Debug, Serialize)]
struct Rule {
    name: String,
    runs: Vec<Head>,
    policies: Vec<Policy>,
}

#[derive(Clone, Debug, Serialize)]
struct Head {
    name: String,
    colour: usize,
}

#[derive(Clone, Debug, Serialize)]
struct Policy {
    name: String,
    privileged: bool,
    /// One for each run; nothing where the run did not judge it.
    cells: Vec<Option<Cell>>,
}

#[derive(Clone, Debug, Serialize)]
struct Cell {
    mean: f64,
    lo: f64,
    hi: f64,
    length: f64,
    coverage: f64,
    best: bool,
    /// Of the longest bar of the table, in percent.
    width: f64,
    /// Where the interval begins and how long it is, in the same measure.
    whisker: (f64, f64),
    ends: Vec<End>,
}

/// One part of a stacked bar, in percent of all sessions.
#[derive(Clone, Debug, Serialize)]
struct End {
    name: String,
    class: usize,
    from: f64,
    share: f64,
}

/// Learning curves in a drawing of [`WIDTH`] by [`HEIGHT`].
#[derive(Clone, Debug, Serialize)]
struct Chart {
    lines: Vec<Line>,
    /// Where a mark of the axis is, and what it says.
    across: Vec<(f64, String)>,
    up: Vec<(f64, String)>,
}

#[derive(Clone, Debug, Serialize)]
struct Line {
    name: String,
    path: String,
    colour: usize,
    dash: usize,
    best: f64,
    last: f64,
}

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 200.0;
const N_COLOURS: usize = 8;
const N_MARKS: f64 = 4.0;
/// As many runs are compared where nobody chose.
const FIRST: usize = 4;

/// Compares the chosen runs, or the first ones where none is chosen.
pub(crate) fn compare(runs: &[Run], chosen: &[String]) -> Comparison {
    let is_chosen = |(at, run): (usize, &Run)| match chosen.is_empty() {
        true => at < FIRST,
        false => chosen.contains(&run.name),
    };
    let flags: Vec<bool> = runs.iter().enumerate().map(is_chosen).collect();
    let choices = runs.iter().zip(&flags).enumerate().map(|(at, (run, &chosen))| Choice {
        name: run.name.clone(),
        title: run.title.clone(),
        chosen,
        colour: at % N_COLOURS,
    });
    let choices = choices.collect();
    let picked: Vec<(usize, &Run)> =
        runs.iter().enumerate().filter(|(at, _)| flags.get(*at) == Some(&true)).collect();
    let mut names: Vec<&String> = Vec::new();
    for table in picked.iter().flat_map(|(_, run)| &run.tables) {
        if !names.contains(&&table.rule) {
            names.push(&table.rule);
        }
    }
    let rows = || picked.iter().flat_map(|(_, run)| &run.tables).flat_map(|table| &table.rows);
    let used = rows().flat_map(|row| &row.ends).filter(|(_, count)| *count > 0);
    let ends: BTreeSet<&String> = used.map(|(end, _)| end).collect();
    let ends: Vec<String> = ends.into_iter().cloned().collect();
    let rules = names.iter().map(|name| rule(name, &picked, &ends)).collect();
    Comparison { choices, rules, ends, chart: chart(&picked) }
}

fn rule(name: &str, runs: &[(usize, &Run)], ends: &[String]) -> Rule {
    let of_rule = |(at, run): &(usize, &Run)| {
        let rows = run.tables.iter().find(|table| table.rule == name)?.rows.clone();
        Some((Head { name: run.name.clone(), colour: at % N_COLOURS }, rows))
    };
    let (heads, tables): (Vec<Head>, Vec<Vec<RunRow>>) = runs.iter().filter_map(of_rule).unzip();
    let mut policies: Vec<(String, bool)> = Vec::new();
    for row in tables.iter().flatten() {
        if !policies.iter().any(|(name, _)| *name == row.policy) {
            policies.push((row.policy.clone(), row.privileged));
        }
    }
    let longest = tables.iter().flatten().map(|row| row.interval.1.max(row.mean)).fold(1e-9, f64::max);
    let cell = |rows: &Vec<RunRow>, policy: &str| {
        let row = rows.iter().find(|row| row.policy == policy)?;
        let most = rows.iter().filter(|row| !row.privileged).map(|row| row.mean).fold(f64::MIN, f64::max);
        Some(Cell {
            mean: row.mean,
            lo: row.interval.0,
            hi: row.interval.1,
            length: row.length,
            coverage: 100.0 * row.coverage,
            best: !row.privileged && row.mean >= most,
            width: 100.0 * row.mean.max(0.0) / longest,
            whisker: (
                100.0 * row.interval.0.max(0.0) / longest,
                100.0 * (row.interval.1 - row.interval.0.max(0.0)).max(0.0) / longest,
            ),
            ends: stack(row, ends),
        })
    };
    let policies = policies
        .into_iter()
        .map(|(name, privileged)| {
            let cells = tables.iter().map(|rows| cell(rows, &name)).collect();
            Policy { name, privileged, cells }
        })
        .collect();
    Rule { name: name.to_owned(), runs: heads, policies }
}

fn stack(row: &RunRow, order: &[String]) -> Vec<End> {
    let total = row.ends.iter().map(|(_, count)| *count).sum::<usize>().max(1) as f64;
    let mut from = 0.0;
    let mut out = Vec::new();
    for (name, count) in row.ends.iter().filter(|(_, count)| *count > 0) {
        let share = 100.0 * *count as f64 / total;
        let class = order.iter().position(|end| end == name).unwrap_or(0) % N_COLOURS;
        out.push(End { name: name.clone(), class, from, share });
        from += share;
    }
    out
}

/// All curves of the runs with both axes from zero; nothing without a point.
fn chart(runs: &[(usize, &Run)]) -> Option<Chart> {
    let curves = || runs.iter().flat_map(|(at, run)| run.curves.iter().map(move |curve| (*at, *run, curve)));
    let points = || curves().flat_map(|(_, _, curve)| &curve.points);
    points().next()?;
    let (right, top) = (
        points().map(|point| point.0).fold(1.0, f64::max),
        points().map(|point| point.1).fold(1e-9, f64::max),
    );
    let place = |&(x, y): &(f64, f64)| (WIDTH * x / right, HEIGHT - HEIGHT * y.max(0.0) / top);
    let line = |(at, run, curve): (usize, &Run, &RunCurve)| {
        let kinds: Vec<&str> = run.curves.iter().map(|other| kind(&other.name)).collect();
        let first = kinds.iter().position(|other| *other == kind(&curve.name)).unwrap_or(0);
        let dash = kinds.iter().take(first).collect::<BTreeSet<_>>().len();
        let mut path = String::new();
        for (n, (x, y)) in curve.points.iter().map(place).enumerate() {
            path.push_str(&format!("{}{x:.1} {y:.1}", if n == 0 { "M" } else { "L" }));
        }
        let last = curve.points.last()?.1;
        let best = curve.points.iter().map(|point| point.1).fold(f64::MIN, f64::max);
        let name = format!("{}: {}", run.name, curve.name);
        Some(Line { name, path, colour: at % N_COLOURS, dash: dash % 4, best, last })
    };
    Some(Chart {
        lines: curves().filter_map(line).collect(),
        across: marks(right).into_iter().map(|x| (place(&(x, 0.0)).0, short(x))).collect(),
        up: marks(top).into_iter().map(|y| (place(&(0.0, y)).1, short(y))).collect(),
    })
}

/// Round numbers from zero on, about [`N_MARKS`] of them.
fn marks(most: f64) -> Vec<f64> {
    let magnitude = 10f64.powf((most / N_MARKS).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|n| n * magnitude);
    let step = steps.into_iter().find(|step| most / step <= N_MARKS + 1.0).unwrap_or(most);
    let n = (most / step + 1e-9).floor() as usize;
    (0..=n).map(|n| n as f64 * step).collect()
}

/// What was trained, without the seed: lines of one kind look alike.
fn kind(name: &str) -> &str {
    name.split_once(',').map_or(name, |(kind, _)| kind)
}

fn short(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{:.1} M", value / 1e6),
        value if value >= 1e4 => format!("{:.0} k", value / 1e3),
        value if value >= 100.0 || value == 0.0 => format!("{value:.0}"),
        value => format!("{value:.1}"),
    }
}
