//! What a page says first: which data, whose users, which rule, how rewards are counted, and what the world is worth.

use crate::failure::Failure;
use crate::progress::Progress;
use crate::stage::check;
use evaluation::EvalRow;
use experiment::{EnvironmentSettings, Environments};
use pipeline::RunResults;
use report::{Explained, WorldCheckRow, WorldCheckSummary};
use std::path::Path;
use world_check::WorldCheck;
use world_model::{Side, World};

/// The paragraphs about a run in `folder`, separated by empty lines, and what its world is worth, where it stands there.
pub(super) fn of_run(
    folder: &Path,
    run: &RunResults,
    seed: u64,
) -> Result<(String, Option<WorldCheckSummary>), Failure> {
    let found = check_world(folder, run, seed)?;
    let domain = match run.about.as_str() {
        "" => "These results are of an older version, which did not say what data they are about.",
        about => about,
    };
    let world = match &found {
        Some(found) => verdict(found),
        None => {
            let world = folder.join("world");
            format!("World check: not made, it needs {} and results of this version.", world.display())
        }
    };
    let rows = run.rules.iter().flat_map(|rule| &rule.evaluations).map(|evaluation| &evaluation.row);
    // Recorded sessions are of other users.
    let rows = rows.filter(|row| row.policy != "demonstrator");
    let terms = terms(&rows.collect::<Vec<_>>(), run.environment.as_ref().map(|rule| rule.horizon));
    Ok((format!("{}. {domain}\n\n{terms} {world}", run.title), found.map(|found| summary(&found))))
}

/// The paragraph about evaluations, which know the hashes of dataset and world, not their names.
pub(super) fn of_evaluations(rows: &[&EvalRow], inputs: &[String]) -> String {
    let mut inputs = inputs.to_vec();
    inputs.dedup();
    format!(
        "Evaluations, of {}. {} World check: `ilrec world check WORLD` says whether the world is worth training in.",
        inputs.join(", "),
        terms(rows, None)
    )
}

/// The rule, the scoring, and who judges, from the rows that were judged so.
fn terms(rows: &[&EvalRow], horizon: Option<usize>) -> String {
    let all = |of: &dyn Fn(&EvalRow) -> String| {
        let mut all: Vec<String> = Vec::new();
        for value in rows.iter().map(|row| of(row)) {
            if !all.contains(&value) {
                all.push(value);
            }
        }
        all.join(" and ")
    };
    let longest = horizon.map(|horizon| format!(", after {horizon} steps at the latest")).unwrap_or_default();
    format!(
        "Users leave by the rule {}{longest}; rewards are counted {}; policies are judged on {} users in the {} world.",
        all(&|row| row.exit_rule.clone()),
        all(&|row| row.scoring.to_string()),
        all(&|row| row.users.to_string()),
        all(&|row| row.world.clone()),
    )
}

/// Checks the world of a run under its main rule.
fn check_world(folder: &Path, run: &RunResults, seed: u64) -> Result<Option<WorldCheck>, Failure> {
    let world = folder.join("world");
    let (Some(main), Some(settings), true) = (run.rules.first(), &run.environment, world.is_dir()) else {
        return Ok(None);
    };
    let shown = Progress::new("report");
    shown.doing("whether the world is worth training in");
    let (world, _) = World::open(&world)?;
    if world.check_users().is_empty() {
        return Ok(None);
    }
    let settings = EnvironmentSettings { horizon: settings.horizon, ..EnvironmentSettings::default() };
    let train = main.train_rule.as_ref().unwrap_or(&main.rule).clone();
    let environments = Environments {
        train: settings.under(train, &world, Side::Train)?,
        judge: settings.under(main.rule.clone(), &world, Side::Judge)?,
    };
    check::check(&world, None, &environments, seed).map(Some)
}

fn verdict(found: &WorldCheck) -> String {
    let word = if found.verdict.is_sound { "sound" } else { "not worth training in" };
    format!("World check: {word} ({}).", found.verdict.reasons.join("; "))
}

fn summary(found: &WorldCheck) -> WorldCheckSummary {
    let row = |row: &world_check::CheckRow| WorldCheckRow {
        policy: row.policy.clone(),
        r_traj: row.r_traj,
        len: row.len,
    };
    let (user, item, pair) = (found.explained.user, found.explained.item, found.explained.pair);
    WorldCheckSummary {
        rows: found.rows.iter().map(row).collect(),
        explained: Explained { user, item, pair },
        verdict: verdict(found),
        is_sound: found.verdict.is_sound,
    }
}
