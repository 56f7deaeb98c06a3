//! Who is trained on and who is tested; what the world is fitted on, what the judge is fitted on, and what nobody is fitted on.

use crate::Dataset;
use mdp::{Histories, Interaction, ItemIdx, ItemSet, Rng, UserIdx, rng_for};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

const USERS: u64 = 0x7573_6572;
const LOG: u64 = 0x6c6f_6773;
const FEW: u64 = 0x6665_7775;
const COLD: u64 = 0x636f_6c64;

/// A share of all items, rounded down, drawn at random of those that are not in `but`, as far as they suffice.
pub fn draw_items(n_items: usize, share: f64, seed: u64, but: &ItemSet) -> ItemSet {
    let mut items: Vec<u32> = (0..n_items as u32).collect();
    shuffle(&mut items, &mut rng_for(seed, &[COLD]));
    let mut drawn = ItemSet::empty(n_items);
    let free = items.into_iter().map(ItemIdx).filter(|item| !but.contains(*item));
    free.take((share * n_items as f64) as usize).for_each(|item| _ = drawn.insert(item));
    drawn
}

/// The shares of the users that train and choose; the rest tests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UserShares {
    /// Share whose sessions the policy learns from.
    pub train: f64,
    /// Share whose sessions choose between checkpoints.
    pub validation: f64,
}

impl Default for UserShares {
    fn default() -> Self {
        Self { train: 0.7, validation: 0.15 }
    }
}

/// The users in parts, each ascending; together they are all users, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSplit {
    /// Users the policy learns from.
    pub train: Vec<UserIdx>,
    /// Users that choose between checkpoints.
    pub validation: Vec<UserIdx>,
    /// Users the policy never sees before it is judged.
    pub test: Vec<UserIdx>,
    /// Users without a log to learn from, who may demonstrate all the same; nobody unless only few users have a log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<UserIdx>,
}

impl UserSplit {
    /// Deals the users out at random. Shares are clamped to what is left; train and validation are rounded to
    /// the nearest whole user, but where there are users enough, nobody with a share is left without a user.
    pub fn draw(n_users: usize, shares: UserShares, seed: u64) -> Self {
        let mut users: Vec<UserIdx> = (0..n_users as u32).map(UserIdx).collect();
        shuffle(&mut users, &mut rng_for(seed, &[USERS]));
        let (n_train, n_validation) = sizes(n_users, shares);
        let mut test = users.split_off(n_train + n_validation);
        let mut validation = users.split_off(n_train);
        for part in [&mut users, &mut validation, &mut test] {
            part.sort_unstable();
        }
        Self { train: users, validation, test, withheld: Vec::new() }
    }

    /// Leaves a log to `n_users` in all, drawn at random of those who train and validate, as many of each as their shares say
    /// (but one of each at least, where there is one); the others are withheld.
    #[must_use]
    pub fn with_few(mut self, n_users: usize, seed: u64) -> Self {
        let whole = self.train.len() + self.validation.len();
        let n_validation = part(n_users, self.validation.len() as f64 / whole.max(1) as f64, n_users);
        let n_validation = n_validation.max(usize::from(!self.validation.is_empty()));
        let n_train = n_users.saturating_sub(n_validation).max(1);
        let rng = &mut rng_for(seed, &[FEW]);
        for (users, n) in [(&mut self.train, n_train), (&mut self.validation, n_validation)] {
            shuffle(users, rng);
            self.withheld.extend(users.drain(n.min(users.len())..));
            users.sort_unstable();
        }
        self.withheld.sort_unstable();
        self
    }
}

/// Every user's log in three parts, in the order of the log. They share no row. Where the log has a clock, all are
/// views of it; else views of one copy, laid out part by part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogSplit {
    /// Fits the train world, and is the user's logged history for policies. `[users]`
    pub world: Histories,
    /// Fits the judge world. `[users]`
    pub judge: Histories,
    /// Fits nothing: what people chose that neither world has seen. `[users]`
    pub kept: Histories,
}

/// A part of every user's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// [`LogSplit::world`].
    World,
    /// [`LogSplit::judge`].
    Judge,
    /// [`LogSplit::kept`].
    Kept,
}

/// The shares of every user's log; the judge has what is left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogShares {
    /// The earliest part, for the train world.
    pub world: f64,
    /// The latest part, that nobody is fitted on.
    pub kept: f64,
}

impl LogSplit {
    /// Cuts every user's log so that the earliest `shares.world` (rounded half up) is the world part and the latest `shares.kept`
    /// (rounded down: who has few has nothing to keep) is kept. Where the log has no clock, random parts of these sizes, drawn per user
    /// from the seed, take their places.
    pub fn draw(dataset: &Dataset, shares: LogShares, seed: u64) -> Self {
        let bounds = |n: usize| {
            let n_world = part(n, shares.world, n);
            let n_kept = ((n as f64 * shares.kept + NO_SHARE).max(0.0) as usize).min(n - n_world);
            (n_world, n - n_kept)
        };
        if dataset.has_clock() {
            let cut = |range: fn((usize, usize), usize) -> Range<usize>| {
                dataset.part_of_histories(|history| range(bounds(history.len()), history.len()))
            };
            return Self {
                world: cut(|(world, _), _| 0..world),
                judge: cut(|(world, judge), _| world..judge),
                kept: cut(|(_, judge), n| judge..n),
            };
        }
        let mut rows = Vec::with_capacity(dataset.n_interactions());
        let mut parts: [Vec<Range<usize>>; 3] = Default::default();
        for (user, history) in dataset.histories() {
            let (world, judge) = bounds(history.len());
            let mut of_row: Vec<usize> =
                (0..history.len()).map(|at| usize::from(at >= world) + usize::from(at >= judge)).collect();
            shuffle(&mut of_row, &mut rng_for(seed, &[LOG, u64::from(user.0)]));
            for (at, part) in parts.iter_mut().enumerate() {
                let start = rows.len();
                rows.extend(history.iter().zip(&of_row).filter(|(_, own)| **own == at).map(|(row, _)| *row));
                part.push(start..rows.len());
            }
        }
        let rows = Arc::new(rows);
        let [world, judge, kept] = parts.map(|ranges| Histories::new(rows.clone(), ranges));
        Self { world, judge, kept }
    }

    /// Deals the rows out anew, each to the part that `to` names, or to none; rows stay in order, those that come to a part after
    /// those of earlier parts.
    #[must_use]
    pub fn dealt(&self, to: impl Fn(Part, UserIdx, &Interaction) -> Option<Part>) -> Self {
        let mut rows: [Vec<Interaction>; 3] = Default::default();
        let mut ranges: [Vec<Range<usize>>; 3] = Default::default();
        for user in 0..self.world.len() {
            let starts = rows.each_ref().map(Vec::len);
            let parts = [(Part::World, &self.world), (Part::Judge, &self.judge), (Part::Kept, &self.kept)];
            for (from, row) in
                parts.iter().flat_map(|(from, part)| part[user].iter().map(move |row| (*from, row)))
            {
                if let Some(part) = to(from, UserIdx(user as u32), row) {
                    rows[part as usize].push(*row);
                }
            }
            for ((ranges, start), rows) in ranges.iter_mut().zip(starts).zip(&rows) {
                ranges.push(start..rows.len());
            }
        }
        let [r0, r1, r2] = ranges;
        let [world, judge, kept] = rows;
        let [world, judge, kept] = [(world, r0), (judge, r1), (kept, r2)]
            .map(|(rows, ranges)| Histories::new(Arc::new(rows), ranges));
        Self { world, judge, kept }
    }
}

/// How many users train and validate. Rounding alone would leave a small log without test users.
fn sizes(n_users: usize, shares: UserShares) -> (usize, usize) {
    let rounded_train = part(n_users, shares.train, n_users);
    let n_validation = part(n_users, shares.validation, n_users - rounded_train);
    let test_share = 1.0 - shares.train - shares.validation;
    let wants = [shares.train, shares.validation, test_share].map(|share| share > NO_SHARE);
    let n_test = n_users - rounded_train - n_validation;
    let mut parts = [rounded_train, n_validation, n_test];
    if n_users >= wants.iter().filter(|wanted| **wanted).count() {
        for empty in 0..parts.len() {
            if wants[empty] && parts[empty] == 0 {
                let largest = (0..parts.len()).rev().max_by_key(|&at| parts[at]).unwrap_or(0);
                parts[largest] -= 1;
                parts[empty] += 1;
            }
        }
    }
    (parts[0], parts[1])
}

/// A share below this is one of rounding.
const NO_SHARE: f64 = 1e-9;

/// `share` of `whole`, rounded half up, between 0 and `most`.
fn part(whole: usize, share: f64, most: usize) -> usize {
    ((whole as f64 * share + 0.5).floor().max(0.0) as usize).min(most)
}

/// Fisher-Yates.
fn shuffle<T>(values: &mut [T], rng: &mut Rng) {
    for last in (1..values.len()).rev() {
        values.swap(last, rng.random_range(0..=last));
    }
}
