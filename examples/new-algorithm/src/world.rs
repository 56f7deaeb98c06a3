//! A small world: sixty items of six categories, and users who like two of them.

use catalogue::Catalogue;
use environment::{Environment, EnvironmentError, ExitRule, ItemFeatures};
use learning::{Inputs, User};
use mdp::{Interaction, ItemIdx, RewardSource, UserIdx};
use representation::ItemTables;
use std::sync::Arc;

const N_ITEMS: u32 = 60;
const N_USERS: u32 = 60;
const N_CATEGORIES: u32 = 6;

struct Tastes;

impl RewardSource for Tastes {
    fn n_users(&self) -> usize {
        N_USERS as usize
    }

    fn n_items(&self) -> usize {
        N_ITEMS as usize
    }

    /// The first items are liked by everybody, the last by nobody.
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        match ((item.0 + user.0) % N_CATEGORIES, item.0) {
            (_, 0..12) | (0 | 1, _) => 5.0,
            (_, 50..) => 1.0,
            _ => 3.0,
        }
    }
}

/// Whom and what there is to learn from.
pub(crate) struct World {
    catalogue: Catalogue,
    environment: Environment,
    histories: &'static [Vec<Interaction>],
    users: Vec<User<'static>>,
    tables: ItemTables,
}

impl World {
    /// # Errors
    /// When the environment refuses its parts.
    pub(crate) fn new() -> Result<Self, EnvironmentError> {
        let row =
            |i: u32| (i.to_string(), format!("Item {i}"), vec![format!("category {}", i % N_CATEGORIES)]);
        let (catalogue, _) = Catalogue::new((0..N_ITEMS).map(row).collect());
        let features = ItemFeatures::of(&catalogue, None);
        let environment = Environment::new(Arc::new(Tastes), features, ExitRule::category_window(), 20)?;
        let history = |user: u32| (0..8).map(|n| logged(user, n)).collect();
        let histories: &'static [Vec<Interaction>] = Vec::leak((0..N_USERS).map(history).collect());
        let users = (0..).map(UserIdx).zip(histories.iter().map(Vec::as_slice)).collect();
        Ok(Self { catalogue, environment, histories, users, tables: ItemTables::default() })
    }

    /// Forty users to train with, twenty to validate with.
    pub(crate) fn inputs(&self) -> Inputs<'_> {
        let (train, validation) = self.users.split_at(2 * self.histories.len() / 3);
        let (catalogue, environment) = (&self.catalogue, &self.environment);
        Inputs {
            catalogue,
            environment,
            train,
            validation,
            demonstrators: &[],
            demonstrations: &[],
            tables: &self.tables,
        }
    }
}

/// What everybody knows is logged often: low item numbers.
fn logged(user: u32, n: u32) -> Interaction {
    let item = ItemIdx((user * 7 + n * n) % (10 + 5 * (n % 10)));
    Interaction { item, rating: Tastes.reward(UserIdx(user), item), time: n.into() }
}
