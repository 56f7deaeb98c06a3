//! What a dataset is, in numbers.

use crate::{Clock, Dataset, ImportReport};
use serde::{Deserialize, Serialize};

/// The numbers of one dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The dataset's hash.
    pub hash: String,
    /// The catalogue's hash.
    pub catalogue_hash: String,
    /// Users.
    pub users: usize,
    /// Items, with or without interactions.
    pub items: usize,
    /// Interactions.
    pub interactions: usize,
    /// Interactions over users times items.
    pub density: f64,
    /// Share of the items that anybody has.
    pub catalogue_coverage: f64,
    /// Fewest, median and most interactions of a user.
    pub per_user: [usize; 3],
    /// Fewest, median and most interactions of an item.
    pub per_item: [usize; 3],
    /// Categories of the catalogue.
    pub categories: usize,
    /// Items without any category.
    pub items_without_category: usize,
    /// What the times mean.
    pub clock: Clock,
    /// First and last time in unix seconds, where the log has them.
    pub time_span: Option<[i64; 2]>,
    /// Interactions by rating, on the 1 to 5 scale in eight half steps: from 1.0, 1.5, ... 4.5; 5.0 is in the
    /// last.
    pub rating_histogram: [usize; 8],
    /// The mean rating on the 1 to 5 scale.
    pub rating_mean: f64,
    /// Interactions of which it is known with which probability the item was chosen.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub propensities: usize,
    /// How it was imported: sources, scales, dropped rows, warnings.
    pub import: ImportReport,
}

/// Describes a dataset.
pub fn describe(dataset: &Dataset) -> Description {
    let counts: Vec<usize> = dataset.item_counts().into_iter().map(|count| count as usize).collect();
    let sizes: Vec<usize> = dataset.histories().map(|(_, history)| history.len()).collect();
    let rows = || dataset.histories().flat_map(|(_, history)| history);
    let mut rating_histogram = [0; 8];
    rows().for_each(|row| rating_histogram[(((row.rating - 1.0) * 2.0) as usize).min(7)] += 1);
    let n = dataset.n_interactions();
    let cells = dataset.n_users() as f64 * dataset.n_items() as f64;
    let times = || rows().map(|row| row.time);
    let span = times().min().zip(times().max()).map(|(first, last)| [first, last]);
    let items = dataset.catalogue.items();
    Description {
        hash: dataset.hash(),
        catalogue_hash: dataset.catalogue.hash(),
        users: dataset.n_users(),
        items: dataset.n_items(),
        interactions: n,
        density: n as f64 / cells.max(1.0),
        catalogue_coverage: counts.iter().filter(|&&c| c > 0).count() as f64 / counts.len().max(1) as f64,
        per_user: spread(sizes),
        per_item: spread(counts),
        categories: dataset.catalogue.categories().len(),
        items_without_category: items.iter().filter(|item| item.categories.is_empty()).count(),
        clock: dataset.clock(),
        time_span: span.filter(|_| dataset.clock() == Clock::Seconds),
        rating_histogram,
        rating_mean: rows().map(|row| f64::from(row.rating)).sum::<f64>() / n.max(1) as f64,
        propensities: if dataset.has_propensities() { n_propensities(dataset) } else { 0 },
        import: dataset.report.clone(),
    }
}

fn n_propensities(dataset: &Dataset) -> usize {
    dataset.histories().map(|(user, _)| dataset.propensities(user).flatten().count()).sum()
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// Least, middle and greatest.
fn spread(mut values: Vec<usize>) -> [usize; 3] {
    values.sort_unstable();
    let at = |place: usize| values.get(place).copied().unwrap_or(0);
    [at(0), at(values.len() / 2), at(values.len().saturating_sub(1))]
}
