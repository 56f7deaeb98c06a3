//! Lists in, values out.

use super::{Compute, ItemFacts, Metric, Reads};
use crate::EvaluationError;
use mdp::{ItemIdx, ItemSet, UserIdx};
use serde::{Deserialize, Serialize};

/// What one user was shown, and what they took up later.
#[derive(Clone, Copy, Debug)]
pub struct RankedList<'a> {
    /// Whose.
    pub user: UserIdx,
    /// Items, the best first, each once and none of the history.
    pub ranking: &'a [ItemIdx],
    /// What the user took up in the held-out part of the log, without the history.
    pub held_out: &'a ItemSet,
    /// How many interactions the history has.
    pub activity: usize,
}

impl RankedList<'_> {
    /// The first `k` items.
    pub(crate) fn first(&self, k: usize) -> &[ItemIdx] {
        &self.ranking[..k.min(self.ranking.len())]
    }
}

/// The value of a metric for one user.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserValue {
    /// Whose.
    pub user: UserIdx,
    /// The value of this user's list.
    pub value: f64,
}

/// What a metric came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricValue {
    /// The metric, e.g. `ndcg@10`.
    pub metric: String,
    /// The mean of `users`, or the one value of all lists; none where no list has a value.
    pub value: Option<f64>,
    /// The users that have a value, in the order of the lists; empty for what is computed over all lists.
    pub users: Vec<UserValue>,
}

impl Metric {
    /// Computes the metric.
    ///
    /// # Errors
    /// If it reads distances between items and the facts have none.
    pub fn value(
        &self,
        lists: &[RankedList<'_>],
        facts: &ItemFacts<'_>,
    ) -> Result<MetricValue, EvaluationError> {
        if self.entry().reads == Reads::Distances && facts.distance.is_none() {
            return Err(EvaluationError::NoDistances { metric: self.to_string() });
        }
        let (users, value) = match self.entry().compute {
            Compute::OverLists(compute) => {
                (Vec::new(), (!lists.is_empty()).then(|| compute(lists, facts, self.k())))
            }
            Compute::PerList(compute) => {
                let of = |list: &RankedList<'_>| {
                    compute(list, facts, self.k()).map(|value| UserValue { user: list.user, value })
                };
                let users: Vec<UserValue> = lists.iter().filter_map(of).collect();
                let value = mean(users.iter().map(|user| user.value));
                (users, value)
            }
        };
        Ok(MetricValue { metric: self.to_string(), value, users })
    }
}

/// The mean; none of nothing.
pub(crate) fn mean(values: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let n = values.len();
    (n > 0).then(|| values.sum::<f64>() / n as f64)
}
