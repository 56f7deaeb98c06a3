//! How much of the catalogue is shown, and how unevenly.

use serde::Serialize;
use serving::Served;
use std::collections::BTreeMap;

/// What the page shows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Coverage {
    n_items: usize,
    n_shown: usize,
    /// In percent.
    share: f64,
    n_impressions: u64,
    /// The items shown most.
    top: Vec<Bar>,
    /// Impressions of every category beside its share of the catalogue.
    categories: Vec<Bar>,
    /// Points of the Lorenz curve as an SVG path in a square of 100.
    curve: String,
    gini: f64,
}

#[derive(Clone, Debug, Serialize)]
struct Bar {
    name: String,
    count: u64,
    /// Of the longest bar, in percent.
    width: f64,
    /// What it would be if all items were shown equally often, in percent of the longest bar.
    expected: f64,
}

const N_BARS: usize = 15;

/// Counts what was shown, by item id.
pub(crate) fn of(served: &Served, shown: &BTreeMap<String, u64>) -> Coverage {
    let n_items = served.n_items();
    let count = |id: &String| shown.get(id).copied().unwrap_or(0);
    let mut counts: Vec<u64> = served.catalogue().items().iter().map(|item| count(&item.id)).collect();
    let n_shown = counts.iter().filter(|&&count| count > 0).count();
    let n_impressions: u64 = counts.iter().sum();
    let mut by_category: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (row, item) in (0u32..).zip(served.catalogue().items()) {
        for name in served.categories_of(mdp::ItemIdx(row)) {
            let entry = by_category.entry(name).or_default();
            *entry = (entry.0 + count(&item.id), entry.1 + 1);
        }
    }
    let title = |id: &String| {
        let row = served.row(id)?;
        served.item(row).map(|item| item.title.clone())
    };
    let mut top: Vec<(String, u64, f64)> =
        shown.iter().filter_map(|(id, &count)| Some((title(id)?, count, 0.0))).collect();
    top.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    top.truncate(N_BARS);
    let per_item = n_impressions as f64 / n_items.max(1) as f64;
    let categories = by_category
        .into_iter()
        .map(|(name, (count, n))| (name.to_owned(), count, n as f64 * per_item))
        .collect();
    counts.sort_unstable();
    let (curve, gini) = lorenz(&counts);
    Coverage {
        n_items,
        n_shown,
        share: 100.0 * n_shown as f64 / n_items.max(1) as f64,
        n_impressions,
        top: bars(top),
        categories: bars(categories),
        curve,
        gini,
    }
}

fn bars(rows: Vec<(String, u64, f64)>) -> Vec<Bar> {
    let longest = rows.iter().map(|row| (row.1 as f64).max(row.2)).fold(1.0, f64::max);
    let bar = |(name, count, expected): (String, u64, f64)| Bar {
        name,
        count,
        width: 100.0 * count as f64 / longest,
        expected: 100.0 * expected / longest,
    };
    rows.into_iter().map(bar).collect()
}

/// The share of impressions that the least shown items have, and Gini's coefficient of it.
fn lorenz(ascending: &[u64]) -> (String, f64) {
    let total = ascending.iter().sum::<u64>().max(1) as f64;
    let n = ascending.len().max(1) as f64;
    let (mut sum, mut below, mut path) = (0.0, 0.0, "M 0 100".to_owned());
    let every = (ascending.len() / 100).max(1);
    for (at, &count) in (1usize..).zip(ascending) {
        let before = sum / total;
        sum += count as f64;
        below += (before + sum / total) / (2.0 * n);
        if at % every == 0 || at == ascending.len() {
            path.push_str(&format!(" L {:.2} {:.2}", 100.0 * at as f64 / n, 100.0 - 100.0 * sum / total));
        }
    }
    let gini = if sum > 0.0 { 1.0 - 2.0 * below } else { 0.0 };
    (path, gini)
}
