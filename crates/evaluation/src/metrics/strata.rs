//! Values by how popular the items are that users took up, and by how active users are.

use super::{ItemFacts, Metric, MetricValue, RankedList, Reads};
use crate::EvaluationError;
use mdp::{ItemIdx, ItemSet};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// A metric by the popularity of held-out items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByPopularity {
    /// The most popular items, until they have a third of all interactions.
    pub head: MetricValue,
    /// The next ones, with the second third.
    pub torso: MetricValue,
    /// All others, with those that nobody has.
    pub tail: MetricValue,
}

/// A metric by the length of histories, in thirds of the users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByActivity {
    /// The users with the shortest histories.
    pub least: MetricValue,
    /// Those between.
    pub middle: MetricValue,
    /// The users with the longest histories.
    pub most: MetricValue,
}

/// The metric with nothing but the held-out items of one third at a time counting as right; lists stay as they are. A user
/// counts in the thirds in which they have held-out items. Thirds are of interactions, not of items: a third of the items
/// would leave the tail without anything to be right about.
///
/// # Errors
/// If the metric does not read held-out items.
pub fn by_item_popularity(
    metric: &Metric,
    lists: &[RankedList<'_>],
    facts: &ItemFacts<'_>,
) -> Result<ByPopularity, EvaluationError> {
    if metric.entry().reads != Reads::HeldOut {
        return Err(EvaluationError::NoItemStrata { metric: metric.to_string() });
    }
    let thirds = item_thirds(facts);
    let of = |third: usize| {
        let within = |list: &RankedList<'_>| {
            let mut kept = ItemSet::empty(facts.n_items());
            for item in list.held_out.iter().filter(|item| thirds.get(item.index()) == Some(&third)) {
                kept.insert(item);
            }
            kept
        };
        let held_out: Vec<ItemSet> = lists.iter().map(within).collect();
        let lists: Vec<RankedList<'_>> =
            lists.iter().zip(&held_out).map(|(list, held_out)| RankedList { held_out, ..*list }).collect();
        metric.value(&lists, facts)
    };
    Ok(ByPopularity { head: of(0)?, torso: of(1)?, tail: of(2)? })
}

/// The metric of a third of the lists at a time, by the length of histories; users with equally long ones stand in the
/// order of their rows.
///
/// # Errors
/// As of [`Metric::value`].
pub fn by_user_activity(
    metric: &Metric,
    lists: &[RankedList<'_>],
    facts: &ItemFacts<'_>,
) -> Result<ByActivity, EvaluationError> {
    let mut ascending = lists.to_vec();
    ascending.sort_by_key(|list| (list.activity, list.user));
    let (first, second) = (lists.len().div_ceil(3), (2 * lists.len()).div_ceil(3));
    Ok(ByActivity {
        least: metric.value(&ascending[..first], facts)?,
        middle: metric.value(&ascending[first..second], facts)?,
        most: metric.value(&ascending[second..], facts)?,
    })
}

/// Which third each item is in: 0 where more popular items have less than a third of all interactions, 1 where they have
/// less than two thirds, else 2. Items of equal popularity stand in the order of their rows.
fn item_thirds(facts: &ItemFacts<'_>) -> Vec<usize> {
    let mut order: Vec<ItemIdx> = (0..facts.n_items() as u32).map(ItemIdx).collect();
    order.sort_by_key(|item| Reverse(facts.popularity[item.index()]));
    let total: usize = facts.popularity.iter().sum();
    let (mut thirds, mut before) = (vec![2; order.len()], 0);
    for item in order.iter().filter(|item| facts.popularity[item.index()] > 0) {
        thirds[item.index()] = 3 * before / total;
        before += facts.popularity[item.index()];
    }
    thirds
}
