//! `eval`: what a policy or a control is worth.

use crate::context::{EnvironmentArgs, Global};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::settings::nearest;
use crate::stage::evaluate;
use artefact::{Claim, Draft, Kind};
use evaluation::{Difference, EvalRow, Evaluation, Scoring};
use experiment::{CONTROLS, Domain, EvaluationSettings, Evaluator, paired_differences};
use pipeline::PolicyDirectory;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use world_model::Side;

/// Arguments of `eval`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Policies to judge beside each other: directories, URLs of servers whose policies are judged over HTTP, or uniform
    /// (or random), random-fresh-genre, popularity, greedy, train-planner, judge-planner, oracle, demos
    #[arg(long = "policy", value_name = "POLICY", required = true, num_args = 1..)]
    policies: Vec<String>,
    /// The dataset directory
    #[arg(long)]
    data: PathBuf,
    /// The world directory
    #[arg(long)]
    world: PathBuf,
    /// The demos directory, for `--policy demos`
    #[arg(long, required_if_eq("policies", "demos"))]
    demos: Option<PathBuf>,
    /// Who answers: the judge world (test), or the world policies train in (train)
    #[arg(long, default_value = "test", value_parser = ["test", "train"])]
    judge: String,
    /// At most so many test users; 0 for all
    #[arg(long, value_name = "N", default_value_t = EvaluationSettings::default().n_users)]
    users: usize,
    /// Sessions of every user, each with its own seed
    #[arg(long, value_name = "N", default_value_t = EvaluationSettings::default().eval_seeds,
          value_parser = clap::value_parser!(u64).range(1..))]
    eval_seeds: u64,
    /// How rewards are counted: raw, low0 or billp
    #[arg(long, default_value = "raw")]
    scoring: Scoring,
    /// Metrics of lists of ten that have a column in the table; --json has all of them
    #[arg(long, value_name = "NAME@10", num_args = 1.., value_delimiter = ',',
          default_values_t = EvaluationSettings::default().metrics)]
    metrics: Vec<String>,
    /// Sessions may show an item again
    #[arg(long)]
    repeats: bool,
    /// The evaluation directory to write
    #[arg(long, value_name = "EVAL")]
    out: Option<PathBuf>,
    #[command(flatten)]
    environment: EnvironmentArgs,
}

/// The file of an evaluation directory: what came of the first policy.
pub(crate) const EVALUATION: &str = "evaluation.json";
/// Beside it where several policies were judged: all of them, and their paired differences to the first.
pub(crate) const EVALUATIONS: &str = "evaluations.json";

/// What came of several policies.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Judged {
    /// In the order in which they were named.
    pub(crate) evaluations: Vec<Evaluation>,
    /// The first policy against each of the others, on the users they share.
    pub(crate) differences: Vec<Difference>,
}

#[derive(Serialize)]
struct Answer<'a> {
    rows: Vec<&'a EvalRow>,
    differences: &'a [Difference],
}

/// Evaluates.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let out = arguments.out.as_deref();
    let claim = out.map(|out| global.claim(Kind::Evaluation, out, "eval")).transpose()?;
    let domain = Arc::new(Domain::open(&arguments.data, &arguments.world)?);
    let side = if arguments.judge == "train" { Side::Train } else { Side::Judge };
    let rule = arguments.environment.settings();
    let environments = rule.train_and_judge(&domain.world)?;
    let resolved = environments.of(side).rule().clone();
    let other_train_rule = environments.other_train_rule().cloned();
    let settings = EvaluationSettings {
        n_users: arguments.users,
        eval_seeds: arguments.eval_seeds,
        scoring: arguments.scoring,
        metrics: arguments.metrics.clone(),
        repeats: arguments.repeats,
    };
    let evaluator = Evaluator::new(Arc::clone(&domain), environments, side, &settings, global.seed())?;
    let mut inputs = vec![("dataset", domain.dataset_hash.clone()), ("world", domain.world_hash.clone())];
    let mut evaluations: Vec<Evaluation> = Vec::new();
    for (number, policy) in (1..).zip(&arguments.policies) {
        let shown = Progress::new("eval");
        shown.doing(&format!("policy {number} of {}: {policy}", arguments.policies.len()));
        let (mut evaluation, input) = judge(policy, arguments, &domain, &evaluator)?;
        inputs.extend(input);
        if evaluations.iter().any(|other| other.row.policy == evaluation.row.policy) {
            evaluation.row.policy = format!("{} ({policy})", evaluation.row.policy);
        }
        evaluations.push(evaluation);
    }
    let judged = Judged { differences: paired_differences(&evaluations, 0)?, evaluations };
    if let Some(claim) = &claim {
        let judge = &arguments.judge;
        let mut config = serde_json::json!({
            "evaluation": settings, "environment": rule, "rule": resolved, "judge": judge
        });
        if let Some(rule) = other_train_rule {
            config["train_rule"] = serde_json::json!(rule);
        }
        save(&judged, &inputs, config, global.seed(), claim)?;
    }
    answer(&judged, &arguments.metrics, global)
}

/// What an evaluation was made from: its kind and its hash.
type Input = (&'static str, String);

/// One policy, with what goes into the directory's manifest as its input.
fn judge(
    policy: &str,
    arguments: &Arguments,
    domain: &Domain,
    evaluator: &Evaluator,
) -> Result<(Evaluation, Option<Input>), Failure> {
    let path = Path::new(policy);
    match (&arguments.demos, policy) {
        (Some(path), "demos") => {
            let (demos, hash) = domain.open_demonstrations(path)?;
            Ok((evaluator.evaluate_demonstrator(&[demos])?, Some(("demos", hash))))
        }
        (_, url) if url.starts_with("http://") || url.starts_with("https://") => {
            let (evaluation, hash) = evaluate::served(evaluator, domain, url)?;
            Ok((evaluation, Some(("policy", hash))))
        }
        _ if path.is_dir() => {
            let trained = PolicyDirectory::open(path, &domain.dataset.catalogue)?;
            Ok((evaluate::trained(evaluator, &trained)?, Some(("policy", trained.hash))))
        }
        (_, name) if name == "random" || CONTROLS.contains(&name) => {
            Ok((evaluator.evaluate_control(name)?, None))
        }
        (_, name) => Err(unknown(name)),
    }
}

/// A name that is neither a directory nor one of a policy.
fn unknown(name: &str) -> Failure {
    let known = CONTROLS.into_iter().chain(["demos"]);
    let meant = nearest(name, known.clone()).map(|known| format!("did you mean {known}? "));
    Failure::input(format!("no policy and no directory: {name}")).hint(format!(
        "{}a directory of `ilrec train`, the URL of a server, or one of {}",
        meant.unwrap_or_default(),
        known.collect::<Vec<_>>().join(", ")
    ))
}

fn answer(judged: &Judged, metrics: &[String], global: &Global) -> Result<(), Failure> {
    let rows: Vec<EvalRow> = judged.evaluations.iter().map(|evaluation| evaluation.row.clone()).collect();
    let Some(first) = rows.first() else { return Ok(()) };
    let mut text = report::text_table(&rows, &first.policy, metrics);
    text.push_str(&report::text_differences(&judged.differences));
    match rows.as_slice() {
        [one] => global.format().emit(one, &text),
        _ => {
            let answer = Answer { rows: rows.iter().collect(), differences: &judged.differences };
            global.format().emit(&answer, &text)
        }
    }
}

fn save(
    judged: &Judged,
    inputs: &[(&str, String)],
    config: serde_json::Value,
    seed: u64,
    claim: &Claim,
) -> Result<(), Failure> {
    let mut draft = Draft::new(Kind::Evaluation, claim, seed, config)?;
    let mut n_policies = 0;
    for (name, hash) in inputs {
        n_policies += usize::from(*name == "policy");
        match (*name, n_policies) {
            ("policy", 2..) => draft.input(&format!("policy-{n_policies}"), hash),
            _ => draft.input(name, hash),
        }
    }
    if let Some(first) = judged.evaluations.first() {
        draft.write_json(EVALUATION, first)?;
    }
    if judged.evaluations.len() > 1 {
        draft.write_json(EVALUATIONS, judged)?;
    }
    draft.seal()?;
    Ok(())
}
