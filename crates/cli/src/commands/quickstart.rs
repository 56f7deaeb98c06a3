//! `quickstart`: the main job on a generated domain, offline and without a key.

use super::run::{Changes, last_word, tables};
use crate::context::Global;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::shell;
use std::path::{Path, PathBuf};

/// Arguments of `quickstart`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The run directory; run again, it goes on where it was
    #[arg(long, default_value = "quickstart")]
    dir: PathBuf,
    #[command(flatten)]
    changes: Changes,
}

/// Runs.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let config = pipeline::quickstart_config(global.seed());
    let Some(config) = arguments.changes.apply(&config, global)? else { return Ok(()) };
    let folder = pipeline::RunFolder::claim(&arguments.dir, global.replace())?;
    let _last_word = last_word(&arguments.dir);
    let mut screen = Screen::of(&config);
    let results = pipeline::run_in(&config, Path::new(""), &folder, &agents::NoModels, &mut screen)?;
    let text = format!(
        "{}\n{}",
        tables(&results, &config.evaluation.metrics),
        next(&arguments.dir, &config.environment.exit_rule)
    );
    global.format().emit(&results, &text)
}

fn next(dir: &Path, rule: &str) -> String {
    let serve = policy_of(&dir.join(rule)).map(|policy| {
        let (policy, dir) = (shell::path(&policy), shell::path(dir));
        format!("the policy behind HTTP, with a console:\n  ilrec serve --policy {policy} --runs {dir}\n")
    });
    format!(
        "{}one of the demonstrations:\n  ilrec demos show {}\nthe same on your own log:\n  \
         ilrec data import csv --input log.csv --items items.csv --out data\n  \
         ilrec world train --data data --out world\n  ilrec world check world --data data\n  \
         ilrec demos collect --data data --world world --llm builtin:expert --episodes 500 --out demos\n  \
         ilrec train --data data --world world --demos demos --out policy\n  \
         ilrec eval --policy policy --data data --world world",
        serve.unwrap_or_default(),
        shell::path(&dir.join(rule).join("demos-0"))
    )
}

/// The first of the run's policies that learned from demonstrations.
fn policy_of(rule: &Path) -> Option<PathBuf> {
    let mut policies: Vec<PathBuf> = rule.read_dir().ok()?.flatten().map(|entry| entry.path()).collect();
    policies.sort();
    policies.into_iter().find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("il-rec-s") && path.join("manifest.json").is_file()
    })
}
