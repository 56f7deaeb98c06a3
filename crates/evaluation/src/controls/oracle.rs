//! The most that could be had: knows the truth and the exit rule.

use super::order::{Order, certain, certain_log_probs};
use super::session_planner::{Expectations, Plans, SessionPlanner};
use environment::{Environment, EnvironmentError};
use mdp::{
    Choice, ItemIdx, ItemSet, Policy, PolicySession, RewardSource, Rng, SessionContext, StepEnd,
    UnknownLogProbs, UserIdx,
};
use std::cmp::Ordering;
use std::sync::Arc;

/// Plans whole sessions in the environment that will judge it and keeps the plan that is worth most. Privileged.
///
/// One plan is that of [`SessionPlanner`] with the truth in the place of expectations. The others pay no heed to what is unlikely:
/// each shows, step by step, the best-liked item that does not end the session; they differ in how they
/// break ties between equally liked items, which decides what later steps can still show: rare categories first,
/// few categories first, or common categories first. The best of the four is a lower bound of the optimum; a
/// test with random tastes holds it to 95 % of the user's best rewards added up, which no session can exceed.
#[derive(Clone)]
pub struct Oracle {
    environment: Environment,
    /// How many items the categories of an item appear in, added up: what showing it may block.
    n_blocked: Arc<Vec<u32>>,
    plans: Arc<Plans>,
}

impl Oracle {
    /// Knows the rewards, rule and horizon of this environment.
    pub fn new(environment: Environment) -> Self {
        let n_items = environment.n_items();
        let none = Vec::new();
        let n_blocked = environment.features().categories.as_ref().map_or(vec![0; n_items], |categories| {
            let n_categories = categories.iter().flatten().map(|&c| c as usize + 1).max().unwrap_or(0);
            let mut n_items_with = vec![0u32; n_categories];
            categories.iter().flatten().for_each(|&c| n_items_with[c as usize] += 1);
            let blocked_by = |item: usize| {
                categories.get(item).unwrap_or(&none).iter().map(|&c| n_items_with[c as usize]).sum()
            };
            (0..n_items).map(blocked_by).collect()
        });
        let plans = Arc::new(Plans::new(environment.n_users()));
        Self { environment, n_blocked: Arc::new(n_blocked), plans }
    }

    fn best_plan(&self, context: SessionContext<'_>) -> Vec<ItemIdx> {
        let mut truth = vec![0.0; self.environment.n_items()];
        self.environment.rewards().fill_row(context.user, &mut truth);
        let categories = self.environment.features().categories.as_ref();
        let n_categories = |item: usize| categories.map_or(0, |all| all[item].len());
        let n_blocked = &self.n_blocked;
        let ties: [&dyn Fn(usize, usize) -> Ordering; 3] = [
            &|a, b| n_blocked[a].cmp(&n_blocked[b]),
            &|a, b| n_categories(a).cmp(&n_categories(b)),
            &|a, b| n_blocked[b].cmp(&n_blocked[a]),
        ];
        let plans = ties.iter().filter_map(|tie| {
            let order = Order::by(truth.len(), |a, b| truth[b].total_cmp(&truth[a]).then_with(|| tie(a, b)));
            self.plan(context, &truth, order).ok()
        });
        let planner =
            SessionPlanner::new(Arc::new(Truth(self.environment.clone())), self.environment.clone());
        let plans =
            plans.chain([planner.best_plan(context)]).map(|plan| (planner.worth(context, &plan), plan));
        let better = |a: (f32, Vec<ItemIdx>), b: (f32, Vec<ItemIdx>)| if b.0 > a.0 { b } else { a };
        plans.reduce(better).map(|(_, plan)| plan).unwrap_or_default()
    }

    /// Plays one order to the likeliest end of the session; returns what it showed.
    fn plan(
        &self,
        context: SessionContext<'_>,
        truth: &[f32],
        mut order: Order,
    ) -> Result<Vec<ItemIdx>, EnvironmentError> {
        let lowest_kept = self.environment.rule().low_reward().map_or(f32::MIN, |low| low.below);
        let mut shown = ItemSet::empty(self.environment.n_items());
        context.history.iter().for_each(|interaction| {
            shown.insert(interaction.item);
        });
        let mut session = self.environment.start_likeliest(context.user)?;
        while session.end() == StepEnd::Continues && shown.len() < shown.n_items() {
            let stays =
                |item: ItemIdx| truth[item.index()] >= lowest_kept && session.would_end(item).is_none();
            // Where every item ends the session, the best-liked one ends it best.
            let item = order.best(&shown, stays).unwrap_or_else(|| order.best_or_any(&shown));
            session.step(item)?;
            shown.insert(item);
        }
        Ok(session.shown().to_vec())
    }
}

/// Rewards as they were drawn.
struct Truth(Environment);

impl Expectations for Truth {
    fn n_items(&self) -> usize {
        self.0.n_items()
    }

    fn expected_row(&self, user: UserIdx, limit: f32, rewards: &mut [f32], low: &mut [f32]) {
        self.0.rewards().fill_row(user, rewards);
        low.iter_mut().zip(rewards).for_each(|(low, reward)| *low = f32::from(u8::from(*reward < limit)));
    }
}

impl Policy for Oracle {
    fn name(&self) -> String {
        "oracle".to_owned()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        let mut plan = self.plans.get(context, || self.best_plan(context)).to_vec();
        plan.reverse();
        Box::new(OracleSession { rewards: self.environment.rewards().as_ref(), user: context.user, plan })
    }
}

struct OracleSession<'a> {
    rewards: &'a dyn RewardSource,
    user: UserIdx,
    /// What is left of the plan, last item first.
    plan: Vec<ItemIdx>,
}

impl OracleSession<'_> {
    /// The next item of the plan that was not shown. It stays in the plan: once shown, it is passed over.
    fn planned(&mut self, shown: &ItemSet) -> ItemIdx {
        while let Some(&item) = self.plan.last() {
            if !shown.contains(item) {
                return item;
            }
            self.plan.pop();
        }
        // The plan reaches the end of the session; beyond it (rankings) the truth alone decides.
        let mut truth = vec![0.0; self.rewards.n_items()];
        self.rewards.fill_row(self.user, &mut truth);
        Order::by_score(&truth).best_or_any(shown)
    }
}

impl PolicySession for OracleSession<'_> {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        certain_log_probs(self.planned(shown), out)
    }

    fn choose(&mut self, shown: &ItemSet, _rng: &mut Rng) -> Choice {
        certain(self.planned(shown))
    }

    fn observe(&mut self, _item: ItemIdx, _reward: f32) {}
}
