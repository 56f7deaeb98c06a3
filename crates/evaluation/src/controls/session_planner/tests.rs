//! Tiny worlds in which every plan can be tried.

use super::*;
use crate::Greedy;
use catalogue::Catalogue;
use environment::{ExitRule, ItemFeatures, RuleSettings, Start, rollout};
use mdp::{MeanModel, RewardSource, rng_for};
use rand::RngExt as _;

const N_ITEMS: usize = 6;
const N_USERS: usize = 4_000;
const HORIZON: usize = 4;

/// Every item earns 5 with its chance, else 1. All users are alike; each has luck of its own.
struct Chances([f32; N_ITEMS], u64);

impl Expectations for Chances {
    fn n_items(&self) -> usize {
        N_ITEMS
    }

    fn expected_row(&self, _user: UserIdx, limit: f32, rewards: &mut [f32], low: &mut [f32]) {
        for (item, chance) in self.0.iter().enumerate() {
            rewards[item] = 1.0 + 4.0 * chance;
            low[item] = if limit > 1.0 { 1.0 - chance } else { 0.0 };
        }
    }
}

impl MeanModel for Chances {
    fn n_users(&self) -> usize {
        N_USERS
    }

    fn n_items(&self) -> usize {
        N_ITEMS
    }

    fn predict(&self, _user: UserIdx, item: ItemIdx) -> (f32, f32) {
        (1.0 + 4.0 * self.0[item.index()], 1.0)
    }
}

impl RewardSource for Chances {
    fn n_users(&self) -> usize {
        N_USERS
    }

    fn n_items(&self) -> usize {
        N_ITEMS
    }

    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        let draw: f32 = rng_for(self.1, &[u64::from(user.0), u64::from(item.0)]).random();
        if draw < self.0[item.index()] { 5.0 } else { 1.0 }
    }
}

/// A world with three categories of two items, whose users tire softly and bear one skip.
fn world(seed: u64) -> (Arc<Chances>, Environment) {
    let mut rng = rng_for(seed, &[]);
    let chances = Arc::new(Chances(std::array::from_fn(|_| rng.random_range(0.1..0.9)), seed));
    let rows = (0..N_ITEMS).map(|i| (i.to_string(), i.to_string(), vec![format!("c{}", i / 2)])).collect();
    let settings = RuleSettings::default()
        .with("window.length", 3)
        .with("count", 0.6)
        .with("decay", 0.8)
        .with("patience", 2)
        .with("softness", 0.3);
    let rule = ExitRule::new("fatigue", &settings).expect("it is complete");
    let features = ItemFeatures::of(&Catalogue::new(rows).0, None);
    (chances.clone(), Environment::new(chances, features, rule, HORIZON).expect("sizes agree"))
}

const NOBODY: SessionContext<'static> = SessionContext { user: UserIdx(0), history: &[] };

/// All orders of `HORIZON` items.
fn orders() -> Vec<Vec<ItemIdx>> {
    let mut out = vec![Vec::new()];
    for _ in 0..HORIZON {
        out = out
            .iter()
            .flat_map(|order: &Vec<ItemIdx>| {
                let free = (0..N_ITEMS as u32).map(ItemIdx).filter(|item| !order.contains(item));
                free.map(|item| [&order[..], &[item]].concat()).collect::<Vec<_>>()
            })
            .collect();
    }
    out
}

fn mean_return(environment: &Environment, policy: &dyn Policy) -> f32 {
    let starts: Vec<Start<'_>> =
        (0..N_USERS as u32).map(|user| Start { user: UserIdx(user), history: &[], stream: 0 }).collect();
    let sessions = rollout(environment, policy, &starts, 5).expect("rows exist");
    sessions.iter().flat_map(|session| &session.steps).map(|step| step.reward).sum::<f32>() / N_USERS as f32
}

#[test]
fn what_a_plan_is_said_to_be_worth_is_what_it_earns() {
    for seed in 0..3 {
        let (chances, environment) = world(seed);
        let planner = SessionPlanner::new(chances, environment.clone());
        let told = planner.worth(NOBODY, &planner.best_plan(NOBODY));
        let earned = mean_return(&environment, &planner);
        assert!((told - earned).abs() < 0.03 * told, "{seed}: told {told}, earned {earned}");
    }
}

#[test]
fn no_order_is_worth_much_more_than_the_one_it_finds() {
    let shares = (0..40).map(|seed| {
        let (chances, environment) = world(seed);
        let planner = SessionPlanner::new(chances, environment.clone());
        let best = orders().iter().map(|order| planner.worth(NOBODY, order)).fold(0.0, f32::max);
        planner.worth(NOBODY, &planner.best_plan(NOBODY)) / best
    });
    let shares: Vec<f32> = shares.collect();
    let (mean, least) = (shares.iter().sum::<f32>() / 40.0, shares.iter().copied().fold(1.0, f32::min));
    assert!(mean >= 0.97 && least >= 0.9, "mean {mean}, least {least}: {shares:?}");
}

#[test]
fn it_earns_more_than_whoever_goes_by_means_alone() {
    let gains = (0..10).map(|seed| {
        let (chances, environment) = world(seed);
        let by_means = Greedy::new(chances.clone());
        mean_return(&environment, &SessionPlanner::new(chances, environment.clone()))
            - mean_return(&environment, &by_means)
    });
    let gains: Vec<f32> = gains.collect();
    assert!(gains.iter().sum::<f32>() > 1.0 && gains.iter().all(|gain| *gain > -0.1), "{gains:?}");
}
