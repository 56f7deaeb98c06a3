//! Items that are like an item.

use crate::session::check_item;
use crate::{Served, ServingError};
use mdp::ItemIdx;

/// An item and how near it is to another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimilarItem {
    /// The item.
    pub item: ItemIdx,
    /// Distance of predicted rating columns, in units of the catalogue's median distance.
    pub distance: f32,
    /// Cosine of texts.
    pub text: f32,
}

impl Served {
    /// The nearest items, nearest first: those rated alike, and of them those called alike.
    ///
    /// # Errors
    /// When the item is beyond the catalogue.
    pub fn similar(&self, item: ItemIdx, k: usize) -> Result<Vec<SimilarItem>, ServingError> {
        check_item(self.n_items(), item)?;
        let items = &self.ranker().items;
        let (mut distances, mut texts) = (vec![0.0; self.n_items()], vec![0.0; self.n_items()]);
        items.distances_to(item, &mut distances);
        items.similarities_to(item, &mut texts);
        let mut all: Vec<SimilarItem> = distances
            .iter()
            .zip(&texts)
            .zip(0u32..)
            .map(|((&distance, &text), row)| SimilarItem { item: ItemIdx(row), distance, text })
            .filter(|other| other.item != item)
            .collect();
        let nearness = |one: &SimilarItem| one.text - one.distance;
        all.sort_by(|a, b| nearness(b).total_cmp(&nearness(a)));
        all.truncate(k);
        Ok(all)
    }
}
