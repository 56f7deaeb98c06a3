//! What exit rules look at in an item: its categories, its text, its rating column.

use catalogue::{Catalogue, TextVectors};
use mdp::ItemIdx;
use std::sync::Arc;

/// Distances between items' rating columns.
pub trait DistanceSource: Send + Sync {
    /// How many items.
    fn n_items(&self) -> usize;
    /// Euclidean distance between two items' rating columns, in rating units.
    fn distance(&self, a: ItemIdx, b: ItemIdx) -> f32;
}

/// What an environment knows about its items; absent parts are simply not there for a rule to use.
#[derive(Clone, Default)]
pub struct ItemFeatures {
    /// Category rows of every item, and how many categories there are.
    pub categories: Option<Arc<Vec<Vec<u16>>>>,
    /// Unit text vectors.
    pub texts: Option<Arc<TextVectors>>,
    /// Rating-column distances.
    pub distances: Option<Arc<dyn DistanceSource>>,
}

impl std::fmt::Debug for ItemFeatures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ItemFeatures")
            .field("categories", &self.categories.is_some())
            .field("texts", &self.texts.is_some())
            .field("distances", &self.distances.is_some())
            .finish()
    }
}

impl ItemFeatures {
    /// The categories of a catalogue; texts are embedded only when `text_width` is given, as it takes a while.
    pub fn of(catalogue: &Catalogue, text_width: Option<usize>) -> Self {
        let categories = catalogue.items().iter().map(|item| item.categories.clone()).collect();
        let texts = text_width.map(|width| Arc::new(TextVectors::embed(catalogue, width)));
        Self { categories: Some(Arc::new(categories)), texts, distances: None }
    }

    /// The same with rating-column distances.
    pub fn with_distances(self, distances: Arc<dyn DistanceSource>) -> Self {
        Self { distances: Some(distances), ..self }
    }

    /// The categories of every item, where any item has one.
    pub(crate) fn used_categories(&self) -> Option<&[Vec<u16>]> {
        let categories = self.categories.as_ref().map(|all| all.as_slice());
        categories.filter(|all| all.iter().any(|of_item| !of_item.is_empty()))
    }

    /// Whether an item has a category; false where categories are not known.
    pub(crate) fn shares_category(&self, category: u16, item: ItemIdx) -> bool {
        self.categories.as_ref().is_some_and(|all| all[item.index()].contains(&category))
    }
}
