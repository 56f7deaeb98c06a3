//! What is known about the items before any session starts.

use crate::taste::TasteModel;
use catalogue::{Catalogue, TextVectors};
use mdp::ItemIdx;
use std::collections::BTreeMap;

/// Everything about items that does not change during a session. Items with the same set of categories form a
/// group, so that whatever depends on categories alone is computed once a group.
#[derive(Clone, Debug)]
pub(crate) struct ItemTable {
    /// The taste model.
    pub taste: TasteModel,
    /// Group of each item, `[items]`.
    pub group_of: Vec<u32>,
    /// Category rows of each group.
    pub groups: Vec<Vec<u16>>,
    /// How many categories there are.
    pub n_categories: usize,
    /// Columns that the actor reads as they are, each `[items]`: the item's offset in ratings; the logarithm of
    /// its number of ratings, standardised; its number of categories in thirds; the mean logarithm of its
    /// categories' shares of the catalogue, standardised.
    pub fixed: [Vec<f32>; 4],
    /// Rating-column embedding, column-major, whose Euclidean distance is that of predicted rating columns in
    /// units of the catalogue's median distance.
    pub behavior: Vec<f32>,
    /// Squared norms of the embedding's rows, `[items]`.
    pub behavior_squares: Vec<f32>,
    /// Text vectors.
    pub texts: TextVectors,
    /// Whether nearness in text can make users leave, as far as the learner knows: where the catalogue has no
    /// categories.
    pub uses_text_nearness: bool,
}

/// Wide enough for cosines of jokes: at 128 the nearness that makes users leave was half hidden by the projection.
const TEXT_WIDTH: usize = 256;
const N_PAIRS: u32 = 2000;

impl ItemTable {
    /// Builds the table.
    pub(crate) fn new(catalogue: &Catalogue, taste: TasteModel) -> Self {
        let (group_of, groups) = group(catalogue);
        let n_categories = catalogue.categories().len();
        let breadth = catalogue.items().iter().map(|item| item.categories.len() as f32 / 3.0).collect();
        let fixed = [
            taste.offsets.clone(),
            standardised(taste.counts.iter().map(|c| c.ln_1p()).collect()),
            breadth,
            standardised(crowding(catalogue)),
        ];
        let (behavior, behavior_squares) = behavior_embedding(&taste);
        let has_categories = catalogue.items().iter().any(|item| !item.categories.is_empty());
        let texts = TextVectors::embed(catalogue, TEXT_WIDTH);
        Self {
            taste,
            group_of,
            groups,
            n_categories,
            fixed,
            behavior,
            behavior_squares,
            texts,
            uses_text_nearness: !has_categories,
        }
    }

    /// Number of items.
    pub(crate) fn n_items(&self) -> usize {
        self.group_of.len()
    }

    /// Distances of every item to `item` in rating columns, in units of the catalogue's median distance.
    pub(crate) fn distances_to(&self, item: ItemIdx, out: &mut [f32]) {
        let n_items = self.n_items();
        out.fill(0.0);
        for column in self.behavior.chunks_exact(n_items) {
            kernels::add_scaled(out, column[item.index()], column);
        }
        let own = self.behavior_squares[item.index()];
        for (x, &square) in out.iter_mut().zip(&self.behavior_squares) {
            *x = (square + own - 2.0 * *x).max(0.0).sqrt();
        }
    }

    /// Text similarity of every item to `item`.
    pub(crate) fn similarities_to(&self, item: ItemIdx, out: &mut [f32]) {
        let row = self.texts.row(item);
        for (index, x) in out.iter_mut().enumerate() {
            *x = kernels::dot(self.texts.row(ItemIdx(index as u32)), row);
        }
    }
}

fn group(catalogue: &Catalogue) -> (Vec<u32>, Vec<Vec<u16>>) {
    let mut rows: BTreeMap<&[u16], u32> = BTreeMap::new();
    let mut groups = Vec::new();
    let group_of = catalogue
        .items()
        .iter()
        .map(|item| {
            *rows.entry(&item.categories).or_insert_with(|| {
                groups.push(item.categories.clone());
                groups.len() as u32 - 1
            })
        })
        .collect();
    (group_of, groups)
}

fn crowding(catalogue: &Catalogue) -> Vec<f32> {
    let mut shares = vec![0.0f32; catalogue.categories().len()];
    let one = 1.0 / catalogue.len().max(1) as f32;
    catalogue.items().iter().flat_map(|item| &item.categories).for_each(|&c| shares[c as usize] += one);
    let mean = |rows: &[u16]| rows.iter().map(|&c| shares[c as usize].ln()).sum::<f32>() / rows.len() as f32;
    catalogue
        .items()
        .iter()
        .map(|item| if item.categories.is_empty() { one.ln() } else { mean(&item.categories) })
        .collect()
}

/// Offsets and factors scaled by the users' spread: distances between rows are those between columns of
/// predicted ratings, up to one factor, which is chosen to make the median 1.
fn behavior_embedding(taste: &TasteModel) -> (Vec<f32>, Vec<f32>) {
    let n_items = taste.n_items();
    let mut columns = taste.offsets.clone();
    for (k, column) in taste.columns.chunks_exact(n_items).enumerate().skip(1) {
        columns.extend(column.iter().map(|x| x * taste.prior[k].sqrt()));
    }
    let distance = |a: usize, b: usize| -> f32 {
        columns.chunks_exact(n_items).map(|c| (c[a] - c[b]).powi(2)).sum::<f32>().sqrt()
    };
    let mut rng = mdp::rng_for(0, &[0x6265_6861]);
    let mut draw = || rand::RngExt::random_range(&mut rng, 0..n_items);
    let mut sample: Vec<f32> = (0..N_PAIRS).map(|_| distance(draw(), draw())).collect();
    sample.sort_by(f32::total_cmp);
    let median = sample[sample.len() / 2].max(1e-6);
    columns.iter_mut().for_each(|x| *x /= median);
    let squares = (0..n_items).map(|i| columns.chunks_exact(n_items).map(|c| c[i] * c[i]).sum()).collect();
    (columns, squares)
}

fn standardised(mut column: Vec<f32>) -> Vec<f32> {
    let n = column.len().max(1) as f32;
    let mean = column.iter().sum::<f32>() / n;
    let deviation = (column.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / n).sqrt().max(1e-6);
    column.iter_mut().for_each(|x| *x = (*x - mean) / deviation);
    column
}
