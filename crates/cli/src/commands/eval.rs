//! `eval`: what a policy or a control is worth.

use crate::context::{EnvironmentArgs, Global};
use crate::failure::Failure;
use crate::stage::demos;
use crate::stage::domain::Domain;
use crate::stage::evaluate::{Court, EvaluationSettings};
use crate::stage::policy::Trained;
use crate::stage::simulation::Simulation;
use artefact::{Draft, Kind};
use evaluation::{Evaluation, Scoring};
use std::path::{Path, PathBuf};
use world_model::Side;

/// Arguments of `eval`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// A policy directory, or the URL of a server whose policy is judged over HTTP, or uniform (or random), random-fresh-genre, popularity, greedy, greedy-diverse, oracle, demos
    #[arg(long)]
    policy: String,
    /// The dataset directory
    #[arg(long)]
    data: PathBuf,
    /// The world directory
    #[arg(long)]
    world: PathBuf,
    /// The demos directory, for `--policy demos`
    #[arg(long, required_if_eq("policy", "demos"))]
    demos: Option<PathBuf>,
    /// Who answers: the judge world (test), or the world policies train in (train)
    #[arg(long, default_value = "test", value_parser = ["test", "train"])]
    judge: String,
    /// At most so many test users
    #[arg(long, value_name = "N", default_value_t = EvaluationSettings::default().users)]
    users: usize,
    /// Sessions of every user, each with its own seed
    #[arg(long, value_name = "N", default_value_t = EvaluationSettings::default().eval_seeds)]
    eval_seeds: usize,
    /// How rewards are counted: raw, low0 or billp
    #[arg(long, default_value = "raw")]
    scoring: Scoring,
    /// The evaluation directory to write
    #[arg(long, value_name = "EVAL")]
    out: Option<PathBuf>,
    #[command(flatten)]
    environment: EnvironmentArgs,
}

/// The file of an evaluation directory.
pub(crate) const EVALUATION: &str = "evaluation.json";

/// Evaluates.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let domain = Domain::open(&arguments.data, &arguments.world)?;
    let side = if arguments.judge == "train" { Side::Train } else { Side::Judge };
    let rule = arguments.environment.settings();
    let environment =
        Simulation::new(&domain.world, &rule, global.seed())?.environment(&domain.world, side)?;
    let settings = EvaluationSettings {
        users: arguments.users,
        eval_seeds: arguments.eval_seeds,
        scoring: arguments.scoring,
    };
    let court = Court::new(&domain, &environment, side, &settings, global.seed());
    let path = Path::new(&arguments.policy);
    let mut inputs = vec![("dataset", domain.dataset_hash.clone()), ("world", domain.world_hash.clone())];
    let evaluation = match (&arguments.demos, arguments.policy.as_str()) {
        (Some(path), "demos") => {
            let (demos, hash) = demos::open(&domain, path)?;
            inputs.push(("demos", hash));
            court.demonstrator(&demos)?
        }
        (_, url) if url.starts_with("http://") || url.starts_with("https://") => {
            let (evaluation, hash) = court.served(url)?;
            inputs.push(("policy", hash));
            evaluation
        }
        _ if path.is_dir() => {
            let (trained, hash) = Trained::open(&domain, path)?;
            inputs.push(("policy", hash));
            court.trained(&trained)?
        }
        (_, name) => court.control(name).map_err(|failure| failure.or_directory(path))?,
    };
    if let Some(out) = &arguments.out {
        let config =
            serde_json::json!({ "evaluation": settings, "environment": rule, "judge": arguments.judge });
        save(&evaluation, &inputs, config, global.seed(), out)?;
    }
    let text = report::text_table(std::slice::from_ref(&evaluation.row), &evaluation.row.policy);
    global.format().emit(&evaluation.row, &text)
}

fn save(
    evaluation: &Evaluation,
    inputs: &[(&str, String)],
    config: serde_json::Value,
    seed: u64,
    out: &Path,
) -> Result<(), Failure> {
    let mut draft = Draft::new(Kind::Evaluation, out, seed, config)?;
    inputs.iter().for_each(|(name, hash)| draft.input(name, hash));
    draft.write_json(EVALUATION, evaluation)?;
    draft.seal()?;
    Ok(())
}
