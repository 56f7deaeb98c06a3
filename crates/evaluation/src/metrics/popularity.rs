//! How well known the items of a list are. Averages are over the items that the list has, at most k.

use super::value::mean;
use super::{Compute, ItemFacts, MetricEntry, RankedList, Reads};
use mdp::ItemIdx;

/// Average popularity.
pub(crate) const AVERAGE_POPULARITY: MetricEntry = MetricEntry {
    name: "averagepopularity",
    about: "how many users have the items of a list in their history",
    formula: "mean over i <= k of u(i), the number of users with item i in their history",
    source: "RecBole 1.2.1; RecTools 0.19.0, AvgRecPopularity",
    reads: Reads::Nothing,
    compute: Compute::PerList(|list, facts, k| {
        mean(list.first(k).iter().map(|item| popularity(facts, *item) as f64))
    }),
};

/// Mean self-information.
pub(crate) const NOVELTY: MetricEntry = MetricEntry {
    name: "novelty",
    about: "mean self-information in bits: how surprising it would be that a random user has the item",
    formula: "mean over i <= k of -log2(max(u(i), 1) / number of users)",
    source: "Zhou et al. 2010; RecTools 0.19.0, MeanInvUserFreq",
    reads: Reads::Nothing,
    compute: Compute::PerList(|list, facts, k| {
        let bits = |item: &ItemIdx| -(popularity(facts, *item).max(1) as f64 / facts.n_users as f64).log2();
        mean(list.first(k).iter().map(bits))
    }),
};

/// Serendipity.
pub(crate) const SERENDIPITY: MetricEntry = MetricEntry {
    name: "serendipity",
    about: "right items that would not be so high in a list by popularity",
    formula: "mean over i <= k of rel(i) max(p - q, 0), p = (n + 1 - i) / n, q = (n + 1 - place by popularity) / n",
    source: "RecTools 0.19.0",
    reads: Reads::HeldOut,
    compute: Compute::PerList(serendipity),
};

fn popularity(facts: &ItemFacts<'_>, item: ItemIdx) -> usize {
    facts.popularity.get(item.index()).copied().unwrap_or(0)
}

/// Items of equal popularity have one place, and an item without users has q = 0.
fn serendipity(list: &RankedList<'_>, facts: &ItemFacts<'_>, k: usize) -> Option<f64> {
    if list.held_out.is_empty() {
        return None;
    }
    let n = facts.n_items() as f64;
    let likely = |place: usize| (n + 1.0 - place as f64) / n;
    mean(list.first(k).iter().enumerate().map(|(index, &item)| {
        if !list.held_out.contains(item) {
            return 0.0;
        }
        let place = facts.place.get(item.index()).copied().unwrap_or(0);
        let by_popularity = if place == 0 { 0.0 } else { likely(place) };
        (likely(index + 1) - by_popularity).max(0.0)
    }))
}
