//! The default learner on a small world of its own, by catalogue size.

use crate::figure::{BenchError, Figure, on_threads, paired_seconds};
use algorithms::Settings as _;
use algorithms::il_rec::Config;
use catalogue::Catalogue;
use environment::{Environment, ExitRule, ItemFeatures};
use learning::{Inputs, Silent, TrainedPolicy, train};
use mdp::{Interaction, ItemIdx, RewardSource, UserIdx, rng_for};
use rand::RngExt as _;
use representation::ItemTables;
use std::sync::Arc;

const N_CATEGORIES: u32 = 24;
const N_USERS: u32 = 400;
const N_HISTORY: usize = 20;

/// Users like a quarter of the categories.
pub(crate) struct Tastes {
    pub(crate) n_items: usize,
}

impl RewardSource for Tastes {
    fn n_users(&self) -> usize {
        N_USERS as usize
    }
    fn n_items(&self) -> usize {
        self.n_items
    }
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        match (user.0 + item.0) % N_CATEGORIES {
            0..6 => 5.0,
            6 => 1.0,
            _ => 3.0,
        }
    }
}

/// What the learner is given.
pub(crate) struct Domain {
    pub(crate) catalogue: Catalogue,
    environment: Environment,
    pub(crate) histories: Vec<(UserIdx, Vec<Interaction>)>,
}

impl Domain {
    pub(crate) fn new(n_items: usize) -> Result<Self, BenchError> {
        let row = |item: usize| {
            let category = item as u32 % N_CATEGORIES;
            (item.to_string(), format!("Item {item}"), vec![format!("category {category}")])
        };
        let (catalogue, _) = Catalogue::new((0..n_items).map(row).collect());
        let features = ItemFeatures::of(&catalogue, None);
        let tastes = Arc::new(Tastes { n_items });
        let histories = (0..N_USERS).map(|user| (UserIdx(user), history(&tastes, user))).collect();
        let environment = Environment::new(tastes, features, ExitRule::category_window(), 100)?;
        Ok(Self { catalogue, environment, histories })
    }

    /// Trains for so many interactions; the policy and how many there were.
    pub(crate) fn train(&self, n_env_steps: u64) -> Result<(Box<dyn TrainedPolicy>, u64), BenchError> {
        let users: Vec<(UserIdx, &[Interaction])> =
            self.histories.iter().map(|(user, history)| (*user, history.as_slice())).collect();
        let (validation, train_users) = users.split_at(users.len() / 10);
        let mut config = Config::default();
        config.switches.demonstrations = false;
        config.training.n_env_steps = n_env_steps;
        config.training.n_validation_users = 4;
        let inputs = Inputs {
            catalogue: &self.catalogue,
            environment: &self.environment,
            train: train_users,
            validation,
            demonstrators: &[],
            demonstrations: &[],
            tables: &ItemTables::default(),
        };
        let trained = train(config.start(&inputs, 0)?, &inputs, 0, None, &mut Silent)?;
        Ok((trained.policy, trained.progress.n_env_steps))
    }
}

fn history(tastes: &Tastes, user: u32) -> Vec<Interaction> {
    let rng = &mut rng_for(0, &[u64::from(user)]);
    let one = |time| {
        let item = ItemIdx(rng.random_range(0..tastes.n_items as u32));
        Interaction { item, rating: tastes.reward(UserIdx(user), item), time }
    };
    (0..N_HISTORY as i64).map(one).collect()
}

pub(crate) fn run() -> Result<Vec<Figure>, BenchError> {
    const N_STEPS: u64 = 2_000;
    let n_threads = rayon::current_num_threads();
    let mut out = Vec::new();
    for n_items in [1_000, 6_012, 20_000] {
        let domain = Domain::new(n_items)?;
        let mut n_steps = 0;
        let ours = || on_threads(n_threads, || domain.train(N_STEPS).map(|(_, n)| n))?;
        let reference = || {
            n_steps = on_threads(1, || domain.train(N_STEPS).map(|(_, n)| n))??;
            Ok(n_steps)
        };
        let (own, alone) = paired_seconds(ours, reference)?;
        let name = format!("training of the default learner, {n_items} items, {n_threads} threads");
        out.push(Figure::rate(name, "interactions/s", n_steps as f64 / own, n_steps as f64 / alone));
    }
    Ok(out)
}
