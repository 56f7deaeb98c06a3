//! Text vectors that need no model: hashed character n-grams, weighted by rarity, projected to a small width.

use crate::Catalogue;

/// One unit vector per item, from its title (or text) and its category names.
#[derive(Clone, Debug, PartialEq)]
pub struct TextVectors {
    width: usize,
    rows: Vec<f32>,
    n_items: usize,
    n_items_with: Vec<u32>,
}

const GRAM: std::ops::RangeInclusive<usize> = 3..=5;
const BUCKETS: usize = 1 << 18;

impl TextVectors {
    /// Embeds every item of a catalogue. `width` is the length of a vector; a few hundred keep cosines of the
    /// full n-gram space to within about one over its square root.
    ///
    /// # Shapes
    /// `[items, width]`, rows of length one (or zero for an item without any text).
    pub fn embed(catalogue: &Catalogue, width: usize) -> Self {
        let texts: Vec<Vec<u64>> = catalogue.items().iter().map(|item| grams(&item.title)).collect();
        let mut n_items_with = vec![0u32; BUCKETS];
        for text in &texts {
            let mut buckets: Vec<usize> = text.iter().map(|g| (g % BUCKETS as u64) as usize).collect();
            buckets.sort_unstable();
            buckets.dedup();
            for bucket in buckets {
                n_items_with[bucket] += 1;
            }
        }
        let mut vectors = Self { width, rows: Vec::new(), n_items: catalogue.len(), n_items_with };
        vectors.rows = texts.iter().flat_map(|text| vectors.project(text)).collect();
        vectors
    }

    /// Embeds a text that need not be in the catalogue, weighted by the catalogue's rarities.
    ///
    /// # Shapes
    /// `[width]`, of length one (or zero for a text without any letter).
    pub fn embed_text(&self, text: &str) -> Vec<f32> {
        self.project(&grams(text))
    }

    fn project(&self, text: &[u64]) -> Vec<f32> {
        let mut row = vec![0.0; self.width];
        for &gram in text {
            let document_frequency = self.n_items_with[(gram % BUCKETS as u64) as usize] as f32;
            add_projected(&mut row, gram, (1.0 + self.n_items as f32 / document_frequency.max(1.0)).ln());
        }
        normalise(&mut row);
        row
    }

    /// The length of a vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The vector of one item.
    pub fn row(&self, item: mdp::ItemIdx) -> &[f32] {
        &self.rows[item.index() * self.width..(item.index() + 1) * self.width]
    }

    /// All vectors, one after the other.
    pub fn rows(&self) -> &[f32] {
        &self.rows
    }

    /// Cosine similarity of two items.
    pub fn similarity(&self, a: mdp::ItemIdx, b: mdp::ItemIdx) -> f32 {
        self.row(a).iter().zip(self.row(b)).map(|(x, y)| x * y).sum()
    }
}

/// Hashes of all character n-grams of the lower-cased text, word boundaries included.
fn grams(text: &str) -> Vec<u64> {
    let mut characters = vec![' '];
    characters.extend(text.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }));
    characters.push(' ');
    characters.dedup_by(|a, b| *a == ' ' && *b == ' ');
    let mut out = Vec::new();
    for length in GRAM {
        for window in characters.windows(length) {
            out.push(window.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, &c| {
                (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0000_0100_0000_01b3)
            }));
        }
    }
    out
}

/// Adds `weight` times the gram's pseudo-random sign pattern on four coordinates (a sparse random projection).
fn add_projected(row: &mut [f32], gram: u64, weight: f32) {
    let mut state = gram;
    for _ in 0..4 {
        state ^= state >> 33;
        state = state.wrapping_mul(0xff51_afd7_ed55_8ccd);
        state ^= state >> 29;
        let coordinate = (state >> 8) as usize % row.len();
        row[coordinate] += if state & 1 == 0 { weight } else { -weight };
    }
}

fn normalise(row: &mut [f32]) {
    let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        row.iter_mut().for_each(|x| *x /= length);
    }
}
