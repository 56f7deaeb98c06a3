//! How unlike each other the items of a list are.

use super::{Compute, ItemFacts, MetricEntry, RankedList, Reads};

/// Intra-list diversity.
pub(crate) const INTRA_LIST_DIVERSITY: MetricEntry = MetricEntry {
    name: "intralistdiversity",
    about: "how far the items of a list lie apart, in the unit of the distance that is given",
    formula: "mean of d(i, j) over pairs i < j <= k; 0 for a list of one",
    source: "Ziegler et al. 2005; RecTools 0.19.0, IntraListDiversity",
    reads: Reads::Distances,
    compute: Compute::PerList(mean_distance),
};

fn mean_distance(list: &RankedList<'_>, facts: &ItemFacts<'_>, k: usize) -> Option<f64> {
    let (first, distance) = (list.first(k), facts.distance?);
    if first.is_empty() {
        return None;
    }
    let pairs = first.iter().enumerate().flat_map(|(at, &a)| first[at + 1..].iter().map(move |&b| (a, b)));
    let sum: f64 = pairs.map(|(a, b)| distance(a, b)).sum();
    let n_pairs = first.len() * (first.len() - 1) / 2;
    Some(sum / n_pairs.max(1) as f64)
}
