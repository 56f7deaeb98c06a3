//! Who takes up what, learned from choices alone: items beside items, vectors of users and items; no ratings, no content.

mod bpr;
mod choices;
mod ease;
mod item_item;
mod item_knn;
mod lists;

pub use bpr::{BprConfig, BprFactors, BprPair, BprPairs, BprTable, FoldedIn};
pub use choices::Choices;
pub use ease::{EaseConfig, ease};
pub use item_item::ItemItem;
pub use item_knn::{ItemKnnConfig, item_knn};

/// A model that cannot be fitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CollaborativeError {
    /// Nobody chose anything, or everybody everything.
    #[error("there are no choices to fit to")]
    NoChoices,
    /// The penalty is too small for the precision of f64.
    #[error("the item-item system is singular with a penalty of {l2}; give a larger one")]
    Singular {
        /// The penalty.
        l2: f64,
    },
}
