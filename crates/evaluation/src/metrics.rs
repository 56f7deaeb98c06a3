//! Metrics of ranked lists as named values: each has a line of [`METRICS`] and is asked for as `ndcg@10`.
//!
//! To add one: a function with its `MetricEntry` in one of the files of `metrics/` (or a file of its own), and a line of
//! [`METRICS`]. Names are RecBole's where it has the metric. Formulas, and where ours are not those of RecBole or
//! RecTools, are in `docs/statistics.md`.

mod accuracy;
mod diversity;
mod facts;
mod named;
mod popularity;
mod spread;
mod strata;
mod value;

use crate::EvaluationError;
use std::fmt;

pub use facts::{Distance, ItemFacts};
pub use named::{LIST_LENGTH, ListValues, NamedValues, check_table_metrics, table_metrics};
pub use strata::{ByActivity, ByPopularity, by_item_popularity, by_user_activity};
pub use value::{MetricValue, RankedList, UserValue};

/// The registry, in the order of tables.
#[rustfmt::skip]
pub const METRICS: &[MetricEntry] = &[
    accuracy::NDCG,
    accuracy::RECALL,
    accuracy::HIT,
    accuracy::MRR,
    accuracy::MAP,
    accuracy::PRECISION,
    spread::ITEM_COVERAGE,
    spread::GINI_INDEX,
    popularity::AVERAGE_POPULARITY,
    popularity::NOVELTY,
    popularity::SERENDIPITY,
    diversity::INTRA_LIST_DIVERSITY,
];

/// A metric before it is told how many items of a list count.
#[derive(Clone, Copy, Debug)]
pub struct MetricEntry {
    /// Its name, in lower case.
    pub name: &'static str,
    /// What it says, in one line.
    pub about: &'static str,
    /// How it is computed from the first k of a list, in one line.
    pub formula: &'static str,
    /// Who defined it so.
    pub source: &'static str,
    /// What it reads beside lists and how often items were taken up.
    pub reads: Reads,
    /// Who computes it.
    pub compute: Compute,
}

/// What a metric reads beside lists and how often items were taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Nothing.
    Nothing,
    /// What users took up later: users without such items have no value.
    HeldOut,
    /// How far items lie apart.
    Distances,
}

/// Whether every list has a value of its own.
#[derive(Clone, Copy, Debug)]
pub enum Compute {
    /// The value of one list at k; none where a list has none. Over lists it is averaged.
    PerList(fn(&RankedList<'_>, &ItemFacts<'_>, usize) -> Option<f64>),
    /// The one value of all lists at k.
    OverLists(fn(&[RankedList<'_>], &ItemFacts<'_>, usize) -> f64),
}

/// A metric of the first k items of lists.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    entry: &'static MetricEntry,
    k: usize,
}

impl Metric {
    /// Its line of the registry.
    pub fn entry(&self) -> &'static MetricEntry {
        self.entry
    }

    /// How many items of a list count, from 1.
    pub fn k(&self) -> usize {
        self.k
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.entry.name, self.k)
    }
}

/// The metric of a name such as `ndcg@10`.
///
/// # Errors
/// If there is none; the message lists those that there are.
pub fn find_metric(name: &str) -> Result<Metric, EvaluationError> {
    let found = name.split_once('@').and_then(|(word, k)| {
        let entry = METRICS.iter().find(|entry| entry.name == word)?;
        let k = k.parse().ok().filter(|&k| k > 0)?;
        Some(Metric { entry, k })
    });
    found.ok_or_else(|| {
        let names: Vec<&str> = METRICS.iter().map(|entry| entry.name).collect();
        EvaluationError::UnknownMetric { got: name.to_owned(), known: names.join(", ") }
    })
}

#[cfg(test)]
mod tests;
