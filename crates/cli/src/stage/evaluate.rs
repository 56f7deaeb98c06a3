//! Stage `evaluate`: sessions of every policy and control, scored, with intervals.

use super::demos;
use super::domain::Domain;
use super::policy::Trained;
use crate::failure::Failure;
use ::demonstrations::{CollectOptions, Demos, Origin};
use environment::{Environment, Start, rollout};
use evaluation::{
    BootstrapPlan, Evaluation, Greedy, GreedyDiverse, Oracle, Popularity, RandomFreshGenre, Rollouts,
    Scoring, Setting, UniformRandom, evaluate, is_privileged, rank_users, replay,
};
use mdp::{ItemIdx, Policy, Trajectory, UserIdx};
use serde::{Deserialize, Serialize};
use server::RemotePolicy;
use world_model::Side;

/// `[evaluation]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EvaluationSettings {
    /// At most so many test users.
    pub(crate) users: usize,
    /// Sessions of every user, each with its own seed.
    pub(crate) eval_seeds: usize,
    /// `raw`, `low0` or `billp`.
    pub(crate) scoring: Scoring,
}

impl Default for EvaluationSettings {
    fn default() -> Self {
        Self { users: 1_000, eval_seeds: 3, scoring: Scoring::Raw }
    }
}

/// The name of uniform choice in tables; `random` is understood, too.
pub(crate) const UNIFORM: &str = "uniform";

/// Controls that need no training, in the order of tables; the last three are privileged.
pub(crate) const CONTROLS: [&str; 7] =
    [UNIFORM, "random-fresh-genre", "popularity", "greedy", "greedy-diverse", "judge-diverse", "oracle"];

/// How many items a ranking has.
const RANKED: usize = 10;

/// Where policies are judged.
#[derive(Debug)]
pub(crate) struct Court<'a> {
    domain: &'a Domain,
    environment: &'a Environment,
    side: Side,
    settings: &'a EvaluationSettings,
    seed: u64,
    users: Vec<UserIdx>,
    liked: Vec<Vec<ItemIdx>>,
}

impl<'a> Court<'a> {
    /// Judges test users (at most as many as the settings say) in `environment`, which answers as `side`.
    pub(crate) fn new(
        domain: &'a Domain,
        environment: &'a Environment,
        side: Side,
        settings: &'a EvaluationSettings,
        seed: u64,
    ) -> Self {
        let test = &domain.world.split().test;
        let users: Vec<UserIdx> = test.iter().copied().take(settings.users).collect();
        let liked = domain.liked(&users);
        Self { domain, environment, side, settings, seed, users, liked }
    }

    /// One policy, or one per training seed, as one row.
    pub(crate) fn judge(
        &self,
        name: &str,
        policies: &[(Option<u64>, &dyn Policy)],
    ) -> Result<Evaluation, Failure> {
        let mut rollouts = Vec::new();
        let mut rankings = Vec::new();
        for &(training_seed, policy) in policies {
            for eval_seed in self.eval_seeds() {
                let trajectories = self.sessions(policy, eval_seed)?;
                rollouts.push(Rollouts { training_seed, eval_seed, trajectories });
            }
            let users: Vec<_> = self
                .domain
                .with_histories(&self.users)
                .into_iter()
                .zip(&self.liked)
                .map(|((user, history), liked)| (user, history, liked.as_slice()))
                .collect();
            rankings.push(rank_users(policy, &users, self.domain.n_items(), RANKED, self.seed));
        }
        self.summarise(name, &rollouts, &rankings)
    }

    /// A control by name.
    pub(crate) fn control(&self, name: &str) -> Result<Evaluation, Failure> {
        let (world, n_items) = (&self.domain.world, self.domain.n_items());
        let name = if name == "random" { UNIFORM } else { name };
        let policy: Box<dyn Policy> = match name {
            UNIFORM => Box::new(UniformRandom),
            "random-fresh-genre" => {
                let categories = self.environment.features().categories.clone().unwrap_or_default();
                Box::new(RandomFreshGenre::new(categories, FRESH_WINDOW))
            }
            "popularity" => {
                let train = self.domain.with_histories(&world.split().train);
                Box::new(Popularity::new(train.into_iter().map(|(_, history)| history), n_items))
            }
            "greedy" => Box::new(Greedy::new(world.train_means())),
            "greedy-diverse" => Box::new(GreedyDiverse::new(world.train_means(), self.environment)?),
            "judge-diverse" => Box::new(GreedyDiverse::new(world.judge_means(), self.environment)?),
            "oracle" => Box::new(Oracle::new(self.environment.clone())),
            other => {
                return Err(Failure::input(format!("no control `{other}`"))
                    .hint(format!("one of {}", CONTROLS.join(", "))));
            }
        };
        self.judge(name, &[(None, policy.as_ref())])
    }

    /// A trained policy.
    pub(crate) fn trained(&self, trained: &Trained) -> Result<Evaluation, Failure> {
        self.judge(&trained.account.name, &[(Some(trained.account.seed), trained.policy.as_ref())])
    }

    /// The policy that a server serves, in sessions over HTTP, and its hash.
    pub(crate) fn served(&self, url: &str) -> Result<(Evaluation, String), Failure> {
        let items = self.domain.dataset.catalogue.items().iter();
        let key = std::env::var("ILREC_API_KEY").ok();
        let policy = RemotePolicy::new(url, key, items.map(|item| item.id.clone()).collect());
        let refused = |why: String| {
            Failure::machine(format!("cannot judge the policy at {url}: {why}"))
                .hint("start it with `ilrec serve`; with --keys, put an API key into ILREC_API_KEY")
        };
        let hash = policy.hash().map_err(refused)?;
        let evaluation = self.judge("served", &[(None, &policy)])?;
        match policy.trouble() {
            Some(why) => Err(refused(why)),
            None => Ok((evaluation, hash)),
        }
    }

    /// The demonstrator itself. The stand-in acts for the same users as everybody; recorded sessions, and those of a
    /// language model, which nobody asks while judging, are shown again to the users they were made for.
    pub(crate) fn demonstrator(&self, demos: &Demos) -> Result<Evaluation, Failure> {
        let mut rollouts = Vec::new();
        match &demos.origin {
            Origin::Collected { expert, report, .. } if report.agents.is_none() => {
                let expert = demos::expert(expert)?;
                let scene = demos::scene(self.domain, self.environment);
                let n_episodes = self.users.len();
                let options =
                    CollectOptions { n_episodes, horizon: self.environment.horizon(), ..Default::default() };
                for eval_seed in self.eval_seeds() {
                    let asked = demos::collect(&scene, &self.users, expert.as_ref(), &options, eval_seed)?;
                    let trajectories = asked.demonstrations.iter().map(|demo| demo.trajectory()).collect();
                    rollouts.push(Rollouts { training_seed: None, eval_seed, trajectories });
                }
            }
            Origin::Collected { .. } | Origin::Imported { .. } | Origin::Derived { .. } => {
                let shown: Vec<(UserIdx, Vec<ItemIdx>)> = demos
                    .demonstrations
                    .iter()
                    .map(|demo| (demo.user, demo.steps.iter().map(|step| step.step.item).collect()))
                    .collect();
                let trajectories = replay(self.environment, &shown)?;
                rollouts.push(Rollouts { training_seed: None, eval_seed: self.seed, trajectories });
            }
        }
        self.summarise("demonstrator", &rollouts, &[])
    }

    fn eval_seeds(&self) -> impl Iterator<Item = u64> {
        (0..self.settings.eval_seeds.max(1) as u64).map(|index| self.seed.wrapping_add(index))
    }

    fn sessions(&self, policy: &dyn Policy, eval_seed: u64) -> Result<Vec<Trajectory>, Failure> {
        let starts: Vec<Start<'_>> = self
            .domain
            .with_histories(&self.users)
            .into_iter()
            .map(|(user, history)| Start { user, history, stream: EVALUATION })
            .collect();
        Ok(rollout(self.environment, policy, &starts, eval_seed)?)
    }

    fn plan(&self) -> BootstrapPlan {
        BootstrapPlan { seed: self.seed, ..BootstrapPlan::default() }
    }

    fn summarise(
        &self,
        name: &str,
        rollouts: &[Rollouts],
        rankings: &[Vec<evaluation::RankedUser>],
    ) -> Result<Evaluation, Failure> {
        let setting = Setting {
            policy: name.to_owned(),
            privileged: is_privileged(name),
            world: if self.side == Side::Judge { "judge" } else { "train" }.to_owned(),
            exit_rule: self.environment.rule().name().to_owned(),
            scoring: self.settings.scoring,
            n_items: self.domain.n_items(),
            bootstrap: self.plan(),
        };
        Ok(evaluate(&setting, rollouts, rankings)?)
    }
}

/// The stream of evaluation sessions.
const EVALUATION: u64 = 0x6576_616c;

/// How many recent items the fresh-genre control avoids.
const FRESH_WINDOW: usize = 4;
