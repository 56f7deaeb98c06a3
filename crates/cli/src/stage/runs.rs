//! Finished runs of a directory, read for the console.

use evaluation::EvalRow;
use pipeline::TrainingRecord;
use report::exit_words;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use server::{Run, RunCurve, RunRow, RunTable, Runs};
use std::path::{Path, PathBuf};

/// A run directory, or one that has them.
#[derive(Clone, Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

/// As much of `results.json` as is shown.
#[derive(Deserialize)]
struct Results {
    title: String,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    exit_rule: String,
    evaluations: Vec<Judged>,
}

#[derive(Deserialize)]
struct Judged {
    row: EvalRow,
}

impl Runs for Folder {
    /// The directory's own results first, then those of the directories in it, by name. What is not there yet, or
    /// cannot be read, is left out.
    fn read(&self) -> Vec<Run> {
        let mut places: Vec<PathBuf> =
            self.0.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        places.sort();
        places.insert(0, self.0.clone());
        places.iter().filter_map(|place| run(place)).collect()
    }
}

fn run(place: &Path) -> Option<Run> {
    let results: Results = read(&place.join("results.json"))?;
    let own = place.canonicalize().ok()?;
    let curves = results.rules.first().map(|rule| curves(&place.join(&rule.exit_rule))).unwrap_or_default();
    let table = |rule: Rule| RunTable {
        rule: rule.exit_rule,
        rows: rule.evaluations.into_iter().map(|judged| row(judged.row)).collect(),
    };
    Some(Run {
        name: own.file_name()?.to_string_lossy().into_owned(),
        title: results.title,
        tables: results.rules.into_iter().map(table).collect(),
        curves,
    })
}

fn row(row: EvalRow) -> RunRow {
    let ends = row.exits.named().map(|(name, count)| (exit_words(name).to_owned(), count));
    RunRow {
        policy: row.policy,
        privileged: row.privileged,
        mean: row.r_traj.mean,
        interval: (row.r_traj.lo, row.r_traj.hi),
        length: row.len.mean,
        coverage: row.coverage,
        ndcg: row.ndcg_at_10,
        ends: ends.into(),
    }
}

/// The validations of every policy of a rule, `NAME-sSEED`, il-rec's first.
fn curves(folder: &Path) -> Vec<RunCurve> {
    let mut found = Vec::new();
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some((name, seed)) = file.rsplit_once("-s") else { continue };
        let Some(record) = read::<TrainingRecord>(&entry.path().join("training.json")) else { continue };
        if !record.has_curve() {
            continue;
        }
        let points = record.validation.iter().map(|point| (point.n_env_steps as f64, point.r_traj)).collect();
        found.push((name != "il-rec", RunCurve { name: format!("{name}, seed {seed}"), points }));
    }
    found.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
    found.into_iter().map(|(_, curve)| curve).collect()
}

fn read<T: DeserializeOwned>(file: &Path) -> Option<T> {
    let bytes = std::fs::read(file).ok()?;
    let understood = serde_json::from_slice(&bytes);
    understood.inspect_err(|error| tracing::debug!("passed over: {error}: {}", file.display())).ok()
}
