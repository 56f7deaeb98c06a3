//! What is known about the items before any session starts.

use crate::columns::Feature;
use crate::taste::TasteModel;
use crate::tensors::{TensorSink, TensorSource, take};
use artefact::Floats;
use catalogue::{Catalogue, TextVectors};
use mdp::ItemIdx;
use std::collections::BTreeMap;

/// Everything about items that does not change during a session. Items with the same set of categories form a
/// group, so that whatever depends on categories alone is computed once a group.
#[derive(Clone, Debug)]
pub struct ItemTable {
    /// The taste model.
    pub taste: TasteModel,
    /// Group of each item, `[items]`.
    pub group_of: Vec<u32>,
    /// Category rows of each group.
    pub groups: Vec<Vec<u16>>,
    /// How many categories there are.
    pub n_categories: usize,
    /// The columns of [`Feature::FIXED`], each `[items]`.
    pub fixed: [Floats; Feature::FIXED.len()],
    /// Rating-column embedding, column-major, whose Euclidean distance is that of predicted rating columns in
    /// units of the catalogue's median distance.
    pub behavior: Floats,
    /// Squared norms of the embedding's rows, `[items]`.
    pub behavior_squares: Floats,
    /// Text vectors, `[items, text width]`.
    pub texts: Floats,
    /// Length of a text vector.
    pub text_width: usize,
    /// Whether nearness in text can make users leave, as far as the learner knows: where the catalogue has no
    /// categories.
    pub uses_text_nearness: bool,
}

/// Wide enough for cosines of jokes: at 128 the nearness that makes users leave was half hidden by the projection.
const TEXT_WIDTH: usize = 256;
/// The tensors of [`Feature::FIXED`].
const FIXED: [&str; Feature::FIXED.len()] =
    ["items.offset", "items.popularity", "items.breadth", "items.crowding"];
/// The tables that grow with the catalogue and have more than one side, by the names they are written under.
pub const TABLES: [&str; 3] = ["taste.columns", "items.behavior", "items.texts"];
const N_PAIRS: u32 = 2000;

impl ItemTable {
    /// Builds the table.
    pub fn new(catalogue: &Catalogue, taste: TasteModel) -> Self {
        let (group_of, groups) = group(catalogue);
        let n_categories = catalogue.categories().len();
        let breadth: Vec<f32> =
            catalogue.items().iter().map(|item| item.categories.len() as f32 / 3.0).collect();
        let fixed = [
            taste.offsets.clone(),
            standardised(taste.counts.iter().map(|c| c.ln_1p()).collect()).into(),
            breadth.into(),
            standardised(crowding(catalogue)).into(),
        ];
        let (behavior, behavior_squares) = behavior_embedding(&taste);
        let texts = TextVectors::embed(catalogue, TEXT_WIDTH).rows().to_vec().into();
        Self {
            taste,
            group_of,
            groups,
            n_categories,
            fixed,
            behavior: behavior.into(),
            behavior_squares: behavior_squares.into(),
            texts,
            text_width: TEXT_WIDTH,
            uses_text_nearness: uses_text_nearness(catalogue),
        }
    }

    /// Hands out what was computed from the catalogue, so that opening need not compute it again.
    pub fn write(&self, sink: &mut TensorSink<'_>) {
        let n_items = self.n_items();
        for (name, column) in FIXED.iter().zip(&self.fixed) {
            sink(name, &[n_items], column);
        }
        sink("items.behavior", &[self.behavior.len() / n_items.max(1), n_items], &self.behavior);
        sink("items.behavior_squares", &[n_items], &self.behavior_squares);
        sink("items.texts", &[n_items, self.text_width], &self.texts);
    }

    /// Takes in what [`ItemTable::write`] handed out.
    ///
    /// # Errors
    /// Which tensor is missing or has another shape.
    pub fn read(
        catalogue: &Catalogue,
        taste: TasteModel,
        source: &mut TensorSource<'_>,
    ) -> Result<Self, String> {
        let (group_of, groups) = group(catalogue);
        let n_items = catalogue.len();
        let [offset, popularity, breadth, crowding] = FIXED;
        Ok(Self {
            group_of,
            groups,
            n_categories: catalogue.categories().len(),
            fixed: [
                take(source, offset, &[n_items])?,
                take(source, popularity, &[n_items])?,
                take(source, breadth, &[n_items])?,
                take(source, crowding, &[n_items])?,
            ],
            // Offsets and factors: as wide as a belief, whose first feature is the constant one.
            behavior: take(source, "items.behavior", &[taste.width(), n_items])?,
            behavior_squares: take(source, "items.behavior_squares", &[n_items])?,
            texts: take(source, "items.texts", &[n_items, TEXT_WIDTH])?,
            text_width: TEXT_WIDTH,
            uses_text_nearness: uses_text_nearness(catalogue),
            taste,
        })
    }

    /// The same items with every number of the tables [`TABLES`] passed through `round`, which is given a table and
    /// the length of its rows.
    pub fn rounded(&self, round: impl Fn(&[f32], usize) -> Vec<f32>) -> Self {
        let n_items = self.n_items();
        let behavior = round(&self.behavior, n_items);
        let square = |i: usize| behavior.chunks_exact(n_items).map(|column| column[i] * column[i]).sum();
        Self {
            taste: TasteModel { columns: round(&self.taste.columns, n_items).into(), ..self.taste.clone() },
            behavior_squares: (0..n_items).map(square).collect::<Vec<f32>>().into(),
            behavior: behavior.into(),
            texts: round(&self.texts, self.text_width).into(),
            ..self.clone()
        }
    }

    /// One of the columns that are known before any session starts, `[items]`; `None` for the others.
    pub fn fixed(&self, feature: Feature) -> Option<&[f32]> {
        Feature::FIXED.iter().position(|own| *own == feature).map(|at| &*self.fixed[at])
    }

    /// Number of items.
    pub fn n_items(&self) -> usize {
        self.group_of.len()
    }

    /// Distances of every item to `item` in rating columns, in units of the catalogue's median distance.
    pub fn distances_to(&self, item: ItemIdx, out: &mut [f32]) {
        let n_items = self.n_items();
        out.fill(0.0);
        for column in self.behavior.chunks_exact(n_items) {
            kernels::add_scaled(out, column[item.index()], column);
        }
        let own = self.behavior_squares[item.index()];
        for (x, &square) in out.iter_mut().zip(self.behavior_squares.iter()) {
            *x = (square + own - 2.0 * *x).max(0.0).sqrt();
        }
    }

    /// Text similarity of every item to `item`.
    pub fn similarities_to(&self, item: ItemIdx, out: &mut [f32]) {
        let row = self.text(item);
        for (x, other) in out.iter_mut().zip(self.texts.chunks_exact(self.text_width)) {
            *x = kernels::dot(other, row);
        }
    }

    /// The text vector of one item.
    pub fn text(&self, item: ItemIdx) -> &[f32] {
        &self.texts[item.index() * self.text_width..(item.index() + 1) * self.text_width]
    }

    /// The category rows of one item.
    pub fn categories(&self, item: ItemIdx) -> &[u16] {
        &self.groups[self.group_of[item.index()] as usize]
    }
}

/// Whether nearness in text can make users leave: in catalogues without categories.
fn uses_text_nearness(catalogue: &Catalogue) -> bool {
    catalogue.items().iter().all(|item| item.categories.is_empty())
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
    let mut columns = taste.offsets.to_vec();
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
