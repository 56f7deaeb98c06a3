//! What a reader of titles and genres sees in an item.

use crate::title::parse;
use catalogue::Catalogue;
use mdp::ItemIdx;
use std::collections::HashMap;

/// A word must be in this many titles to mean anything.
const MIN_TITLES: usize = 4;
/// A word in a larger share of the titles means nothing.
const MAX_SHARE: f64 = 0.2;
/// Shorter words mean nothing.
const MIN_LETTERS: usize = 3;

/// The traits of every item: its categories, then the telling words of its title.
#[derive(Debug)]
pub(super) struct Reader {
    traits: Vec<Vec<u32>>,
    n_categories: usize,
    words: Vec<String>,
}

impl Reader {
    /// Reads a catalogue.
    pub(super) fn of(catalogue: &Catalogue) -> Self {
        let titles: Vec<Vec<String>> =
            catalogue.items().iter().map(|item| title_words(&item.title)).collect();
        let mut n_titles: HashMap<&str, usize> = HashMap::new();
        for word in titles.iter().flatten() {
            *n_titles.entry(word).or_default() += 1;
        }
        let most = (MAX_SHARE * titles.len() as f64) as usize;
        let mut words: Vec<String> = n_titles
            .into_iter()
            .filter(|(word, n)| (MIN_TITLES..=most).contains(n) && word.len() >= MIN_LETTERS)
            .map(|(word, _)| word.to_owned())
            .collect();
        words.sort_unstable();
        let n_categories = catalogue.categories().len();
        let traits = catalogue
            .items()
            .iter()
            .zip(&titles)
            .map(|(item, title)| {
                let rows = title.iter().filter_map(|word| words.binary_search(word).ok());
                let words = rows.map(|row| (n_categories + row) as u32);
                item.categories.iter().map(|&c| u32::from(c)).chain(words).collect()
            })
            .collect();
        Self { traits, n_categories, words }
    }

    /// How many traits there are.
    pub(super) fn n_traits(&self) -> usize {
        self.n_categories + self.words.len()
    }

    /// The traits of an item, categories first.
    pub(super) fn traits(&self, item: ItemIdx) -> &[u32] {
        &self.traits[item.index()]
    }

    /// The categories among them.
    pub(super) fn categories(&self, item: ItemIdx) -> &[u32] {
        let traits = self.traits(item);
        let end = traits.iter().position(|&t| t as usize >= self.n_categories).unwrap_or(traits.len());
        &traits[..end]
    }

    /// Whether a trait is a category.
    pub(super) fn is_category(&self, index: u32) -> bool {
        (index as usize) < self.n_categories
    }

    /// What a trait is called.
    pub(super) fn trait_name<'a>(&'a self, index: u32, catalogue: &'a Catalogue) -> &'a str {
        let index = index as usize;
        if index < self.n_categories {
            &catalogue.categories()[index]
        } else {
            &self.words[index - self.n_categories]
        }
    }
}

/// The distinct words of a title's main name.
fn title_words(title: &str) -> Vec<String> {
    let parsed = parse(title);
    let mut words = parsed.names.into_iter().next().map(|name| name.words).unwrap_or_default();
    words.sort_unstable();
    words.dedup();
    words
}
