//! Runs side by side: what their policies are worth, how they learned, how sessions ended.

use crate::runs::{Run, RunCurve, RunRow};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the page shows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Comparison {
    /// Every run, and whether it is compared.
    choices: Vec<Choice>,
    rules: Vec<Rule>,
    /// The ways in which any of the sessions ended.
    ends: Vec<Ending>,
    learning: Option<Learning>,
}

#[derive(Clone, Debug, Serialize)]
struct Choice {
    name: String,
    title: String,
    chosen: bool,
}

/// A way to end, and the class of its colour.
#[derive(Clone, Debug, Serialize)]
struct Ending {
    name: String,
    class: &'static str,
}

/// One table: policies down, runs across.
#[derive(Clone, Debug, Serialize)]
struct Rule {
    name: String,
    runs: Vec<String>,
    policies: Vec<Policy>,
}

#[derive(Clone, Debug, Serialize)]
struct Policy {
    name: String,
    /// The class of its colour.
    class: &'static str,
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
    ndcg: Option<f64>,
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
    class: &'static str,
    from: f64,
    share: f64,
}

/// Learning curves, a drawing of [`WIDTH`] by [`HEIGHT`] for each run, all on the same axes.
#[derive(Clone, Debug, Serialize)]
struct Learning {
    charts: Vec<Chart>,
    /// Where a mark of the axis is, and what it says.
    across: Vec<(f64, String)>,
    up: Vec<(f64, String)>,
    /// The seeds with the class of their line style, where there are several.
    seeds: Vec<Ending>,
}

#[derive(Clone, Debug, Serialize)]
struct Chart {
    run: String,
    lines: Vec<Line>,
    labels: Vec<Label>,
}

#[derive(Clone, Debug, Serialize)]
struct Line {
    name: String,
    path: String,
    /// The classes of its colour and style.
    class: &'static str,
    style: &'static str,
    best: f64,
    last: f64,
}

/// The name of a policy beside the end of its lines.
#[derive(Clone, Debug, Serialize)]
struct Label {
    name: String,
    class: &'static str,
    /// Where its lines end on average, and where there is room for its name.
    from: f64,
    to: f64,
}

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 200.0;
/// The least distance of labels.
const GAP: f64 = 15.0;
const N_MARKS: f64 = 4.0;
/// As many runs are compared where nobody chose.
const FIRST: usize = 4;

/// Compares the chosen runs, or the first ones where none is chosen.
pub(crate) fn compare(runs: &[Run], chosen: &[String]) -> Comparison {
    let is_known = |name: &String| runs.iter().any(|run| run.name == *name);
    let is_chosen = |(at, run): (usize, &Run)| match !chosen.iter().any(is_known) {
        true => at < FIRST,
        false => chosen.contains(&run.name),
    };
    let flags: Vec<bool> = runs.iter().enumerate().map(is_chosen).collect();
    let choice =
        |(run, &chosen): (&Run, &bool)| Choice { name: run.name.clone(), title: run.title.clone(), chosen };
    let choices = runs.iter().zip(&flags).map(choice).collect();
    let picked: Vec<&Run> =
        runs.iter().zip(&flags).filter(|(_, chosen)| **chosen).map(|(run, _)| run).collect();
    let mut names: Vec<&String> = Vec::new();
    for table in picked.iter().flat_map(|run| &run.tables) {
        if !names.contains(&&table.rule) {
            names.push(&table.rule);
        }
    }
    let rows = || picked.iter().flat_map(|run| &run.tables).flat_map(|table| &table.rows);
    let used = rows().flat_map(|row| &row.ends).filter(|(_, count)| *count > 0);
    let ends: BTreeSet<&String> = used.map(|(end, _)| end).collect();
    let ends = ends.into_iter().map(|end| Ending { name: end.clone(), class: chart::ending(end) }).collect();
    let rules = names.iter().map(|name| rule(name, &picked)).collect();
    Comparison { choices, rules, ends, learning: learning(&picked) }
}

fn rule(name: &str, runs: &[&Run]) -> Rule {
    let of_rule = |run: &&Run| {
        let rows = run.tables.iter().find(|table| table.rule == name)?.rows.clone();
        Some((run.name.clone(), rows))
    };
    let (heads, tables): (Vec<String>, Vec<Vec<RunRow>>) = runs.iter().filter_map(of_rule).unzip();
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
            ndcg: row.ndcg,
            best: !row.privileged && row.mean >= most,
            width: 100.0 * row.mean.max(0.0) / longest,
            whisker: (
                100.0 * row.interval.0.max(0.0) / longest,
                100.0 * (row.interval.1 - row.interval.0.max(0.0)).max(0.0) / longest,
            ),
            ends: stack(row),
        })
    };
    let classes = chart::colours(policies.iter().map(|(name, _)| name.as_str()));
    let policies = policies
        .into_iter()
        .zip(classes)
        .map(|((name, privileged), class)| {
            let cells = tables.iter().map(|rows| cell(rows, &name)).collect();
            Policy { name, class, privileged, cells }
        })
        .collect();
    Rule { name: name.to_owned(), runs: heads, policies }
}

fn stack(row: &RunRow) -> Vec<End> {
    let total = row.ends.iter().map(|(_, count)| *count).sum::<usize>().max(1) as f64;
    let mut from = 0.0;
    let mut out = Vec::new();
    for (name, count) in row.ends.iter().filter(|(_, count)| *count > 0) {
        let share = 100.0 * *count as f64 / total;
        out.push(End { name: name.clone(), class: chart::ending(name), from, share });
        from += share;
    }
    out
}

/// All curves of the runs with both axes from zero; nothing without a point.
fn learning(runs: &[&Run]) -> Option<Learning> {
    let curves = || runs.iter().flat_map(|run| &run.curves).filter(|curve| is_drawn(curve));
    let points = || curves().flat_map(|curve| &curve.points);
    points().next()?;
    let (right, top) = (
        points().map(|point| point.0).fold(1.0, f64::max),
        points().map(|point| point.1).fold(1e-9, f64::max),
    );
    let place = |(x, y): (f64, f64)| (WIDTH * x / right, HEIGHT - HEIGHT * y.max(0.0) / top);
    let named = || curves().map(|curve| chart::policy_and_seed(&curve.name, "il-rec"));
    let policies: BTreeSet<&str> = named().map(|(policy, _)| policy).collect();
    let colours: BTreeMap<&str, &'static str> =
        policies.iter().copied().zip(chart::colours(policies.iter().copied())).collect();
    let seeds: BTreeSet<&str> = named().map(|(_, seed)| seed).collect();
    let styles: BTreeMap<&str, &'static str> =
        seeds.into_iter().enumerate().map(|(at, seed)| (seed, chart::line_style(at))).collect();
    let charts = runs.iter().filter(|run| run.curves.iter().any(is_drawn));
    let charts = charts.map(|run| chart_of(run, &colours, &styles, &place)).collect();
    let seeds = styles.iter().filter(|_| styles.len() > 1);
    Some(Learning {
        charts,
        across: marks(right).into_iter().map(|x| (place((x, 0.0)).0, short(x))).collect(),
        up: marks(top).into_iter().map(|y| (place((0.0, y)).1, short(y))).collect(),
        seeds: seeds.map(|(seed, class)| Ending { name: format!("seed {seed}"), class }).collect(),
    })
}

/// Whether there is a line to draw: imitation alone takes no interactions and stays where it began.
fn is_drawn(curve: &RunCurve) -> bool {
    let ends = curve.points.first().zip(curve.points.last());
    ends.is_some_and(|(first, last)| last.0 > first.0 || curve.points.len() == 1)
}

/// The curves of one run with the names of their policies.
fn chart_of(
    run: &Run,
    colours: &BTreeMap<&str, &'static str>,
    styles: &BTreeMap<&str, &'static str>,
    place: &impl Fn((f64, f64)) -> (f64, f64),
) -> Chart {
    let mut lines = Vec::new();
    let mut ends: Vec<(&str, Vec<f64>)> = Vec::new();
    for curve in run.curves.iter().filter(|curve| is_drawn(curve)) {
        let Some(&end) = curve.points.last() else { continue };
        let (policy, seed) = chart::policy_and_seed(&curve.name, "il-rec");
        lines.push(Line {
            name: format!("{}: {}", run.name, curve.name),
            path: path(curve, place),
            class: colours.get(policy).copied().unwrap_or_default(),
            style: styles.get(seed).copied().unwrap_or_default(),
            best: curve.points.iter().map(|point| point.1).fold(f64::MIN, f64::max),
            last: end.1,
        });
        match ends.iter_mut().find(|(known, _)| *known == policy) {
            Some((_, places)) => places.push(place(end).1),
            None => ends.push((policy, vec![place(end).1])),
        }
    }
    let wanted: Vec<f64> = ends.iter().map(|(_, at)| at.iter().sum::<f64>() / at.len() as f64).collect();
    let found = chart::spread(&wanted, GAP, (0.0, HEIGHT));
    let label = |((policy, _), (from, to)): (&(&str, Vec<f64>), (&f64, &f64))| Label {
        name: (*policy).to_owned(),
        class: colours.get(policy).copied().unwrap_or_default(),
        from: *from,
        to: *to,
    };
    let labels = ends.iter().zip(wanted.iter().zip(&found)).map(label).collect();
    Chart { run: run.name.clone(), lines, labels }
}

fn path(curve: &RunCurve, place: impl Fn((f64, f64)) -> (f64, f64)) -> String {
    let mut path = String::new();
    for (n, &point) in curve.points.iter().enumerate() {
        let (x, y) = place(point);
        path.push_str(&format!("{}{x:.1} {y:.1}", if n == 0 { "M" } else { "L" }));
    }
    path
}

/// Round numbers from zero on, about [`N_MARKS`] of them.
fn marks(most: f64) -> Vec<f64> {
    let magnitude = 10f64.powf((most / N_MARKS).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|n| n * magnitude);
    let step = steps.into_iter().find(|step| most / step <= N_MARKS + 1.0).unwrap_or(most);
    let n = (most / step + 1e-9).floor() as usize;
    (0..=n).map(|n| n as f64 * step).collect()
}

fn short(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{:.1} M", value / 1e6),
        value if value >= 1e4 => format!("{:.0} k", value / 1e3),
        value if value >= 100.0 || value == 0.0 => format!("{value:.0}"),
        value => format!("{value:.1}"),
    }
}
