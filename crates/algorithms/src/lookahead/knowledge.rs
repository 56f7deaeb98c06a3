//! What is known of items, and of users by their histories, before any session is run.

use crate::evidence::Known;
use crate::item_item::{put_model, sound, take_model};
use crate::tensors::take;
use artefact::Tensors;
use catalogue::Catalogue;
use collaborative::ItemItem;
use learning::{LearningError, User};
use mdp::{Interaction, ItemIdx};

/// Numbers from which it is guessed what an item earns.
pub(super) const N_BASES: usize = 8;

/// Choices that a mean rating is drawn towards the mean of all by.
const PRIOR_RATINGS: f32 = 5.0;

/// Who takes up what (EASE) and how popular items are, from the log of training users and demonstrations; how items are rated,
/// from the log; categories from the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Knowledge {
    items: ItemItem,
    /// ln(1 + how many chose it), `[items]`; those of demonstrations by what they count.
    popularity: Vec<f32>,
    /// Mean rating above the mean of all, `[items]`.
    rating: Vec<f32>,
    /// `[items]`.
    categories: Vec<Vec<u16>>,
}

impl Knowledge {
    /// Of who takes up what, and the ratings of these users.
    pub(super) fn of(known: Known, users: &[User<'_>], catalogue: &Catalogue) -> Self {
        let n_items = catalogue.len();
        let Known { items, counts, .. } = known;
        let popularity = counts.iter().map(|count| (1.0 + count).ln()).collect();
        let (mut sums, mut counts) = (vec![0.0f32; n_items], vec![0.0f32; n_items]);
        for row in users.iter().flat_map(|(_, rows)| rows.iter()) {
            sums[row.item.index()] += row.rating;
            counts[row.item.index()] += 1.0;
        }
        let mean = sums.iter().sum::<f32>() / counts.iter().sum::<f32>().max(1.0);
        let above = |(sum, n): (&f32, &f32)| (sum + PRIOR_RATINGS * mean) / (n + PRIOR_RATINGS) - mean;
        let rating = sums.iter().zip(&counts).map(above).collect();
        Self { items, popularity, rating, categories: categories(catalogue) }
    }

    /// `[items, N_BASES]`: bent lines of how much the history speaks for an item and of how popular it is, and its rating.
    pub(super) fn bases(&self, history: &[Interaction]) -> Vec<[f32; N_BASES]> {
        let mut scores = vec![0.0; self.n_items()];
        history.iter().for_each(|row| self.items.add(row.item, 1.0, &mut scores));
        let spread = (scores.iter().map(|s| s * s).sum::<f32>() / scores.len().max(1) as f32).sqrt();
        let of = |((score, p), m): ((&f32, &f32), &f32)| {
            let x = (score / spread.max(1e-9)).asinh();
            [1.0, x, *p, x * p, (x - 1.0).max(0.0), (x - 2.5).max(0.0), (p - 3.0).max(0.0), *m]
        };
        scores.iter().zip(&self.popularity).zip(&self.rating).map(of).collect()
    }

    pub(super) fn n_items(&self) -> usize {
        self.popularity.len()
    }

    pub(super) fn n_categories(&self) -> usize {
        self.categories.iter().flatten().max().map_or(0, |most| usize::from(*most) + 1)
    }

    pub(super) fn categories_of(&self, item: ItemIdx) -> &[u16] {
        &self.categories[item.index()]
    }

    pub(super) fn put(&self, out: &mut Tensors) {
        put_model(out, &self.items);
        out.insert("popularity", &[self.popularity.len()], self.popularity.clone());
        out.insert("rating", &[self.rating.len()], self.rating.clone());
    }

    /// Takes it out of a policy's tensors.
    ///
    /// # Errors
    /// When a tensor is missing or damaged.
    pub(super) fn take(from: &mut Tensors, catalogue: &Catalogue) -> Result<Self, LearningError> {
        let items = take_model(from, catalogue.len())?;
        let [popularity, rating] = ["popularity", "rating"].map(|name| take(from, name, &[catalogue.len()]));
        let (popularity, rating) = (popularity?, rating?);
        sound(&popularity)?;
        sound(&rating)?;
        Ok(Self { items, popularity, rating, categories: categories(catalogue) })
    }
}

fn categories(catalogue: &Catalogue) -> Vec<Vec<u16>> {
    catalogue.items().iter().map(|item| item.categories.clone()).collect()
}
