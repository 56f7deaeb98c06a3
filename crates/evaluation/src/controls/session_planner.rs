//! The most that can be had by whoever knows what a world gives on average, and when its users leave.

use super::order::{Order, certain, certain_log_probs};
use environment::Environment;
use mdp::{Choice, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs, UserIdx};
use std::sync::{Arc, OnceLock};

/// What a world gives on average, before anything is drawn.
pub trait Expectations: Send + Sync {
    /// Size of the catalogue.
    fn n_items(&self) -> usize;
    /// The expected reward of every item for a user, and how likely it is below `limit`; both `[items]`.
    fn expected_row(&self, user: UserIdx, limit: f32, rewards: &mut [f32], low: &mut [f32]);
}

/// Plans whole sessions with the means and variances of a world and with its exit rule. Privileged. With those of the judge it is
/// the ceiling for policies, which cannot know the luck of the draw either ([`super::Oracle`] does); with those of the train
/// world, for what can be learned there.
///
/// A plan is a fixed order of items: what a session answers is not known beforehand, so its value follows from expectations alone
/// (the chance to be still there, by the number of low rewards in a row). Each plan weighs, item by item, what is earned now against
/// what staying was worth in the plan before; first plans guess that; the best of all is kept. A lower bound of the optimum: a plan
/// does not change its mind in a session.
#[derive(Clone)]
pub struct SessionPlanner {
    expectations: Arc<dyn Expectations>,
    environment: Environment,
    plans: Arc<Plans>,
}

/// Plans by user. A user is asked about several times with one history: a plan is made for the first one seen and kept.
pub(super) struct Plans(Vec<OnceLock<Kept>>);

/// The items of a history, and the plan that was made for it.
type Kept = (Vec<ItemIdx>, Arc<[ItemIdx]>);

impl Plans {
    pub(super) fn new(n_users: usize) -> Self {
        Self((0..n_users).map(|_| OnceLock::new()).collect())
    }

    /// The kept plan, or what `make` makes.
    pub(super) fn get(&self, context: SessionContext<'_>, make: impl Fn() -> Vec<ItemIdx>) -> Arc<[ItemIdx]> {
        let history = || context.history.iter().map(|row| row.item);
        let Some(slot) = self.0.get(context.user.index()) else { return make().into() };
        let (of, plan) = slot.get_or_init(|| (history().collect(), make().into()));
        if of.iter().copied().eq(history()) { plan.clone() } else { make().into() }
    }
}

/// Plans from each first one on, at most; sooner where one is no better than all before.
const N_PLANS: usize = 6;
/// What staying counts for in a first plan, in rewards; nothing after a low one.
const FIRST_WORTHS: [f32; 4] = [0.0, 3.0, 10.0, 30.0];

impl SessionPlanner {
    /// Plans for this environment, whose rewards are never read.
    pub fn new(expectations: Arc<dyn Expectations>, environment: Environment) -> Self {
        let plans = Arc::new(Plans::new(environment.n_users()));
        Self { expectations, environment, plans }
    }

    /// The best plan found, to the horizon at most.
    pub(super) fn best_plan(&self, context: SessionContext<'_>) -> Vec<ItemIdx> {
        let user = Expected::of(self, context);
        let mut best: (f32, Vec<Planned>) = (f32::MIN, Vec::new());
        for first_worth in FIRST_WORTHS {
            let mut values = Vec::new();
            for _ in 0..N_PLANS {
                let plan = user.plan(&values, first_worth);
                values = user.values(&plan);
                if values[0][0] <= best.0 {
                    break;
                }
                best = (values[0][0], plan);
            }
        }
        best.1.iter().map(|step| step.item).collect()
    }

    /// What an order of items is worth for a user, on average.
    pub(super) fn worth(&self, context: SessionContext<'_>, items: &[ItemIdx]) -> f32 {
        Expected::of(self, context).worth(items)
    }
}

/// What is expected of one user.
struct Expected<'a> {
    environment: &'a Environment,
    history: ItemSet,
    rewards: Vec<f32>,
    low: Vec<f32>,
    /// All items, those first that earn most.
    order: Vec<ItemIdx>,
    /// Low rewards in a row that end a session.
    patience: usize,
}

/// One item of a plan, and how likely its content ends the session.
#[derive(Clone, Copy)]
struct Planned {
    item: ItemIdx,
    leaving: f32,
}

impl<'a> Expected<'a> {
    fn of(planner: &'a SessionPlanner, context: SessionContext<'_>) -> Self {
        let n_items = planner.expectations.n_items();
        let (mut rewards, mut low) = (vec![0.0; n_items], vec![0.0; n_items]);
        let rule = planner.environment.rule().low_reward();
        let limit = rule.map_or(f32::MIN, |rule| rule.below);
        planner.expectations.expected_row(context.user, limit, &mut rewards, &mut low);
        let mut history = ItemSet::empty(n_items);
        context.history.iter().for_each(|interaction| _ = history.insert(interaction.item));
        let mut order: Vec<ItemIdx> = (0..n_items as u32).map(ItemIdx).collect();
        order.retain(|item| !history.contains(*item));
        order.sort_unstable_by(|a, b| rewards[b.index()].total_cmp(&rewards[a.index()]).then(a.cmp(b)));
        let patience = rule.map_or(usize::MAX, |rule| rule.patience);
        // A rule that asks for more than the horizon never ends a session.
        let patience = patience.min(planner.environment.horizon() + 1);
        Self { environment: &planner.environment, history, rewards, low, order, patience }
    }

    /// Whether a low reward at this step ends the session, after so many before it.
    fn ends(&self, n_low: usize, step: usize) -> bool {
        self.environment.rule().low_reward().is_some_and(|rule| rule.ends(n_low + 1, step == 0))
    }

    /// An order of items, chosen one after the other: what each earns, and what `staying` says the rest of a session is worth
    /// (`[steps, low rewards in a row]`; nothing for a first plan, which goes by `first_worth`).
    fn plan(&self, staying: &[Vec<f32>], first_worth: f32) -> Vec<Planned> {
        let (rule, features) = (self.environment.rule(), self.environment.features());
        let mut shown: Vec<ItemIdx> = Vec::new();
        let mut taken = self.history.clone();
        let mut plan: Vec<Planned> = Vec::new();
        // How likely the session is still there, by low rewards in a row.
        let mut there = vec![0.0; self.patience];
        there[0] = 1.0;
        for step in 0..self.environment.horizon().min(self.order.len()) {
            let (liked, disliked) = match staying {
                [] => (first_worth, 0.0),
                _ => self.worth_of_staying(&there, staying.get(step + 1), step),
            };
            let mut best: Option<(f32, Planned)> = None;
            for &item in self.order.iter().filter(|item| !taken.contains(**item)) {
                let low = self.low[item.index()];
                let rest = (1.0 - low) * liked + low * disliked;
                let most = self.rewards[item.index()] + rest;
                if best.is_some_and(|(value, _)| most <= value) {
                    continue;
                }
                let leaving =
                    rule.by_content(item, &shown, features).map_or(0.0, |leaving| leaving.probability);
                let value = most - leaving * rest;
                if best.is_none_or(|(other, _)| value > other) {
                    best = Some((value, Planned { item, leaving }));
                }
            }
            let Some((_, planned)) = best else { break };
            there = self.after(&there, planned, step);
            taken.insert(planned.item);
            shown.push(planned.item);
            plan.push(planned);
        }
        plan
    }

    /// What the rest of a session is worth after a reward that is not low, and after one that is, on average over those who are
    /// still there.
    fn worth_of_staying(&self, there: &[f32], next: Option<&Vec<f32>>, step: usize) -> (f32, f32) {
        let all: f32 = there.iter().sum();
        let of = |n_low: usize| next.map_or(0.0, |values| values[n_low]);
        let after_low = |n_low: usize| match self.ends(n_low, step) {
            true => 0.0,
            false => of((n_low + 1).min(self.patience - 1)),
        };
        let disliked: f32 = there.iter().enumerate().map(|(n_low, share)| share * after_low(n_low)).sum();
        (of(0), if all > 0.0 { disliked / all } else { 0.0 })
    }

    /// Who is still there after an item.
    fn after(&self, there: &[f32], Planned { item, leaving }: Planned, step: usize) -> Vec<f32> {
        let low = self.low[item.index()];
        let mut out = vec![0.0; there.len()];
        for (n_low, share) in there.iter().enumerate() {
            let stays = share * (1.0 - leaving);
            out[0] += stays * (1.0 - low);
            if !self.ends(n_low, step) {
                out[(n_low + 1).min(self.patience - 1)] += stays * low;
            }
        }
        out
    }

    /// What an order of items is worth.
    fn worth(&self, items: &[ItemIdx]) -> f32 {
        let (rule, features) = (self.environment.rule(), self.environment.features());
        let of = |(at, &item): (usize, &ItemIdx)| {
            let leaving =
                rule.by_content(item, &items[..at], features).map_or(0.0, |leaving| leaving.probability);
            Planned { item, leaving }
        };
        let plan: Vec<Planned> = items.iter().enumerate().map(of).collect();
        self.values(&plan)[0][0]
    }

    /// What is left to be earned from each step of a plan on, `[steps + 1, low rewards in a row]`.
    fn values(&self, plan: &[Planned]) -> Vec<Vec<f32>> {
        let mut values = vec![vec![0.0; self.patience]; plan.len() + 1];
        for (step, &Planned { item, leaving }) in plan.iter().enumerate().rev() {
            let (reward, low) = (self.rewards[item.index()], self.low[item.index()]);
            for n_low in 0..self.patience {
                let disliked = match self.ends(n_low, step) {
                    true => 0.0,
                    false => values[step + 1][(n_low + 1).min(self.patience - 1)],
                };
                let rest = (1.0 - low) * values[step + 1][0] + low * disliked;
                values[step][n_low] = reward + (1.0 - leaving) * rest;
            }
        }
        values
    }
}

impl Policy for SessionPlanner {
    fn name(&self) -> String {
        "session-planner".to_owned()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        let plan = self.plans.get(context, || self.best_plan(context));
        let mut at = vec![usize::MAX; self.expectations.n_items()];
        plan.iter().enumerate().for_each(|(position, item)| at[item.index()] = position);
        let mut rewards = vec![0.0; at.len()];
        self.expectations.expected_row(context.user, f32::MIN, &mut rewards, &mut vec![0.0; at.len()]);
        // Beyond the plan (rankings), what is expected to earn most.
        let order = Order::by(at.len(), |a, b| at[a].cmp(&at[b]).then(rewards[b].total_cmp(&rewards[a])));
        Box::new(PlannedSession { order })
    }
}

struct PlannedSession {
    order: Order,
}

impl PolicySession for PlannedSession {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        certain_log_probs(self.order.best_or_any(shown), out)
    }

    fn choose(&mut self, shown: &ItemSet, _rng: &mut Rng) -> Choice {
        certain(self.order.best_or_any(shown))
    }

    fn observe(&mut self, _item: ItemIdx, _reward: f32) {}
}

#[cfg(test)]
mod tests;
