//! Items and their categories.

use mdp::ItemIdx;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The outside world's id.
    pub id: String,
    /// The title; for items that only have a text (jokes), the text.
    pub title: String,
    /// Rows of [`Catalogue::categories`], ascending, without duplicates; may be empty.
    pub categories: Vec<u16>,
}

/// All items of one dataset; an [`ItemIdx`] is a row of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawCatalogue")]
pub struct Catalogue {
    items: Vec<Item>,
    categories: Vec<String>,
    by_id: BTreeMap<String, ItemIdx>,
}

/// Categories that a catalogue can number.
pub const MOST_CATEGORIES: usize = u16::MAX as usize;

/// A catalogue as somebody wrote it.
#[derive(Deserialize)]
struct RawCatalogue {
    items: Vec<Item>,
    categories: Vec<String>,
    by_id: BTreeMap<String, ItemIdx>,
}

impl TryFrom<RawCatalogue> for Catalogue {
    type Error = String;

    fn try_from(raw: RawCatalogue) -> Result<Self, String> {
        let RawCatalogue { items, categories, by_id } = raw;
        if categories.len() > MOST_CATEGORIES || u32::try_from(items.len()).is_err() {
            return Err(format!("{} items of {} categories are too many", items.len(), categories.len()));
        }
        for item in &items {
            if let Some(category) = item.categories.iter().find(|&&row| usize::from(row) >= categories.len())
            {
                return Err(format!("item `{}` is of category {category} of {}", item.id, categories.len()));
            }
        }
        let is_at_its_row =
            |(row, item): (usize, &Item)| by_id.get(&item.id).is_some_and(|at| at.index() == row);
        if by_id.len() != items.len() || !items.iter().enumerate().all(is_at_its_row) {
            return Err("the ids do not name the rows of their items".to_owned());
        }
        Ok(Self { items, categories, by_id })
    }
}

impl Catalogue {
    /// Builds a catalogue from (id, title, category names) in row order; category rows are in order of name.
    /// A second item with the same id is left out and returned by row in the second value. Categories beyond
    /// [`MOST_CATEGORIES`] are left out: readers refuse such input before.
    pub fn new(rows: Vec<(String, String, Vec<String>)>) -> (Self, Vec<usize>) {
        let names: std::collections::BTreeSet<&String> = rows.iter().flat_map(|row| &row.2).collect();
        let categories: Vec<String> = names.into_iter().take(MOST_CATEGORIES).cloned().collect();
        let (mut items, mut by_id, mut repeated) = (Vec::new(), BTreeMap::new(), Vec::new());
        for (row, (id, title, labels)) in rows.into_iter().enumerate() {
            if by_id.contains_key(&id) {
                repeated.push(row);
                continue;
            }
            let mut rows: Vec<u16> = labels
                .iter()
                .filter_map(|name| categories.binary_search(name).ok())
                .filter_map(|row| u16::try_from(row).ok())
                .collect();
            rows.sort_unstable();
            rows.dedup();
            by_id.insert(id.clone(), ItemIdx(items.len() as u32));
            items.push(Item { id, title, categories: rows });
        }
        (Self { items, categories, by_id }, repeated)
    }

    /// How many items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// One item.
    ///
    /// # Panics
    /// If the row is beyond the catalogue.
    pub fn item(&self, item: ItemIdx) -> &Item {
        &self.items[item.index()]
    }

    /// All items in row order.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The names of the categories, in row order.
    pub fn categories(&self) -> &[String] {
        &self.categories
    }

    /// The row of an outside id.
    pub fn find(&self, id: &str) -> Option<ItemIdx> {
        self.by_id.get(id).copied()
    }

    /// The hash that artefacts carry so that rows are never read beside another catalogue.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for item in &self.items {
            for part in [&item.id, &item.title] {
                hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
            }
            for &category in &item.categories {
                hasher.update(self.categories[category as usize].as_bytes()).update(b"|");
            }
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }
}
