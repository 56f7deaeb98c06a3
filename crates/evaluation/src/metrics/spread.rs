//! How all lists together spread over the catalogue.

use super::{Compute, ItemFacts, MetricEntry, RankedList, Reads};
use crate::exposure::gini;

/// Coverage of the catalogue.
pub(crate) const ITEM_COVERAGE: MetricEntry = MetricEntry {
    name: "itemcoverage",
    about: "the share of the catalogue that anybody is shown",
    formula: "number of distinct items among the first k of all lists, over the number of items",
    source: "RecBole 1.2.1; RecTools 0.19.0, CatalogCoverage with normalize",
    reads: Reads::Nothing,
    compute: Compute::OverLists(|lists, facts, k| {
        let n_shown = shown(lists, facts, k).iter().filter(|&&count| count > 0).count();
        n_shown as f64 / facts.n_items().max(1) as f64
    }),
};

/// Gini index of what is shown.
pub(crate) const GINI_INDEX: MetricEntry = MetricEntry {
    name: "giniindex",
    about: "how unevenly items are shown: 0 if all equally often, near 1 if a few take all",
    formula: "sum of (2 i - n - 1) x(i) over n sum of x(i), x ascending: how often each of n items is in the first k",
    source: "RecBole 1.2.1",
    reads: Reads::Nothing,
    compute: Compute::OverLists(|lists, facts, k| gini(shown(lists, facts, k))),
};

/// How often each item of the catalogue is among the first k.
fn shown(lists: &[RankedList<'_>], facts: &ItemFacts<'_>, k: usize) -> Vec<u64> {
    let mut counts = vec![0; facts.n_items()];
    for item in lists.iter().flat_map(|list| list.first(k)) {
        if let Some(count) = counts.get_mut(item.index()) {
            *count += 1;
        }
    }
    counts
}
