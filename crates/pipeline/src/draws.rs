//! A run repeated: every draw fits its worlds anew and trains anew in them.

use crate::results::{RuleResults, RunResults};
use crate::{DataSettings, PipelineError, RunConfig, RunFolder, Watcher, run_in};
use agents::Models;
use evaluation::metrics::NamedValues;
use evaluation::statistics::{
    Contrast, Draw, OverDraws, contrast, holm, interquartile_mean, mean_over_draws,
    minimum_detectable_difference, probability_of_improvement, student_t,
};
use evaluation::{BootstrapPlan, EvalRow, Evaluation, Interval, JudgeValidity, RankedUser};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// `draws.json` of a run with several draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawsResults {
    /// The run's title.
    pub title: String,
    /// The seed of each draw's split, worlds, demonstrations and training.
    pub seeds: Vec<u64>,
    /// How far each draw's judge agrees with people; nothing where no part of the log was kept.
    pub validity: Vec<Option<JudgeValidity>>,
    /// What of the log may be learned from, of each draw, as tables of one run have it; empty in results of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<String>,
    /// The main rule first.
    pub rules: Vec<RuleDraws>,
}

/// Everything under one exit rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleDraws {
    /// The rule's name.
    pub exit_rule: String,
    /// All rows of the draws' tables, ablations last.
    pub rows: Vec<DrawRow>,
    /// The contrasts that the run's file named, of both axes.
    pub contrasts: Vec<DrawContrast>,
    /// Named ones that cannot be told, because a draw lacks the row or the measure; Holm counts each as a p value of 1.
    pub untold: Vec<String>,
}

/// One policy over draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawRow {
    /// Its name.
    pub policy: String,
    /// Whether it knew what no deployed policy knows.
    pub privileged: bool,
    /// Sum of rewards of a session.
    pub r_traj: Judged,
    /// nDCG@10 on held-out choices, where there are any.
    #[serde(rename = "ndcg@10")]
    pub ndcg: Option<Judged>,
    /// The same among cold items, where the protocol has some.
    #[serde(rename = "cold_ndcg@10", default, skip_serializing_if = "Option::is_none")]
    pub cold: Option<Judged>,
    /// Every metric of lists of ten that all draws have, by name, with Student's t over draws.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Interval>,
    /// The same by how popular the items are and how active the users.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub strata: BTreeMap<String, BTreeMap<String, Interval>>,
}

/// One axis of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The mean over draws with its intervals.
    pub mean: OverDraws,
    /// The interquartile mean over draws and users.
    pub interquartile: Option<f64>,
}

/// The first algorithm against a row that the run's file named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawContrast {
    /// `r_traj`, `ndcg@10` or `cold_ndcg@10`.
    pub measure: String,
    /// The paired difference with its interval and p value.
    pub contrast: Contrast,
    /// The p value, adjusted by Holm over all contrasts of this rule.
    pub adjusted_p: f64,
    /// The probability of improvement, users as tasks.
    pub improvement: Option<f64>,
    /// The difference that so many draws would have found with probability 0.8, were this the only contrast.
    pub detectable: Option<f64>,
}

/// Runs a configuration `n_draws` times into folders `draw-SEED` of `folder`, the seeds counted up from the configuration's, and
/// brings the tables together in `draws.json`. Each draw trains once. What is done already is skipped, as in [`run_in`].
///
/// # Errors
/// Whatever stops a run, and fewer than two draws.
pub fn run_draws(
    config: &RunConfig,
    n_draws: u64,
    base: &Path,
    folder: &RunFolder,
    models: &dyn Models,
    watch: &mut dyn FnMut(&RunConfig, u64) -> Box<dyn Watcher>,
) -> Result<DrawsResults, PipelineError> {
    if n_draws < 2 {
        return Err(PipelineError::Setting { setting: "draws", why: "two at least".to_owned() });
    }
    let mut runs = Vec::new();
    for seed in (0..n_draws).map(|draw| config.seed.wrapping_add(draw)) {
        let config = RunConfig { seed, training_seeds: vec![seed], ..config.clone() };
        let place = RunFolder::claim(&folder.path().join(format!("draw-{seed}")), folder.replace())?;
        let mut watcher = watch(&config, seed);
        runs.push((seed, run_in(&config, base, &place, models, watcher.as_mut())?));
    }
    let results = DrawsResults::of(config, &runs)?;
    let bytes = serde_json::to_vec_pretty(&results).expect("plain data");
    artefact::replace_file(&folder.path().join("draws.json"), &bytes)?;
    Ok(results)
}

impl DrawsResults {
    /// The tables of several runs of one configuration, each with its seed.
    fn of(config: &RunConfig, runs: &[(u64, RunResults)]) -> Result<Self, PipelineError> {
        let n_rules = runs.iter().map(|(_, run)| run.rules.len()).min().unwrap_or(0);
        let rules = (0..n_rules).map(|at| {
            let tables: Vec<(u64, &RuleResults)> =
                runs.iter().map(|(seed, run)| (*seed, &run.rules[at])).collect();
            RuleDraws::of(config, &tables)
        });
        let validity = |(_, run): &(u64, RunResults)| run.results.first().and_then(|row| row.validity);
        Ok(Self {
            title: config.title.clone(),
            seeds: runs.iter().map(|(seed, _)| *seed).collect(),
            validity: runs.iter().map(validity).collect(),
            protocols: runs
                .iter()
                .filter_map(|(_, run)| Some(run.results.first()?.protocol.clone()))
                .collect(),
            rules: rules.collect::<Result<_, _>>()?,
        })
    }
}

/// What one policy was worth in every draw, by measure.
struct Row<'a> {
    policy: &'a str,
    privileged: bool,
    measures: [Vec<Draw>; 3],
    /// The row of each draw's table.
    found: Vec<&'a EvalRow>,
}

const MEASURES: [&str; 3] = ["r_traj", "ndcg@10", COLD];
/// Of cold items alone; no measure of protocols that have none.
const COLD: &str = "cold_ndcg@10";

impl RuleDraws {
    fn of(config: &RunConfig, tables: &[(u64, &RuleResults)]) -> Result<Self, PipelineError> {
        let plan = BootstrapPlan::default();
        let rows = rows(tables, matches!(config.data, DataSettings::Sample(_)));
        let judged = |draws: &Vec<Draw>| {
            let mean = mean_over_draws(draws, &plan)?;
            Ok::<_, PipelineError>(Judged { mean, interquartile: interquartile_mean(draws) })
        };
        let of = |row: &Row<'_>| {
            let [r_traj, ndcg, cold] = &row.measures;
            let ranked = |draws: &Vec<Draw>| (!draws.is_empty()).then(|| judged(draws)).transpose();
            Ok::<_, PipelineError>(DrawRow {
                policy: row.policy.to_owned(),
                privileged: row.privileged,
                r_traj: judged(r_traj)?,
                ndcg: ranked(ndcg)?,
                cold: ranked(cold)?,
                metrics: over_draws(
                    &row.found.iter().map(|row| &row.metrics).collect::<Vec<_>>(),
                    plan.level,
                ),
                strata: strata(&row.found, plan.level),
            })
        };
        let (contrasts, untold) = contrasts(config, &rows, &plan)?;
        Ok(Self {
            exit_rule: tables[0].1.exit_rule.clone(),
            contrasts,
            untold,
            rows: rows.iter().map(of).collect::<Result<_, _>>()?,
        })
    }
}

/// What all draws have a value of.
fn over_draws(draws: &[&NamedValues], level: f64) -> BTreeMap<String, Interval> {
    let names = draws.first().into_iter().flat_map(|first| first.keys());
    let of = |name: &String| {
        let values: Option<Vec<f64>> = draws.iter().map(|values| values.get(name).copied()).collect();
        Some((name.clone(), student_t(&values?, level).0))
    };
    names.filter_map(of).collect()
}

fn strata(rows: &[&EvalRow], level: f64) -> BTreeMap<String, BTreeMap<String, Interval>> {
    let parts = rows.first().into_iter().flat_map(|first| first.strata.keys());
    let of = |part: &String| {
        let draws: Option<Vec<&NamedValues>> = rows.iter().map(|row| row.strata.get(part)).collect();
        Some((part.clone(), over_draws(&draws?, level)))
    };
    parts.filter_map(of).collect()
}

/// The rows that every draw has. A generated log has other people in every draw.
fn rows<'a>(tables: &[(u64, &'a RuleResults)], is_generated: bool) -> Vec<Row<'a>> {
    let all = |table: &'a RuleResults| {
        table.evaluations.iter().chain(table.ablations.iter().map(|ablation| &ablation.evaluation))
    };
    let of = |first: &'a Evaluation| {
        let find = |table| all(table).find(|other| other.row.policy == first.row.policy);
        let found: Vec<(u64, &Evaluation)> =
            tables.iter().filter_map(|(seed, table)| Some((*seed, find(table)?))).collect();
        (found.len() == tables.len()).then(|| {
            let draws = |of: fn(&Evaluation) -> BTreeMap<String, f64>| -> Vec<Draw> {
                let person = |seed: u64, user: String| match is_generated {
                    true => format!("{seed}/{user}"),
                    false => user,
                };
                let draw = |(seed, evaluation): &(u64, &Evaluation)| Draw {
                    world: seed.to_string(),
                    training_seed: *seed,
                    values: of(evaluation)
                        .into_iter()
                        .map(|(user, value)| (person(*seed, user), value))
                        .collect(),
                };
                found.iter().map(draw).filter(|draw| !draw.values.is_empty()).collect()
            };
            let mut measures = [draws(returns), draws(rankings), draws(cold_rankings)];
            // One draw without held-out choices, and the measure says nothing over draws.
            measures.iter_mut().filter(|draws| draws.len() < tables.len()).for_each(Vec::clear);
            let found = found.iter().map(|(_, evaluation)| &evaluation.row).collect();
            Row { policy: &first.row.policy, privileged: first.row.privileged, measures, found }
        })
    };
    tables.first().into_iter().flat_map(|(_, table)| all(table)).filter_map(of).collect()
}

fn returns(evaluation: &Evaluation) -> BTreeMap<String, f64> {
    let table = &evaluation.table;
    let n_seeds = table.seeds.len().max(1) as f64;
    let of = |(at, user): (usize, &mdp::UserIdx)| {
        let sum: f64 = table.seeds.iter().map(|seed| seed.means[at].r_traj).sum();
        (user.0.to_string(), sum / n_seeds)
    };
    table.users.iter().enumerate().map(of).collect()
}

fn rankings(evaluation: &Evaluation) -> BTreeMap<String, f64> {
    mean_ndcg(&evaluation.rankings)
}

fn cold_rankings(evaluation: &Evaluation) -> BTreeMap<String, f64> {
    mean_ndcg(&evaluation.cold_rankings)
}

/// The mean over trainings, of each user.
fn mean_ndcg(rankings: &[Vec<RankedUser>]) -> BTreeMap<String, f64> {
    let share = 1.0 / rankings.len().max(1) as f64;
    let mut out = BTreeMap::new();
    for user in rankings.iter().flatten() {
        *out.entry(user.user.0.to_string()).or_insert(0.0) += share * user.ndcg;
    }
    out
}

/// The first algorithm against the rows that were named, on both axes (and among cold items); Holm over all of them.
fn contrasts(
    config: &RunConfig,
    rows: &[Row<'_>],
    plan: &BootstrapPlan,
) -> Result<(Vec<DrawContrast>, Vec<String>), PipelineError> {
    let find = |name: &str| rows.iter().find(|row| row.policy == name);
    let (mut out, mut untold) = (Vec::new(), Vec::new());
    let is_cold = rows.iter().any(|row| !row.measures[2].is_empty());
    for (at, measure) in MEASURES.into_iter().enumerate().filter(|(_, measure)| *measure != COLD || is_cold) {
        for name in config.named_contrasts() {
            let pair = find(&config.algorithms[0]).zip(find(name));
            let measured = pair.filter(|(a, b)| !a.measures[at].is_empty() && !b.measures[at].is_empty());
            let Some((subject, row)) = measured else {
                untold.push(format!("{name}, {measure}"));
                continue;
            };
            let (ours, theirs) = (&subject.measures[at], &row.measures[at]);
            let contrast = contrast((subject.policy, ours), (row.policy, theirs), plan)?;
            let deviation = contrast.difference.deviation;
            out.push(DrawContrast {
                measure: measure.to_owned(),
                adjusted_p: contrast.p,
                improvement: probability_of_improvement(ours, theirs),
                detectable: minimum_detectable_difference(deviation, contrast.difference.means.len()),
                contrast,
            });
        }
    }
    let told = out.iter().map(|contrast: &DrawContrast| contrast.contrast.p);
    let adjusted = holm(&told.chain(untold.iter().map(|_| 1.0)).collect::<Vec<_>>());
    out.iter_mut().zip(adjusted).for_each(|(contrast, p)| contrast.adjusted_p = p);
    Ok((out, untold))
}
