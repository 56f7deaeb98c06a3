//! Whether lists have what users took up later. R is the number of such items, rel(i) whether the item at rank i is one.

use super::{Compute, MetricEntry, RankedList, Reads};
use crate::{hit_at, ndcg_at};

const RECBOLE: &str = "RecBole 1.2.1";

/// Normalised discounted cumulative gain.
pub(crate) const NDCG: MetricEntry = MetricEntry {
    name: "ndcg",
    about: "how many of the first k are right, the first ones counting most",
    formula: "sum of rel(i) / log2(i + 1) over i <= k, over the same sum for min(k, R) right items in front",
    source: "Jarvelin & Kekalainen 2002; RecBole 1.2.1; RecTools 0.19.0 with divide_by_achievable",
    reads: Reads::HeldOut,
    compute: Compute::PerList(|list, _, k| of_held_out(list, ndcg_at(k, list.ranking, list.held_out))),
};

/// Recall.
pub(crate) const RECALL: MetricEntry = MetricEntry {
    name: "recall",
    about: "the share of what users took up that is among the first k",
    formula: "sum of rel(i) over i <= k, over R",
    source: RECBOLE,
    reads: Reads::HeldOut,
    compute: Compute::PerList(|list, _, k| of_held_out(list, n_hits(list, k) / list.held_out.len() as f64)),
};

/// Hit rate.
pub(crate) const HIT: MetricEntry = MetricEntry {
    name: "hit",
    about: "the share of users with anything right among the first k",
    formula: "1 if rel(i) for any i <= k, else 0",
    source: RECBOLE,
    reads: Reads::HeldOut,
    compute: Compute::PerList(|list, _, k| of_held_out(list, hit_at(k, list.ranking, list.held_out))),
};

/// Mean reciprocal rank.
pub(crate) const MRR: MetricEntry = MetricEntry {
    name: "mrr",
    about: "how early the first right item comes",
    formula: "1 / i of the first i <= k with rel(i), 0 if there is none",
    source: RECBOLE,
    reads: Reads::HeldOut,
    compute: Compute::PerList(|list, _, k| of_held_out(list, reciprocal_rank(list, k))),
};

/// Mean average precision.
pub(crate) const MAP: MetricEntry = MetricEntry {
    name: "map",
    about: "precision, averaged over the places of right items",
    formula: "sum of rel(i) precision@i over i <= k, over min(k, R)",
    source: RECBOLE,
    reads: Reads::HeldOut,
    compute: Compute::PerList(|list, _, k| of_held_out(list, average_precision(list, k))),
};

/// Precision.
pub(crate) const PRECISION: MetricEntry = MetricEntry {
    name: "precision",
    about: "the share of the first k that is right",
    formula: "sum of rel(i) over i <= k, over k, also where the list is shorter",
    source: RECBOLE,
    reads: Reads::HeldOut,
    compute: Compute::PerList(|list, _, k| of_held_out(list, n_hits(list, k) / k as f64)),
};

/// No list could be right for a user without held-out items.
fn of_held_out(list: &RankedList<'_>, value: f64) -> Option<f64> {
    (!list.held_out.is_empty()).then_some(value)
}

fn n_hits(list: &RankedList<'_>, k: usize) -> f64 {
    list.first(k).iter().filter(|&&item| list.held_out.contains(item)).count() as f64
}

fn reciprocal_rank(list: &RankedList<'_>, k: usize) -> f64 {
    let first = list.first(k).iter().position(|&item| list.held_out.contains(item));
    first.map_or(0.0, |index| 1.0 / (index + 1) as f64)
}

fn average_precision(list: &RankedList<'_>, k: usize) -> f64 {
    let right = list.first(k).iter().enumerate().filter(|&(_, &item)| list.held_out.contains(item));
    let sum: f64 =
        right.enumerate().map(|(before, (index, _))| (before + 1) as f64 / (index + 1) as f64).sum();
    sum / k.min(list.held_out.len()) as f64
}
