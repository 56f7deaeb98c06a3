//! Engagement beside EASE: the same part of the log, the same held-out choices.

use super::Engagement;
use super::fit::{EASE, Pair};
use super::report::{EngagementReport, half_ties};
use crate::lists::top;
use collaborative::{Choices, CollaborativeError, EaseConfig, ItemItem, ease};
use evaluation::ndcg_at;
use mdp::{ItemIdx, ItemSet, UserIdx};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One figure of a model and of EASE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// The engagement model's.
    pub ours: f64,
    /// EASE's.
    pub ease: f64,
    /// Standard error of the difference; users are its clusters.
    pub error: f64,
}

/// A side's engagement model beside EASE, which is fitted on the same choices of the same part of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BesideEase {
    /// EASE's penalty: of a few, the one that finds most of what is held out of users who are not asked here.
    pub l2: f64,
    /// Validation users with choices that were held out.
    pub n_users: usize,
    /// The probability that a held-out choice is above a sampled cell of the same user (`n_checked` pairs).
    pub auc: Beside,
    /// nDCG@10 of the order of all items that were not given, on validation users' held-out choices.
    pub ndcg: Beside,
}

const K: usize = 10;
const PENALTIES: [f64; 3] = [50.0, EASE.l2, 800.0];
/// Users who choose the penalty.
const MOST_TUNING: usize = 300;
/// The largest error of calibrated odds, over the rate.
const LARGEST_ERROR: f64 = 0.1;

/// Held-out choices by user.
pub(super) type Asked = Vec<(UserIdx, Vec<ItemIdx>)>;

/// What is held out of these users, and of the first others, who choose EASE's penalty.
pub(super) fn asked(held_out: &[(UserIdx, ItemIdx)], users: &[UserIdx]) -> (Asked, Asked) {
    let mut of: BTreeMap<UserIdx, Vec<ItemIdx>> = BTreeMap::new();
    held_out.iter().for_each(|(user, item)| of.entry(*user).or_default().push(*item));
    let (asked, mut others): (Asked, Asked) =
        of.into_iter().partition(|(user, _)| users.binary_search(user).is_ok());
    others.truncate(MOST_TUNING);
    (asked, others)
}

impl BesideEase {
    /// Compares a model that knows the given choices alone with EASE on the same.
    ///
    /// # Errors
    /// When EASE cannot be fitted.
    pub(super) fn of(
        model: &Engagement,
        checks: &[Pair],
        (asked, others): (&Asked, &Asked),
    ) -> Result<Self, CollaborativeError> {
        let given = &model.choices;
        let mut best: Option<(f64, f64, ItemItem)> = None;
        for l2 in PENALTIES {
            let fitted = ease(given, &EaseConfig { l2, ..EASE })?;
            let found = mean(&ndcgs(given, others, |user| scores(&fitted, given, user)));
            if best.as_ref().is_none_or(|(other, ..)| found > *other) {
                best = Some((found, l2, fitted));
            }
        }
        let (_, l2, fitted) = best.expect("there are penalties");
        let by_ease = |user: UserIdx, item: ItemIdx| {
            let chosen = given.items_of(user.index());
            f64::from(chosen.iter().map(|&from| fitted.weight(ItemIdx(from), item)).sum::<f32>())
        };
        let wins = |pair: &Pair| {
            let [chosen, other] = pair.cells.map(|cell| model.odds.sampled_logit(cell.score, cell.count));
            let [by, against] = pair.items.map(|item| by_ease(pair.user, item));
            (pair.user, [half_ties(chosen, other), half_ties(by, against)])
        };
        let ours = ndcgs(given, asked, |user| {
            let logit = |(at, score): (usize, &f32)| model.logit_of_score(user, at, *score) as f32;
            scores(&model.items, given, user).iter().enumerate().map(logit).collect()
        });
        let theirs = ndcgs(given, asked, |user| scores(&fitted, given, user));
        let lists = asked.iter().zip(ours.iter().zip(&theirs)).map(|((user, _), (a, b))| (*user, [*a, *b]));
        Ok(Self {
            l2,
            n_users: asked.len(),
            auc: Beside::of(checks.iter().map(wins)),
            ndcg: Beside::of(lists),
        })
    }
}

impl Beside {
    /// Means of ours and theirs; the difference's error is that of a ratio of sums over users.
    fn of(values: impl Iterator<Item = (UserIdx, [f64; 2])>) -> Self {
        let mut users: BTreeMap<UserIdx, [f64; 3]> = BTreeMap::new();
        for (user, [ours, theirs]) in values {
            let sums = users.entry(user).or_default();
            *sums = [sums[0] + ours, sums[1] + theirs, sums[2] + 1.0];
        }
        let total = |at: usize| users.values().map(|sums| sums[at]).sum::<f64>();
        let n = total(2).max(1.0);
        let (ours, ease) = (total(0) / n, total(1) / n);
        let left = |[a, b, count]: &[f64; 3]| (a - b - count * (ours - ease)).powi(2);
        Self { ours, ease, error: users.values().map(left).sum::<f64>().sqrt() / n }
    }

    /// What is said of a figure that is below EASE's.
    fn shortfall(&self, name: &str) -> Option<String> {
        let by = self.ease - self.ours;
        (by > 0.0).then(|| format!("{name} below EASE's by {by:.3} (error {:.3})", self.error))
    }
}

impl EngagementReport {
    /// The mean distance of predicted from observed shares over tenths of the checked cells, over the mean observed share; and how
    /// large it would be, on average, if what was predicted were true.
    pub fn calibration_error(&self) -> (f64, f64) {
        let rate: f64 = self.reliability.iter().map(|bin| bin.observed).sum();
        let n = 2.0 * self.n_checked as f64 / self.reliability.len().max(1) as f64;
        let gaps = self.reliability.iter().map(|bin| (bin.predicted - bin.observed).abs());
        // The mean distance of a normal draw from its mean is this much of its deviation.
        let share = std::f64::consts::FRAC_2_PI.sqrt();
        let luck =
            self.reliability.iter().map(|bin| share * (bin.predicted * (1.0 - bin.predicted) / n).sqrt());
        (gaps.sum::<f64>() / rate, luck.sum::<f64>() / rate)
    }

    /// Where it is below EASE, or not calibrated; nothing where it is neither.
    pub fn shortfalls(&self) -> Vec<String> {
        let (error, luck) = self.calibration_error();
        let beside = self.beside_ease.iter();
        let below = |found: &BesideEase| [found.auc.shortfall("AUC"), found.ndcg.shortfall("nDCG@10")];
        let mut out: Vec<String> = beside.flat_map(below).flatten().collect();
        if error >= LARGEST_ERROR {
            out.push(format!("odds off by {:.0} % of the rate ({:.0} by luck)", 100.0 * error, 100.0 * luck));
        }
        out
    }
}

/// A user's item-item scores, `[items]`.
fn scores(items: &ItemItem, given: &Choices, user: UserIdx) -> Vec<f32> {
    let mut out = vec![0.0; given.n_items()];
    given.items_of(user.index()).iter().for_each(|item| items.add(ItemIdx(*item), 1.0, &mut out));
    out
}

/// nDCG@10 of every user.
fn ndcgs(given: &Choices, asked: &Asked, order: impl Fn(UserIdx) -> Vec<f32> + Sync) -> Vec<f64> {
    let set = |items: &mut dyn Iterator<Item = ItemIdx>| {
        let mut out = ItemSet::empty(given.n_items());
        items.for_each(|item| _ = out.insert(item));
        out
    };
    let one = |(user, held_out): &(UserIdx, Vec<ItemIdx>)| {
        let known = set(&mut given.items_of(user.index()).iter().map(|item| ItemIdx(*item)));
        let relevant = set(&mut held_out.iter().copied());
        ndcg_at(K, &top(&order(*user), &known, K), &relevant)
    };
    asked.par_iter().map(one).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_clusters() {
        let of = |n_each: usize| {
            let values = (0..40u32).flat_map(|user| {
                let ours = f64::from(user % 2);
                (0..n_each).map(move |_| (UserIdx(user), [ours, 0.25]))
            });
            Beside::of(values)
        };
        let (one, ten) = (of(1), of(10));
        assert!((one.ours - 0.5).abs() < 1e-12 && (one.ease - 0.25).abs() < 1e-12);
        assert!((one.error - 0.5 / 40f64.sqrt()).abs() < 1e-12, "{one:?}");
        assert!((ten.error - one.error).abs() < 1e-12, "the same answers again say nothing new");
        assert!(one.shortfall("AUC").is_none());
    }
}
