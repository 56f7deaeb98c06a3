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
            if let Some(key) = key(&item.title) {
                by_title.entry(key).or_insert(ItemIdx(row));
            }
        }
        Self { by_id, by_title }
    }

    /// The item with this id.
    pub(crate) fn with_id(&self, id: &str) -> Option<ItemIdx> {
        self.by_id.get(id).copied()
    }

    /// The item with this title.
    pub(crate) fn titled(&self, title: &str) -> Option<ItemIdx> {
        self.by_title.get(&key(title)?).copied()
    }
}

/// Titles that differ in case, punctuation or spaces alone are the same. One of punctuation alone (`???`) stands for itself,
/// and an empty one for nothing.
fn key(title: &str) -> Option<String> {
    let words: Vec<String> = title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let key = if words.is_empty() { title.trim().to_owned() } else { words.join(" ") };
    Some(key).filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_title_without_letters_is_no_other_title(one in "[ !?.-]{0,6}", other in "[ !?.-]{0,6}") {
            prop_assert_eq!(key(&one) == key(&other), one.trim() == other.trim());
            prop_assert_eq!(key(&one).is_none(), one.trim().is_empty());
        }

        #[test]
        fn case_and_punctuation_make_no_other_title(words in prop::collection::vec("[a-z]{1,5}", 1..5)) {
            prop_assert_eq!(key(&words.join(" ")), key(&format!("({})!", words.join(" - ").to_uppercase())));
        }
    }
}
