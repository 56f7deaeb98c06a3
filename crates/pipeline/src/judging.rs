//! What a policy earns, and what its first slate says about held-out choices: one definition for every command, so
//! that the same policy has the same numbers wherever it is judged.

use crate::{EvaluationSettings, PipelineError};
use data::split::LogSplit;
use demonstrations::Demos;
use environment::{Environment, Start, rollout};
use evaluation::{
    BootstrapPlan, Evaluation, Greedy, GreedyDiverse, Oracle, Popularity, RandomFreshGenre, RankedUser,
    Rollouts, Setting, UniformRandom, evaluate, is_privileged, rank_users, replay,
};
use mdp::{Interaction, ItemIdx, Policy, UserIdx};
use world_model::{Side, World};

/// Controls that need no training, in the order of tables; the last three are privileged.
pub const CONTROLS: [&str; 7] =
    [UNIFORM, "popularity", "greedy", "random-fresh-genre", "greedy-diverse", "judge-diverse", "oracle"];

/// The name of uniform choice in tables; `random` is understood, too.
pub const UNIFORM: &str = "uniform";

/// From this rating on an item of the held-out log counts as liked in ranking metrics.
const LIKED: f32 = 4.0;

/// How many recent items the fresh-genre control avoids.
const FRESH_WINDOW: usize = 4;

/// Length of the ranking that is held against held-out choices.
const SLATE: usize = 10;

/// Evaluation seeds stand apart from training seeds.
const FIRST_EVAL_SEED: u64 = 1_000;

/// A policy, with the training seed where it was trained.
pub type Contestant<'a> = (Option<u64>, &'a dyn Policy);

/// What all rows of a table have in common: users, world, rule, scoring, seeds.
#[derive(Debug)]
pub struct Judging<'a> {
    world: &'a World,
    log: &'a LogSplit,
    environment: &'a Environment,
    side: Side,
    settings: EvaluationSettings,
    eval_seeds: Vec<u64>,
    users: Vec<(UserIdx, &'a [Interaction])>,
    liked: Vec<Vec<ItemIdx>>,
}

impl<'a> Judging<'a> {
    /// Judges test users (all, or the first `settings.n_users`) in `environment`, which answers as `side`. Which
    /// sessions they have follows from `seed` and the settings alone.
    ///
    /// # Errors
    /// When there are no test users.
    pub fn new(
        (world, log): (&'a World, &'a LogSplit),
        (environment, side): (&'a Environment, Side),
        settings: &EvaluationSettings,
        seed: u64,
    ) -> Result<Self, PipelineError> {
        let split = world.split();
        let most = if settings.n_users == 0 { usize::MAX } else { settings.n_users };
        let test: Vec<UserIdx> = split.test.iter().copied().take(most).collect();
        if test.is_empty() {
            return Err(PipelineError::NoTestUsers {
                n_train: split.train.len(),
                n_validation: split.validation.len(),
            });
        }
        let held_out = |user: &UserIdx| {
            let rows = log.judge[user.index()].iter();
            rows.filter(|row| row.rating >= LIKED).map(|row| row.item).collect()
        };
        let liked = test.iter().map(held_out).collect();
        let users = histories(log, &test);
        let eval_seeds = (0..settings.eval_seeds).map(|k| seed.wrapping_add(FIRST_EVAL_SEED + k)).collect();
        Ok(Self { world, log, environment, side, settings: settings.clone(), eval_seeds, users, liked })
    }

    /// One row: a policy, or one per training seed.
    ///
    /// # Errors
    /// When a policy chooses what cannot be shown.
    pub fn row(&self, name: &str, policies: &[Contestant<'_>]) -> Result<Evaluation, PipelineError> {
        let mut rollouts = Vec::new();
        let mut rankings: Vec<Vec<RankedUser>> = Vec::new();
        let starts: Vec<Start<'_>> =
            self.users.iter().map(|&(user, history)| Start { user, history, stream: 0 }).collect();
        let held_out: Vec<_> = self
            .users
            .iter()
            .zip(&self.liked)
            .map(|(&(user, history), liked)| (user, history, liked.as_slice()))
            .collect();
        for &(training_seed, policy) in policies {
            for &eval_seed in &self.eval_seeds {
                let trajectories = rollout(self.environment, policy, &starts, eval_seed)?;
                rollouts.push(Rollouts { training_seed, eval_seed, trajectories });
            }
            rankings.push(rank_users(policy, &held_out, self.world.n_items(), SLATE, self.eval_seeds[0]));
        }
        Ok(evaluate(&self.setting(name), &rollouts, &rankings)?)
    }

    /// A control by its name.
    ///
    /// # Errors
    /// When there is none of that name ([`CONTROLS`]), or the rule cannot be planned for.
    pub fn control(&self, name: &str) -> Result<Evaluation, PipelineError> {
        let name = if name == "random" { UNIFORM } else { name };
        let policy: Box<dyn Policy> = match name {
            UNIFORM => Box::new(UniformRandom),
            "popularity" => {
                let train = histories(self.log, &self.world.split().train);
                let logs = train.into_iter().map(|(_, history)| history);
                Box::new(Popularity::new(logs, self.world.n_items()))
            }
            "greedy" => Box::new(Greedy::new(self.world.train_means())),
            "random-fresh-genre" => {
                let categories = self.environment.features().categories.clone().unwrap_or_default();
                Box::new(RandomFreshGenre::new(categories, FRESH_WINDOW))
            }
            "greedy-diverse" => Box::new(GreedyDiverse::new(self.world.train_means(), self.environment)?),
            "judge-diverse" => Box::new(GreedyDiverse::new(self.world.judge_means(), self.environment)?),
            "oracle" => Box::new(Oracle::new(self.environment.clone())),
            other => return Err(PipelineError::UnknownControl(other.to_owned())),
        };
        self.row(name, &[(None, policy.as_ref())])
    }

    /// Whether a control of this name says anything here: fresh genres need categories.
    pub fn has_control(&self, name: &str) -> bool {
        name != "random-fresh-genre" || self.environment.features().categories.is_some()
    }

    /// The demonstrations themselves, played again to the users they were made for, who are training users: no
    /// expert is asked while judging.
    ///
    /// # Errors
    /// When they show items that the world does not have.
    pub fn demonstrator(&self, demos: &[Demos]) -> Result<Evaluation, PipelineError> {
        let sessions: Vec<(UserIdx, Vec<ItemIdx>)> = demos
            .iter()
            .flat_map(|source| &source.demonstrations)
            .map(|demo| (demo.user, demo.steps.iter().map(|step| step.step.item).collect()))
            .collect();
        let trajectories = replay(self.environment, &sessions)?;
        let rollouts = [Rollouts { training_seed: None, eval_seed: self.eval_seeds[0], trajectories }];
        Ok(evaluate(&self.setting("demonstrator"), &rollouts, &[])?)
    }

    fn setting(&self, policy: &str) -> Setting {
        Setting {
            policy: policy.to_owned(),
            privileged: is_privileged(policy),
            world: if self.side == Side::Judge { "judge" } else { "train" }.to_owned(),
            exit_rule: self.environment.rule().name().to_owned(),
            scoring: self.settings.scoring,
            n_items: self.world.n_items(),
            bootstrap: BootstrapPlan::default(),
        }
    }
}

/// Users with their logged histories, as policies are given them.
fn histories<'a>(log: &'a LogSplit, users: &[UserIdx]) -> Vec<(UserIdx, &'a [Interaction])> {
    users.iter().map(|&user| (user, &log.world[user.index()])).collect()
}
