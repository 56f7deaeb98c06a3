//! Every row of a table: the same users, worlds, rule, scoring and seeds.

use crate::ledger::key;
use crate::results::{AblationRow, RuleResults};
use crate::run::Session;
use crate::stages::Ground;
use crate::stages::demos::Demonstrated;
use crate::stages::train::TrainedPolicy;
use crate::{PipelineError, Variant};
use demonstrations::{Demos, describe};
use environment::{Start, rollout};
use evaluation::{
    Evaluation, Greedy, GreedyDiverse, Oracle, Popularity, RandomFreshGenre, RankedUser, Rollouts, Setting,
    UniformRandom, evaluate as summarise, paired_difference, rank_users, replay,
};
use mdp::{Interaction, ItemIdx, Policy, UserIdx};

const LIKED: f32 = 4.0;
const WINDOW: usize = 4;
const SLATE: usize = 10;

/// Evaluates everything under one rule in the judge world.
pub(crate) fn evaluate(
    session: &mut Session<'_>,
    ground: &Ground<'_>,
    demos: &Demonstrated,
    trained: &[TrainedPolicy],
) -> Result<RuleResults, PipelineError> {
    let config = session.config;
    let policies: Vec<(&str, u64, &String)> =
        trained.iter().map(|t| (t.variant.name(), t.seed, &t.hash)).collect();
    let name = format!("{}/evaluation", ground.name);
    let path = session.place.out.join(ground.name).join("evaluation.json");
    let read = |source| PipelineError::Read { path: path.clone(), source };
    let key = key(&[&policies, &demos.key, &config.evaluation, &config.seed]);
    session.stage(
        &name,
        &key,
        || {
            let bytes = std::fs::read(&path).map_err(read)?;
            serde_json::from_slice(&bytes).map_err(|e| read(std::io::Error::other(e)))
        },
        |_| {
            let judge = Judge::new(ground, config);
            let results = judge.table(demos, trained)?;
            artefact::replace_file(&path, &serde_json::to_vec_pretty(&results).expect("plain data"))?;
            Ok(results)
        },
    )
}

/// What all rows have in common.
struct Judge<'a> {
    ground: &'a Ground<'a>,
    users: Vec<(UserIdx, &'a [Interaction])>,
    liked: Vec<Vec<ItemIdx>>,
    eval_seeds: Vec<u64>,
    scoring: evaluation::Scoring,
}

impl<'a> Judge<'a> {
    fn new(ground: &'a Ground<'a>, config: &crate::RunConfig) -> Self {
        let mut users = ground.users(&ground.worlds.world.split().test);
        if config.evaluation.n_users > 0 {
            users.truncate(config.evaluation.n_users);
        }
        let liked = users
            .iter()
            .map(|(user, _)| {
                let held_out = &ground.worlds.log.judge[user.index()];
                held_out.iter().filter(|x| x.rating >= LIKED).map(|x| x.item).collect()
            })
            .collect();
        let eval_seeds =
            (0..config.evaluation.eval_seeds).map(|k| config.seed.wrapping_add(1000 + k)).collect();
        Self { ground, users, liked, eval_seeds, scoring: config.evaluation.scoring }
    }

    fn setting(&self, policy: &str, privileged: bool, world: &str) -> Setting {
        Setting {
            policy: policy.to_owned(),
            privileged,
            world: world.to_owned(),
            exit_rule: self.ground.judge.rule().name().to_owned(),
            scoring: self.scoring,
            n_items: self.ground.judge.n_items(),
            bootstrap: Default::default(),
        }
    }

    /// One row: a policy, or one per training seed.
    fn row(
        &self,
        name: &str,
        privileged: bool,
        policies: &[(Option<u64>, &dyn Policy)],
    ) -> Result<Evaluation, PipelineError> {
        let mut rollouts = Vec::new();
        let mut rankings: Vec<Vec<RankedUser>> = Vec::new();
        let held_out: Vec<(UserIdx, &[Interaction], &[ItemIdx])> = self
            .users
            .iter()
            .zip(&self.liked)
            .map(|(&(user, history), liked)| (user, history, liked.as_slice()))
            .collect();
        for &(training_seed, policy) in policies {
            for &eval_seed in &self.eval_seeds {
                let starts: Vec<Start<'_>> =
                    self.users.iter().map(|&(user, history)| Start { user, history, stream: 0 }).collect();
                let trajectories = rollout(&self.ground.judge, policy, &starts, eval_seed)?;
                rollouts.push(Rollouts { training_seed, eval_seed, trajectories });
            }
            rankings.push(rank_users(
                policy,
                &held_out,
                self.ground.judge.n_items(),
                SLATE,
                self.eval_seeds[0],
            ));
        }
        Ok(summarise(&self.setting(name, privileged, "judge"), &rollouts, &rankings)?)
    }

    fn trained_row(&self, variant: Variant, trained: &[TrainedPolicy]) -> Result<Evaluation, PipelineError> {
        let policies: Vec<(Option<u64>, &dyn Policy)> = trained
            .iter()
            .filter(|t| t.variant == variant)
            .map(|t| (Some(t.seed), &t.policy as &dyn Policy))
            .collect();
        self.row(variant.name(), false, &policies)
    }

    /// The demonstrations themselves, played again in the judge world. Their users are training users.
    fn demonstrators(&self, demos: &Demonstrated) -> Result<Evaluation, PipelineError> {
        let sessions: Vec<(UserIdx, Vec<ItemIdx>)> = demos
            .all()
            .iter()
            .map(|d| (d.user, d.steps.iter().map(|step| step.step.item).collect()))
            .collect();
        let trajectories = replay(&self.ground.judge, &sessions)?;
        let rollouts = [Rollouts { training_seed: None, eval_seed: self.eval_seeds[0], trajectories }];
        Ok(summarise(&self.setting("demonstrator", false, "judge"), &rollouts, &[])?)
    }

    fn controls(&self) -> Result<Vec<Evaluation>, PipelineError> {
        let Ground { judge, log, worlds, .. } = self.ground;
        let world = &worlds.world;
        let train_logs: Vec<&[Interaction]> =
            self.ground.users(&world.split().train).into_iter().map(|(_, history)| history).collect();
        let popularity = Popularity::new(train_logs, log.dataset.n_items());
        let greedy = Greedy::new(world.train_means());
        let mut rows = vec![
            self.row("uniform", false, &[(None, &UniformRandom)])?,
            self.row("popularity", false, &[(None, &popularity)])?,
            self.row("greedy", false, &[(None, &greedy)])?,
        ];
        if let Some(categories) = judge.features().categories.clone() {
            let fresh = RandomFreshGenre::new(categories, WINDOW);
            rows.push(self.row("random-fresh-genre", false, &[(None, &fresh)])?);
        }
        Ok(rows)
    }

    /// What can be reached with which knowledge: the train world's means and the rule; the judge's means and the
    /// rule; the judge's drawn truth too. Where the truth is drawn, no policy that learns from logs and sessions
    /// can know its noise, so the second row is the ceiling and the third one is out of reach.
    fn privileged(&self) -> Result<[Evaluation; 3], PipelineError> {
        let Ground { judge, worlds, .. } = self.ground;
        let planner = GreedyDiverse::new(worlds.world.train_means(), judge)?;
        let told = GreedyDiverse::new(worlds.world.judge_means(), judge)?;
        let oracle = Oracle::new(judge.clone());
        Ok([
            self.row("greedy-diverse", true, &[(None, &planner)])?,
            self.row("judge-diverse", true, &[(None, &told)])?,
            self.row("oracle", true, &[(None, &oracle)])?,
        ])
    }

    fn table(&self, demos: &Demonstrated, trained: &[TrainedPolicy]) -> Result<RuleResults, PipelineError> {
        let full = self.trained_row(Variant::Full, trained)?;
        let mut evaluations = self.controls()?;
        evaluations.push(self.demonstrators(demos)?);
        evaluations.push(self.trained_row(Variant::BehaviorCloning, trained)?);
        evaluations.push(self.trained_row(Variant::ActorCritic, trained)?);
        evaluations.push(full.clone());
        let [planner, told, oracle] = self.privileged()?;
        let share = |of: &Evaluation| full.row.r_traj.mean / of.row.r_traj.mean;
        let (share_of_greedy_diverse, share_of_oracle) = (share(&planner), share(&oracle));
        evaluations.extend([planner, told, oracle]);
        let plan = Default::default();
        let against = |other: &Evaluation| {
            let (name, other_name) = (full.row.policy.as_str(), other.row.policy.as_str());
            paired_difference((name, &full.table), (other_name, &other.table), &plan)
        };
        let others = || evaluations.iter().filter(|e| e.row.policy != full.row.policy);
        // Demonstrations are of training users, so there are no pairs with test users.
        let differences =
            others().filter(|e| e.row.policy != "demonstrator").map(against).collect::<Result<_, _>>()?;
        let mut ablations = Vec::new();
        for variant in Variant::ABLATIONS {
            let runs: Vec<&TrainedPolicy> = trained.iter().filter(|t| t.variant == variant).collect();
            if runs.is_empty() {
                continue;
            }
            let evaluation = self.trained_row(variant, trained)?;
            let aucs: Vec<f64> = runs.iter().filter_map(|t| t.story.weight_auc).collect();
            let weight_auc = (!aucs.is_empty()).then(|| aucs.iter().sum::<f64>() / aucs.len() as f64);
            ablations.push(AblationRow { difference: against(&evaluation)?, evaluation, weight_auc });
        }
        Ok(RuleResults {
            exit_rule: self.ground.judge.rule().name().to_owned(),
            rule: *self.ground.judge.rule(),
            evaluations,
            differences,
            share_of_oracle,
            share_of_greedy_diverse,
            ablations,
            demonstrations: described(demos),
        })
    }
}

fn described(demos: &Demonstrated) -> demonstrations::DemosDescription {
    match demos.sources.as_slice() {
        [one] => describe(one),
        several => {
            let names: Vec<String> = several.iter().map(|source| describe(source).source).collect();
            let origin = demonstrations::Origin::Derived { change: names.join(", ") };
            describe(&Demos { origin, demonstrations: demos.all() })
        }
    }
}
