//! The items: what they are called, which categories they have, and how alike their texts are.

mod item;
mod text;

pub use item::{Catalogue, Item, MOST_CATEGORIES};
pub use text::TextVectors;

#[cfg(test)]
mod tests;
