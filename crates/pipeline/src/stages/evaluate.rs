//! Every row of a table: the same users, worlds, rule, scoring and seeds.

use crate::PipelineError;
use crate::ledger::key;
use crate::results::{AblationRow, RuleResults};
use crate::run::Session;
use crate::stages::Ground;
use crate::stages::demos::Demonstrated;
use crate::stages::train::TrainedVariant;
use crate::variants::ablation_names;
use evaluation::metrics::table_metrics;
use evaluation::{Evaluation, is_privileged, paired_difference};
use experiment::{
    CONTROLS, Contestant, EvaluationSettings, Evaluator, describe_together, paired_differences,
};
use std::sync::Arc;
use world_model::Side;

/// Evaluates everything under one rule in the judge world.
pub(crate) fn evaluate(
    session: &mut Session<'_>,
    ground: &Ground<'_>,
    demos: &Demonstrated,
    trained: &[TrainedVariant],
) -> Result<RuleResults, PipelineError> {
    let config = session.config;
    let policies: Vec<(&str, u64, &String)> =
        trained.iter().map(|t| (t.variant.name, t.seed, &t.directory.hash)).collect();
    let name = format!("{}/evaluation", ground.name);
    let path = session.place.out.join(ground.name).join("evaluation.json");
    let read = |source| PipelineError::Read { path: path.clone(), source };
    // Every metric is computed, whichever are shown.
    let metrics = table_metrics().map(|metric| metric.to_string()).collect();
    let settings = EvaluationSettings { metrics, ..config.evaluation.clone() };
    let key = key(&[&policies, &demos.key, ground.environments.judge.rule(), &settings, &config.seed]);
    session.stage(
        &name,
        &key,
        || {
            let bytes = std::fs::read(&path).map_err(read)?;
            serde_json::from_slice(&bytes).map_err(|e| read(std::io::Error::other(e)))
        },
        |_| {
            let results = Table::new(ground, config)?.results(demos, trained)?;
            artefact::replace_file(&path, &serde_json::to_vec_pretty(&results).expect("plain data"))?;
            Ok(results)
        },
    )
}

/// The table of one rule.
struct Table<'a> {
    ground: &'a Ground<'a>,
    algorithms: &'a [String],
    evaluator: Evaluator,
}

impl<'a> Table<'a> {
    fn new(ground: &'a Ground<'a>, config: &'a crate::RunConfig) -> Result<Self, PipelineError> {
        let (domain, environments) = (Arc::clone(ground.domain), ground.environments.clone());
        let settings = &config.evaluation;
        let evaluator = Evaluator::new(domain, environments, Side::Judge, settings, config.seed)?;
        Ok(Self { ground, algorithms: &config.algorithms, evaluator })
    }

    fn trained_row(&self, name: &str, trained: &[TrainedVariant]) -> Result<Evaluation, PipelineError> {
        let policies: Vec<Contestant<'_>> = trained
            .iter()
            .filter(|t| t.variant.name == name)
            .map(|t| Contestant { training_seed: Some(t.seed), policy: &*t.directory.policy })
            .collect();
        Ok(self.evaluator.evaluate(name, &policies)?)
    }

    fn controls(&self, privileged: bool) -> Result<Vec<Evaluation>, PipelineError> {
        let wanted = CONTROLS.into_iter().filter(|name| is_privileged(name) == privileged);
        let wanted = wanted.filter(|name| self.evaluator.has_control(name));
        wanted.map(|name| Ok(self.evaluator.evaluate_control(name)?)).collect()
    }

    /// The rows; the first of the run's algorithms, in the last place of those that are trained, is the one that the others
    /// are compared with.
    fn results(
        &self,
        demos: &Demonstrated,
        trained: &[TrainedVariant],
    ) -> Result<RuleResults, PipelineError> {
        let (subject, others) = self.algorithms.split_first().expect("a run has algorithms");
        let full = self.trained_row(subject, trained)?;
        let mut evaluations = self.controls(false)?;
        evaluations.push(self.evaluator.evaluate_demonstrator(&demos.sources)?);
        for name in others {
            evaluations.push(self.trained_row(name, trained)?);
        }
        let place = evaluations.len();
        evaluations.push(full.clone());
        evaluations.extend(self.controls(true)?);
        let share = |of: &str| {
            let other = evaluations.iter().find(|e| e.row.policy == of).map(|e| e.row.r_traj.mean);
            full.row.r_traj.mean / other.unwrap_or(f64::NAN)
        };
        let (share_of_judge_planner, share_of_oracle) = (share("judge-planner"), share("oracle"));
        let against = |of: &str, other: &Evaluation| {
            let full = evaluations.iter().find(|row| row.row.policy == of).unwrap_or(&full);
            let (name, other_name) = (full.row.policy.as_str(), other.row.policy.as_str());
            paired_difference((name, &full.table), (other_name, &other.table))
        };
        let differences = paired_differences(&evaluations, place)?;
        let mut ablations = Vec::new();
        for name in ablation_names() {
            let runs: Vec<&TrainedVariant> = trained.iter().filter(|t| t.variant.name == name).collect();
            if runs.is_empty() {
                continue;
            }
            let evaluation = self.trained_row(name, trained)?;
            let aucs: Vec<f64> = runs.iter().filter_map(|t| t.directory.record.weight_auc).collect();
            let weight_auc = (!aucs.is_empty()).then(|| aucs.iter().sum::<f64>() / aucs.len() as f64);
            let difference = against(runs[0].variant.entry.name, &evaluation)?;
            ablations.push(AblationRow { difference, evaluation, weight_auc });
        }
        Ok(RuleResults {
            exit_rule: self.ground.name.to_owned(),
            rule: self.ground.environments.judge.rule().clone(),
            train_rule: self.ground.environments.other_train_rule().cloned(),
            evaluations,
            subject: subject.clone(),
            differences,
            share_of_oracle,
            share_of_judge_planner,
            ablations,
            demonstrations: describe_together(&demos.sources),
        })
    }
}
