//! What an item earns, how likely that is a low reward, and when users leave: learned from sessions.

use super::config::Config;
use super::knowledge::{Knowledge, N_BASES};
use crate::item_item::sound;
use crate::tensors::take;
use artefact::Tensors;
use learning::{LearningError, User};
use mdp::{ItemIdx, Rng, Trajectory};
use rand::RngExt as _;
use std::collections::BTreeMap;

/// Recent items that may matter.
pub(super) const LAGS: usize = 8;
/// Low rewards in a row that are told apart; more count as so many.
const STREAKS: usize = 8;

/// A linear model of the reward, and logistic ones of a low reward and of leaving.
///
/// With phi(i) the bases of an item and K(i, j) the sum of `category` over what two items share,
///
/// ```text
/// reward(i)  = reward . phi(i)
/// P(low i)   = sigmoid(low . phi(i))
/// P(leave i) = sigmoid(base + sum over lags l of lag_l K(i, shown_l) + streak_n),  n low rewards in a row with this one
/// ```
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    reward: [f32; N_BASES],
    low: [f32; N_BASES],
    base: f32,
    lags: [f32; LAGS],
    category: Vec<f32>,
    streaks: [f32; STREAKS],
}

/// One step, as the models see it.
pub(super) struct Example {
    bases: [f32; N_BASES],
    reward: f32,
    is_low: bool,
    /// The categories shared with each recent item, the latest first.
    shared: Vec<Vec<u16>>,
    streak: usize,
    left: bool,
}

/// The steps of sessions, each of the user at that place among `users`. A reward is low when nothing lower was ever seen.
pub(super) fn examples(
    sessions: &[(usize, Trajectory)],
    users: &[User<'_>],
    known: &Knowledge,
) -> Vec<Example> {
    let rewards = sessions.iter().flat_map(|(_, session)| &session.steps).map(|step| step.reward);
    let lowest = rewards.fold(f32::MAX, f32::min);
    let mut of_users: BTreeMap<usize, Vec<[f32; N_BASES]>> = BTreeMap::new();
    let mut out = Vec::new();
    for (place, session) in sessions {
        let bases = of_users.entry(*place).or_insert_with(|| known.bases(users[*place].1));
        let mut streak = 0;
        for (at, step) in session.steps.iter().enumerate() {
            let is_low = step.reward <= lowest;
            streak = if is_low { (streak + 1).min(STREAKS - 1) } else { 0 };
            let own = known.categories_of(step.item);
            let shared_with = |other: ItemIdx| {
                let theirs = known.categories_of(other);
                own.iter().copied().filter(|category| theirs.contains(category)).collect()
            };
            let recent = session.steps[..at].iter().rev().take(LAGS);
            out.push(Example {
                bases: bases[step.item.index()],
                reward: step.reward,
                is_low,
                shared: recent.map(|other| shared_with(other.item)).collect(),
                streak,
                left: super::has_left(step),
            });
        }
    }
    out
}

pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

fn dot(a: &[f32; N_BASES], b: &[f32; N_BASES]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Model {
    /// Nothing is expected of any item; users rarely leave, whatever is shown.
    pub(super) fn new(n_categories: usize) -> Self {
        Self {
            reward: [0.0; N_BASES],
            low: [0.0; N_BASES],
            base: -4.0,
            lags: std::array::from_fn(|lag| 0.5f32.powi(lag as i32)),
            category: vec![0.5; n_categories],
            streaks: [0.0; STREAKS],
        }
    }

    /// The expected reward.
    pub(super) fn reward(&self, bases: &[f32; N_BASES]) -> f32 {
        dot(&self.reward, bases)
    }

    /// The probability of a low reward.
    pub(super) fn low(&self, bases: &[f32; N_BASES]) -> f32 {
        sigmoid(dot(&self.low, bases))
    }

    /// How much each category adds to the logit of leaving, after what was shown, oldest first. `[categories]`
    pub(super) fn near(&self, shown: &[ItemIdx], known: &Knowledge) -> Vec<f32> {
        let mut near = vec![0.0; self.category.len()];
        for (lag, item) in self.lags.iter().zip(shown.iter().rev()) {
            for &category in known.categories_of(*item) {
                near[usize::from(category)] += lag * self.category[usize::from(category)];
            }
        }
        near
    }

    /// The probability of leaving for an item of these categories, if its reward is not low.
    pub(super) fn leave(&self, categories: &[u16], near: &[f32]) -> f32 {
        let content: f32 = categories.iter().map(|category| near[usize::from(*category)]).sum();
        sigmoid(self.base + content + self.streaks[0])
    }

    /// Goes on learning from examples, with one at a time and a falling rate; the number of steps.
    pub(super) fn fit(&mut self, examples: &[Example], config: &Config, rng: &mut Rng) -> u64 {
        let n_steps = config.n_passes * examples.len();
        for step in 0..n_steps {
            let rate = config.learning_rate * (1.0 - step as f32 / n_steps as f32);
            self.step(&examples[rng.random_range(0..examples.len())], rate);
        }
        n_steps as u64
    }

    fn step(&mut self, example: &Example, rate: f32) {
        let Example { bases, shared, streak, .. } = example;
        let error = example.reward - self.reward(bases);
        let low = f32::from(u8::from(example.is_low)) - self.low(bases);
        // A step of least squares is bounded by the size of its inputs.
        let size = 1.0 + bases.iter().map(|base| base * base).sum::<f32>();
        for (k, base) in bases.iter().enumerate() {
            self.reward[k] += rate * error * base / size;
            self.low[k] += LOW_RATE * rate * low * base / size;
        }
        let of = |shared: &Vec<u16>| shared.iter().map(|c| self.category[usize::from(*c)]).sum::<f32>();
        let by_lag: Vec<f32> = shared.iter().map(of).collect();
        let content: f32 = by_lag.iter().zip(&self.lags).map(|(near, lag)| near * lag).sum();
        let left = f32::from(u8::from(example.left)) - sigmoid(self.base + content + self.streaks[*streak]);
        self.base += rate * left;
        self.streaks[*streak] += rate * left;
        for (lag, shared) in shared.iter().enumerate() {
            let weight = self.lags[lag];
            // What was shown never makes an item less tiring.
            self.lags[lag] = (weight + rate * left * by_lag[lag]).max(0.0);
            for category in shared {
                self.category[usize::from(*category)] += rate * left * weight;
            }
        }
    }

    pub(super) fn put(&self, out: &mut Tensors) {
        let mut vector = |name: &str, values: &[f32]| out.insert(name, &[values.len()], values.to_vec());
        vector("reward", &self.reward);
        vector("low", &self.low);
        vector("leave.base", &[self.base]);
        vector("leave.lags", &self.lags);
        vector("leave.category", &self.category);
        vector("leave.streaks", &self.streaks);
    }

    /// Takes it out of a policy's tensors.
    ///
    /// # Errors
    /// When a tensor is missing or damaged.
    pub(super) fn take(from: &mut Tensors, n_categories: usize) -> Result<Self, LearningError> {
        let mut vector = |name: &str, n: usize| {
            let values = take(from, name, &[n])?;
            sound(&values)?;
            Ok::<_, LearningError>(values)
        };
        Ok(Self {
            reward: fixed(&vector("reward", N_BASES)?),
            low: fixed(&vector("low", N_BASES)?),
            base: vector("leave.base", 1)?[0],
            lags: fixed(&vector("leave.lags", LAGS)?),
            category: vector("leave.category", n_categories)?,
            streaks: fixed(&vector("leave.streaks", STREAKS)?),
        })
    }
}

/// A logistic error is smaller than one of rewards.
const LOW_RATE: f32 = 3.0;

/// As many numbers as were asked for.
fn fixed<const N: usize>(values: &[f32]) -> [f32; N] {
    std::array::from_fn(|at| values[at])
}
