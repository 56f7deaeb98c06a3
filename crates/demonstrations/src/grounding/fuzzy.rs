//! Candidates that share letters with a text, through an inverted index of trigrams.

use std::collections::HashMap;

/// Which texts contain which trigram.
#[derive(Debug, Default)]
pub(super) struct TrigramIndex {
    texts: Vec<TextOf>,
    postings: HashMap<[char; 3], Vec<u32>>,
}

/// One indexed text and the item it names.
#[derive(Debug)]
struct TextOf {
    item: u32,
    n_grams: u32,
}

impl TrigramIndex {
    /// Adds one name of an item.
    pub(super) fn insert(&mut self, item: u32, text: &str) {
        let grams = trigrams(text);
        let row = self.texts.len() as u32;
        self.texts.push(TextOf { item, n_grams: grams.len() as u32 });
        for gram in grams {
            self.postings.entry(gram).or_default().push(row);
        }
    }

    /// The items whose texts share most trigrams with `text` (Dice coefficient of at least `least`), best first,
    /// at most `n_most`; equal ones in row order.
    pub(super) fn candidates(&self, text: &str, least: f32, n_most: usize) -> Vec<u32> {
        let grams = trigrams(text);
        let mut shared: HashMap<u32, u32> = HashMap::new();
        for gram in &grams {
            for &row in self.postings.get(gram).map_or(&[][..], Vec::as_slice) {
                *shared.entry(row).or_default() += 1;
            }
        }
        let dice = |row: u32, n: u32| {
            2.0 * n as f32 / (grams.len() as u32 + self.texts[row as usize].n_grams) as f32
        };
        let mut scored: Vec<(f32, u32)> = shared
            .into_iter()
            .map(|(row, n)| (dice(row, n), row))
            .filter(|(score, _)| *score >= least)
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut items: Vec<u32> = Vec::new();
        for (_, row) in scored {
            let item = self.texts[row as usize].item;
            if !items.contains(&item) {
                items.push(item);
            }
            if items.len() == n_most {
                break;
            }
        }
        items
    }
}

/// Distinct trigrams, blanks around the text included.
fn trigrams(text: &str) -> Vec<[char; 3]> {
    let characters: Vec<char> = [' '].into_iter().chain(text.chars()).chain([' ']).collect();
    let mut grams: Vec<[char; 3]> = characters.windows(3).map(|w| [w[0], w[1], w[2]]).collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}
