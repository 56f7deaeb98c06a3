//! Finding items by what people call them.

use catalogue::Catalogue;
use mdp::ItemIdx;
use std::collections::HashMap;

/// Items by id and by title, whatever the case and the spaces of the title.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    by_id: HashMap<String, ItemIdx>,
    by_title: HashMap<String, ItemIdx>,
}

impl Names {
    /// Of equal titles the first one counts.
    pub(crate) fn of(catalogue: &Catalogue) -> Self {
        let (mut by_id, mut by_title) = (HashMap::new(), HashMap::with_capacity(catalogue.len()));
        for (item, row) in catalogue.items().iter().zip(0u32..) {
            by_id.insert(item.id.clone(), ItemIdx(row));
            by_title.entry(key(&item.title)).or_insert(ItemIdx(row));
        }
        Self { by_id, by_title }
    }

    /// The item with this id.
    pub(crate) fn with_id(&self, id: &str) -> Option<ItemIdx> {
        self.by_id.get(id).copied()
    }

    /// The item with this title.
    pub(crate) fn titled(&self, title: &str) -> Option<ItemIdx> {
        self.by_title.get(&key(title)).copied()
    }
}

/// Titles that differ in case, punctuation or spaces alone are the same.
fn key(title: &str) -> String {
    let words: Vec<String> = title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join(" ")
}
