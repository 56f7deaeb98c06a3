//! `run`: the whole pipeline from one file.

mod draws;

use crate::context::Global;
use crate::failure::Failure;
use crate::interrupt::{self, LastWord};
use crate::screen::Screen;
use crate::settings::Layers;
use crate::stage::model::{ModelArgs, Opener};
use pipeline::{RunConfig, RunFolder, RunResults, StageRecord, Watcher};
use std::path::{Path, PathBuf};

/// Arguments of `run`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The file; paths in it are relative to it. With --print-config alone, a whole one to start from is printed
    #[arg(value_name = "CONFIG.toml", required_unless_present = "print_config")]
    config: Option<PathBuf>,
    /// The run directory [default: runs/ and the file's name]
    #[arg(long, value_name = "RUN")]
    out: Option<PathBuf>,
    /// Fit worlds and train this many times, with seeds counted up from the run's, and bring the tables together: intervals over
    /// draws, and the contrasts that the file names
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=1000))]
    draws: Option<u64>,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    changes: Changes,
}

/// What a command line changes in a run's settings.
#[derive(clap::Args, Debug)]
pub(crate) struct Changes {
    /// One setting; wins over the file
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
    /// Print the resolved settings and stop
    #[arg(long)]
    print_config: bool,
}

/// Runs.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let Some(path) = &arguments.config else {
        let whole = pipeline::quickstart_config(global.seed());
        return arguments.changes.apply(&whole, global).map(drop);
    };
    let text = std::fs::read_to_string(path).map_err(|e| Failure::reading(path, &e))?;
    let config = parse(&path.display().to_string(), &text)?;
    let Some(config) = arguments.changes.apply(&config, global)? else { return Ok(()) };
    let stem = path.file_stem().unwrap_or_default();
    let out = arguments.out.clone().unwrap_or_else(|| Path::new("runs").join(stem));
    let base = path.parent().unwrap_or(Path::new(""));
    let opener = Opener::new(arguments.model.read()?);
    let folder = RunFolder::claim(&out, global.replace())?;
    let _last_word = last_word(&out);
    let Some(n_draws) = arguments.draws else {
        let results = pipeline::run_in(&config, base, &folder, &opener, &mut Screen::of(&config))?;
        return global.format().emit(&results, &tables(&results, &config.evaluation.metrics));
    };
    let first = config.seed;
    let mut screen = |config: &RunConfig, seed: u64| -> Box<dyn Watcher> {
        tracing::info!("draw {} of {n_draws}, seed {seed}", seed.wrapping_sub(first) + 1);
        Box::new(Screen::of(config))
    };
    let results = pipeline::run_draws(&config, n_draws, base, &folder, &opener, &mut screen)?;
    global.format().emit(&results, &draws::tables(&results, &config.evaluation.metrics))
}

/// What is said of a run in `folder` that is told to end.
pub(crate) fn last_word(folder: &Path) -> LastWord {
    let folder = folder.display().to_string();
    interrupt::last_word(move || {
        format!("stopped: the stages that are done are kept; the same command goes on from there: {folder}")
    })
}

/// Reads a run's file; a mistake is shown where it stands.
fn parse(name: &str, text: &str) -> Result<RunConfig, Failure> {
    const EXAMPLE: &str = "`ilrec run --print-config` prints a whole file to start from";
    toml::from_str(text).map_err(|error| crate::settings::not_toml(name, text, &error, EXAMPLE))
}

impl Changes {
    /// The settings with the changes, or nothing where they were only to be printed. The presets of all algorithms are laid
    /// out in full, so that every setting of them can be changed and seen.
    pub(crate) fn apply(&self, config: &RunConfig, global: &Global) -> Result<Option<RunConfig>, Failure> {
        // Which algorithms there are decides whose settings there are.
        let (which, rest): (Vec<&String>, Vec<&String>) =
            self.set.iter().partition(|assignment| assignment.trim_start().starts_with("algorithms"));
        let mut layers = Layers::new(config);
        which.into_iter().try_for_each(|assignment| layers.set(assignment))?;
        let mut layers = Layers::new(&layers.resolve::<RunConfig>()?.laid_out()?);
        rest.into_iter().try_for_each(|assignment| layers.set(assignment))?;
        if let Some(seed) = global.seed {
            layers.set(&format!("seed={seed}"))?;
        }
        if self.print_config {
            global.format().emit(layers.values(), &layers.to_toml())?;
            return Ok(None);
        }
        let config: RunConfig = layers.resolve()?;
        config.check()?;
        Ok(Some(config))
    }
}

/// The results and where the page is.
pub(crate) fn tables(results: &RunResults, metrics: &[String]) -> String {
    let mut text = String::new();
    for rule in &results.rules {
        let rows: Vec<_> = rule.evaluations.iter().map(|evaluation| evaluation.row.clone()).collect();
        let subject = rule.subject.as_str();
        text.push_str(&report::text_table(&rows, subject, metrics));
        text.push_str(&report::text_differences(&rule.differences));
        let share = |share: f64| format!("{:.0} %", 100.0 * share);
        text.push_str(&format!(
            "{subject} earns {} of judge-planner, {} of the oracle\n\n",
            share(rule.share_of_judge_planner),
            share(rule.share_of_oracle)
        ));
        if !rule.ablations.is_empty() {
            let rows: Vec<_> =
                rule.ablations.iter().map(|ablation| ablation.evaluation.row.clone()).collect();
            text.push_str(&format!("ablations\n{}\n", report::text_table(&rows, subject, metrics)));
        }
    }
    let made: Vec<&StageRecord> = results.stages.iter().filter(|stage| !stage.skipped).collect();
    let seconds = made.iter().fold(0.0, |sum, stage| sum + stage.seconds);
    text.push_str(&format!(
        "{} stages, {} of them up to date, {seconds:.0} s\nreport: {}\nhow training went: tensorboard --logdir {}\n",
        results.stages.len(),
        results.stages.len() - made.len(),
        results.report,
        crate::shell::path(Path::new(&results.report).parent().unwrap_or(Path::new(".")))
    ));
    text
}
