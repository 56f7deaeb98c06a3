//! The items: what they are called, which categories they have, and how alike their texts are.

mod item;
mod plain;
mod text;

pub use item::{Catalogue, Item, MOST_CATEGORIES};
pub use plain::{one_line, visible};
pub use text::TextVectors;

#[cfg(test)]
mod tests;
