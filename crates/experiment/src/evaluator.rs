//! What a policy earns, and what its first slate says about held-out choices.

use crate::{Domain, Environments, ExperimentError};
use demonstrations::Demos;
use environment::{Environment, EnvironmentError, Start, rollout};
use evaluation::metrics::{ItemFacts, LIST_LENGTH, ListValues, check_table_metrics};
use evaluation::{
    AskedUser, Difference, EvalRow, Evaluation, EvaluationError, Greedy, JudgeValidity, Oracle, OtherJudge,
    Popularity, RandomFreshGenre, Repeating, Rollouts, Scoring, SessionPlanner, Setting, Slate,
    UniformRandom, evaluate, is_privileged, paired_difference, rank_users, ranking_intervals, replay,
};
use mdp::{ItemIdx, Policy, Trajectory, UserIdx};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use world_model::{Agreement, EngagementFamily, Side, Validity};

/// Controls that need no training, in the order of tables; the last three are privileged.
pub const CONTROLS: [&str; 7] =
    [UNIFORM, "popularity", "greedy", RANDOM_FRESH_GENRE, "train-planner", "judge-planner", "oracle"];

/// The name of uniform choice in tables; `random` is understood, too.
pub const UNIFORM: &str = "uniform";

/// The name of the control that draws what has no category in common with the last few items; it demonstrates, too.
pub const RANDOM_FRESH_GENRE: &str = "random-fresh-genre";

/// How many recent items the fresh-genre control avoids.
pub(crate) const FRESH_WINDOW: usize = 4;

/// Evaluation seeds stand apart from training seeds.
const FIRST_EVAL_SEED: u64 = 1_000;

/// How policies are judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationSettings {
    /// Test users, at most; 0 for all.
    pub n_users: usize,
    /// Sessions per user, each with its own seed.
    pub eval_seeds: u64,
    /// `raw`, `low0` or `billp`.
    pub scoring: Scoring,
    /// Which metrics of lists of ten have a column in text tables; all of them are computed.
    pub metrics: Vec<String>,
    /// Whether a session may show an item again. Nobody is made to: policies are no longer told what the session has shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub repeats: bool,
}

impl Default for EvaluationSettings {
    fn default() -> Self {
        Self {
            n_users: 0,
            eval_seeds: 3,
            scoring: Scoring::Raw,
            metrics: vec!["ndcg@10".to_owned()],
            repeats: false,
        }
    }
}

/// A policy that is judged.
#[derive(Clone, Copy)]
pub struct Contestant<'a> {
    /// The seed it was trained with, where it was trained.
    pub training_seed: Option<u64>,
    /// The policy.
    pub policy: &'a dyn Policy,
}

/// What all rows of a table have in common: users, world, rule, scoring, seeds. The same policy has the same numbers
/// wherever it is judged.
#[derive(Debug)]
pub struct Evaluator {
    domain: Arc<Domain>,
    environments: Environments,
    /// Judges of other families, under the judge's rule.
    others: Vec<(&'static str, Environment)>,
    side: Side,
    scoring: Scoring,
    repeats: bool,
    eval_seeds: Vec<u64>,
    users: Vec<UserIdx>,
    /// What each of the users chose in the held-out log.
    relevant: Vec<Vec<ItemIdx>>,
    /// How popular items are among training users.
    facts: ItemFacts<'static>,
}

impl Evaluator {
    /// Judges test users (all, or the first `settings.n_users`) in one of the environments, that of `side`. Which
    /// sessions they have follows from `seed` and the settings alone.
    ///
    /// # Errors
    /// When there are no test users, or no table can show a metric of the settings.
    pub fn new(
        domain: Arc<Domain>,
        environments: Environments,
        side: Side,
        settings: &EvaluationSettings,
        seed: u64,
    ) -> Result<Self, ExperimentError> {
        check_table_metrics(&settings.metrics)?;
        let split = domain.world.split();
        let most = if settings.n_users == 0 { usize::MAX } else { settings.n_users };
        let users: Vec<UserIdx> = split.test.iter().copied().take(most).collect();
        if users.is_empty() {
            return Err(ExperimentError::NoTestUsers {
                n_train: split.train.len(),
                n_validation: split.validation.len(),
            });
        }
        let relevant = users.iter().map(|user| domain.held_out(*user)).collect();
        let eval_seeds = (0..settings.eval_seeds).map(|k| seed.wrapping_add(FIRST_EVAL_SEED + k)).collect();
        let EvaluationSettings { scoring, repeats, .. } = *settings;
        let others = match side {
            Side::Train => Vec::new(),
            Side::Judge => other_judges(&domain, &environments.judge)?,
        };
        let train = domain.with_histories(&split.train);
        let facts = ItemFacts::of_log(domain.n_items(), train.into_iter().map(|(_, history)| history));
        Ok(Self { domain, environments, others, side, scoring, repeats, eval_seeds, users, relevant, facts })
    }

    /// One row: a policy, or the same one trained with several seeds.
    ///
    /// # Errors
    /// When a policy chooses what cannot be shown.
    pub fn evaluate(
        &self,
        name: &str,
        contestants: &[Contestant<'_>],
    ) -> Result<Evaluation, ExperimentError> {
        let users = self.domain.with_histories(&self.users);
        let starts: Vec<Start<'_>> =
            users.iter().map(|&(user, history)| Start { user, history, stream: 0 }).collect();
        let held_out: Vec<_> = users
            .iter()
            .zip(&self.relevant)
            .map(|(&(user, history), relevant)| {
                let passed_over = self.domain.passed_over(user);
                AskedUser { user, history, passed_over, relevant, among: None }
            })
            .collect();
        let cold = self.domain.world.cold_items();
        let among_cold: Vec<_> =
            held_out.iter().map(|asked| AskedUser { among: cold.as_ref(), ..*asked }).collect();
        let distance = |a: ItemIdx, b: ItemIdx| self.domain.category_distance(a, b);
        let facts = match self.domain.dataset.catalogue.categories() {
            [] => self.facts.clone(),
            _ => self.facts.clone().with_distance(&distance),
        };
        let (mut rollouts, mut rankings, mut cold_rankings) = (Vec::new(), Vec::new(), Vec::new());
        let mut list_values = Vec::new();
        // As tables have them.
        let mut ascending = contestants.to_vec();
        ascending.sort_by_key(|contestant| contestant.training_seed);
        for Contestant { training_seed, policy } in ascending {
            for &eval_seed in &self.eval_seeds {
                let trajectories = self.sessions(self.environment(), policy, &starts, eval_seed)?;
                rollouts.push(Rollouts { training_seed, eval_seed, trajectories });
            }
            let seed = self.eval_seeds[0];
            let slates = |asked: &[_]| rank_users(policy, asked, self.domain.n_items(), LIST_LENGTH, seed);
            let ranked = |slates: &[Slate]| slates.iter().map(|slate| slate.ranked(LIST_LENGTH)).collect();
            let lists = slates(&held_out);
            rankings.push(ranked(&lists));
            list_values.push(ListValues::of(&lists, &facts)?);
            if cold.is_some() {
                cold_rankings.push(ranked(&slates(&among_cold)));
            }
        }
        let setting = self.setting(name);
        let mut evaluation = evaluate(&setting, &rollouts, &rankings)?;
        let ListValues { values, strata } = ListValues::mean(&list_values);
        (evaluation.row.metrics, evaluation.row.strata) = (values, strata);
        evaluation.row.cold = ranking_intervals(&cold_rankings)?;
        evaluation.cold_rankings = cold_rankings;
        let asked: &[_] = if setting.privileged { &[] } else { &self.others };
        for (judge, environment) in asked {
            let r_traj = self.mean_return(environment, contestants, &starts)?;
            evaluation.row.other_judges.push(OtherJudge { judge: (*judge).to_owned(), r_traj });
        }
        Ok(evaluation)
    }

    fn sessions(
        &self,
        environment: &Environment,
        policy: &dyn Policy,
        starts: &[Start<'_>],
        seed: u64,
    ) -> Result<Vec<Trajectory>, EnvironmentError> {
        let repeating = Repeating(policy);
        rollout(environment, if self.repeats { &repeating } else { policy }, starts, seed)
    }

    /// What contestants earn in an environment.
    fn mean_return(
        &self,
        environment: &Environment,
        contestants: &[Contestant<'_>],
        starts: &[Start<'_>],
    ) -> Result<f64, ExperimentError> {
        let mut returns = Vec::new();
        let seeds = self.eval_seeds.iter();
        for (contestant, &eval_seed) in
            contestants.iter().flat_map(|of| seeds.clone().map(move |seed| (of, seed)))
        {
            let sessions = self.sessions(environment, contestant.policy, starts, eval_seed)?;
            let scored = sessions.iter().map(|session| self.scoring.apply(session));
            returns.extend(
                scored.map(|session| session.steps.iter().map(|step| f64::from(step.reward)).sum::<f64>()),
            );
        }
        Ok(returns.iter().sum::<f64>() / returns.len().max(1) as f64)
    }

    /// The row of a control.
    ///
    /// # Errors
    /// When there is none of that name ([`CONTROLS`]), or the rule cannot be planned for.
    pub fn evaluate_control(&self, name: &str) -> Result<Evaluation, ExperimentError> {
        let policy = self.control(name)?;
        let name = if name == "random" { UNIFORM } else { name };
        self.evaluate(name, &[Contestant { training_seed: None, policy: policy.as_ref() }])
    }

    /// A control by its name.
    ///
    /// # Errors
    /// When there is none of that name ([`CONTROLS`]), or the rule cannot be planned for.
    pub fn control(&self, name: &str) -> Result<Box<dyn Policy>, ExperimentError> {
        let (world, environment) = (&self.domain.world, self.environment());
        let planned_with = |known| self.environments.planned_with(known, self.side);
        Ok(match name {
            UNIFORM | "random" => Box::new(UniformRandom),
            "popularity" => {
                let train = self.domain.with_histories(&world.split().train);
                Box::new(Popularity::new(train.into_iter().map(|(_, history)| history), world.n_items()))
            }
            "greedy" => Box::new(Greedy::new(world.train_means())),
            RANDOM_FRESH_GENRE => {
                let categories = environment.features().categories.clone().unwrap_or_default();
                Box::new(RandomFreshGenre::new(categories, FRESH_WINDOW))
            }
            "train-planner" => Box::new(SessionPlanner::new(
                world.expectations(Side::Train),
                planned_with(Side::Train).clone(),
            )),
            "judge-planner" => Box::new(SessionPlanner::new(
                world.expectations(Side::Judge),
                planned_with(Side::Judge).clone(),
            )),
            "oracle" => Box::new(Oracle::new(environment.clone())),
            other => return Err(ExperimentError::UnknownControl { name: other.to_owned() }),
        })
    }

    /// Whether a control of this name says anything here: fresh genres need categories.
    pub fn has_control(&self, name: &str) -> bool {
        name != RANDOM_FRESH_GENRE || self.environment().features().categories.is_some()
    }

    /// The row of the demonstrations themselves, played again to the users they were made for, who are training users: no
    /// expert is asked while judging.
    ///
    /// # Errors
    /// When they show items that the world does not have.
    pub fn evaluate_demonstrator(&self, demos: &[Demos]) -> Result<Evaluation, ExperimentError> {
        let sessions: Vec<(UserIdx, Vec<ItemIdx>)> = demos
            .iter()
            .flat_map(|source| &source.demonstrations)
            .map(|demo| (demo.user, demo.steps.iter().map(|step| step.step.item).collect()))
            .collect();
        let eval_seed = self.eval_seeds[0];
        let trajectories = replay(self.environment(), &sessions, eval_seed)?;
        let rollouts = [Rollouts { training_seed: None, eval_seed, trajectories }];
        Ok(evaluate(&self.setting("demonstrator"), &rollouts, &[])?)
    }

    /// Where sessions are judged.
    fn environment(&self) -> &Environment {
        self.environments.of(self.side)
    }

    fn setting(&self, policy: &str) -> Setting {
        Setting {
            policy: policy.to_owned(),
            privileged: is_privileged(policy),
            world: if self.side == Side::Judge { "judge" } else { "train" }.to_owned(),
            exit_rule: self.environment().rule().label()
                + if self.repeats { ", repeats allowed" } else { "" },
            scoring: self.scoring,
            n_items: self.domain.n_items(),
            protocol: self.domain.world.protocol_label(),
            validity: self.domain.world.validity().filter(|_| self.side == Side::Judge).map(judge_validity),
        }
    }
}

/// The judges that do not judge, answering under the same rule.
fn other_judges(
    domain: &Domain,
    environment: &Environment,
) -> Result<Vec<(&'static str, Environment)>, ExperimentError> {
    let families = domain.world.judge_families().skip(1);
    let of = |family: EngagementFamily| {
        let truth = domain.world.judge_truth_of(family)?;
        let (features, rule) = (environment.features().clone(), environment.rule().clone());
        Some(
            Environment::new(truth, features, rule, environment.horizon())
                .map(|judge| (family.name(), judge)),
        )
    };
    Ok(families.filter_map(of).collect::<Result<_, _>>()?)
}

/// What stands beside every row.
fn judge_validity(found: &Validity) -> JudgeValidity {
    let Agreement { all, over_popularity, .. } = found.judge();
    JudgeValidity { agreement: *all, over_popularity: *over_popularity, is_valid: found.is_valid }
}

/// One policy against each of the others that were judged alike, user by user; who shares no user with it (as the
/// demonstrations, which are of training users) is left out.
///
/// # Errors
/// Does not happen: whoever has no user in common is left out.
pub fn paired_differences(
    evaluations: &[Evaluation],
    subject: usize,
) -> Result<Vec<Difference>, EvaluationError> {
    let Some(ours) = evaluations.get(subject) else { return Ok(Vec::new()) };
    let setting = |row: &EvalRow| (row.world.clone(), row.exit_rule.clone(), row.scoring);
    let mut found = Vec::new();
    for (at, other) in evaluations.iter().enumerate() {
        if at == subject || setting(&other.row) != setting(&ours.row) {
            continue;
        }
        let named = (ours.row.policy.as_str(), &ours.table);
        let against = (other.row.policy.as_str(), &other.table);
        match paired_difference(named, against) {
            Ok(difference) => found.push(difference),
            Err(EvaluationError::NoCommonUsers { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}
