//! A small domain for all learners, and the laws that every entry of the registry keeps.

mod ladder;
mod laws;

use catalogue::Catalogue;
use environment::{Environment, ExitRule, ItemFeatures};
use learning::Demonstrated;
use mdp::{Interaction, ItemIdx, RewardSource, Step, StepEnd, Trajectory, UserIdx, rng_for};
use rand::RngExt as _;
use representation::ItemTables;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub(crate) const N_ITEMS: u32 = 60;
const N_USERS: u32 = 40;
pub(crate) const N_CATEGORIES: u32 = 6;

/// Users like two categories each; a reward is 5 for those, else 3, and 1 for a few. It counts what it is asked, by user.
#[derive(Debug)]
pub(crate) struct Tastes {
    /// Which item of the usual order stands at each place.
    order: Vec<u32>,
    /// Users from here on are judged by other rewards.
    others_from: u32,
    pub(crate) n_asked: Vec<AtomicUsize>,
}

impl Default for Tastes {
    fn default() -> Self {
        let n_asked = (0..N_USERS).map(|_| AtomicUsize::new(0)).collect();
        Self { order: (0..N_ITEMS).collect(), others_from: N_USERS, n_asked }
    }
}

impl Tastes {
    /// With items in another order.
    pub(crate) fn in_order(order: Vec<u32>) -> Self {
        Self { order, ..Self::default() }
    }

    /// With other rewards for users from here on.
    pub(crate) fn with_others_from(others_from: u32) -> Self {
        Self { others_from, ..Self::default() }
    }
}

impl RewardSource for Tastes {
    fn n_users(&self) -> usize {
        N_USERS as usize
    }
    fn n_items(&self) -> usize {
        N_ITEMS as usize
    }
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        self.n_asked[user.index()].fetch_add(1, Relaxed);
        let category = self.order[item.index()] % N_CATEGORIES + u32::from(user.0 >= self.others_from);
        match (category + user.0) % N_CATEGORIES {
            0 | 1 => 5.0,
            2 => 1.0,
            _ => 3.0,
        }
    }
}

/// A small domain: catalogue, environment with the default rule, histories, demonstrations that never tire.
pub(crate) struct Domain {
    pub(crate) catalogue: Catalogue,
    pub(crate) environment: Environment,
    pub(crate) histories: Vec<Vec<Interaction>>,
    pub(crate) demonstrations: Vec<Demonstrated>,
    pub(crate) tables: ItemTables,
    pub(crate) tastes: Arc<Tastes>,
}

pub(crate) fn domain() -> Domain {
    domain_of(Tastes::default())
}

/// The domain of such tastes. Histories and demonstrations are those of the usual ones, whatever the order.
pub(crate) fn domain_of(tastes: Tastes) -> Domain {
    let row = |&i: &u32| (i.to_string(), format!("Item {i}"), vec![format!("category {}", i % N_CATEGORIES)]);
    let (catalogue, _) = Catalogue::new(tastes.order.iter().map(row).collect());
    let features = ItemFeatures::of(&catalogue, None);
    let tastes = Arc::new(tastes);
    let environment = Environment::new(tastes.clone(), features, ExitRule::category_window(), 20).unwrap();
    let mut histories: Vec<Vec<Interaction>> = (0..N_USERS).map(history).collect();
    let usual = Environment::new(
        Arc::new(Tastes::default()),
        ItemFeatures::of(&Catalogue::new((0..N_ITEMS).map(|i| row(&i)).collect()).0, None),
        ExitRule::category_window(),
        20,
    )
    .unwrap();
    let mut demonstrations: Vec<Demonstrated> =
        (0..N_USERS / 2).map(|user| demonstration(&usual, user, &histories)).collect();
    let place = |item: ItemIdx| {
        let place = tastes.order.iter().position(|&other| other == item.0).unwrap();
        ItemIdx(place as u32)
    };
    histories.iter_mut().flatten().for_each(|row| row.item = place(row.item));
    demonstrations
        .iter_mut()
        .flat_map(|demo| &mut demo.session.steps)
        .for_each(|step| step.item = place(step.item));
    Domain { catalogue, environment, histories, demonstrations, tables: ItemTables::default(), tastes }
}

fn history(user: u32) -> Vec<Interaction> {
    let tastes = Tastes::default();
    let mut rng = rng_for(11, &[u64::from(user)]);
    let one = |time| {
        let item = ItemIdx(rng.random_range(0..N_ITEMS));
        Interaction { item, rating: tastes.reward(UserIdx(user), item), time }
    };
    (0..15).map(one).collect()
}

/// Two liked categories in turn with a neutral one between them.
fn demonstration(environment: &Environment, user: u32, histories: &[Vec<Interaction>]) -> Demonstrated {
    let mut session = environment.start(UserIdx(user)).unwrap();
    let mut steps: Vec<Step> = Vec::new();
    let logged = |item: ItemIdx| histories[user as usize].iter().any(|x| x.item == item);
    while session.end().continues() && steps.len() < 12 {
        let category = |i: u32| (i % N_CATEGORIES + user) % N_CATEGORIES;
        let wanted = [0, 1, 3, 4][steps.len() % 4];
        let pick = (0..N_ITEMS)
            .map(ItemIdx)
            .find(|i| category(i.0) == wanted && !logged(*i) && !session.shown().contains(i));
        let Some(item) = pick else { break };
        let outcome = session.step(item).unwrap();
        steps.push(Step { item, reward: outcome.reward, log_prob_behavior: 0.0, end: outcome.end });
    }
    if let Some(last) = steps.last_mut().filter(|s| s.end.continues()) {
        last.end = StepEnd::Truncated;
    }
    let session = Trajectory { user: UserIdx(user), steps };
    Demonstrated { id: format!("demo:{user}"), session, slates: Vec::new() }
}

pub(crate) type Users<'a> = Vec<(UserIdx, &'a [Interaction])>;

pub(crate) fn users(domain: &Domain, range: std::ops::Range<u32>) -> Users<'_> {
    range.map(|u| (UserIdx(u), domain.histories[u as usize].as_slice())).collect()
}
