//! What a reader comes to believe about a user's tastes from ratings.

use super::reader::Reader;
use mdp::ItemIdx;

/// A rating with how much it counts.
struct Evidence {
    item: ItemIdx,
    rating: f32,
    weight: f32,
}

/// A user's mean rating and the effect of every trait on it: a ridge regression on traits, brought up to date
/// with every rating by a few sweeps of coordinate descent.
pub(super) struct Beliefs<'a> {
    reader: &'a Reader,
    evidence: Vec<Evidence>,
    mean: f32,
    effects: Vec<f32>,
    /// Traits that any evidence has.
    seen: Vec<u32>,
}

/// What a mean rating is before anything is known.
const PRIOR_MEAN: f32 = 3.5;
const PRIOR_WEIGHT: f32 = 2.0;
/// How many ratings' worth of doubt a trait's effect has to overcome.
const CATEGORY_DOUBT: f32 = 2.5;
const WORD_DOUBT: f32 = 4.0;
const N_SWEEPS: usize = 3;

impl<'a> Beliefs<'a> {
    /// Knows nothing.
    pub(super) fn new(reader: &'a Reader) -> Self {
        let effects = vec![0.0; reader.n_traits()];
        Self { reader, evidence: Vec::new(), mean: PRIOR_MEAN, effects, seen: Vec::new() }
    }

    /// Takes note of a rating; [`Beliefs::learn`] draws the conclusions.
    pub(super) fn note(&mut self, item: ItemIdx, rating: f32, weight: f32) {
        self.evidence.push(Evidence { item, rating, weight });
        for &index in self.reader.traits(item) {
            if !self.seen.contains(&index) {
                self.seen.push(index);
            }
        }
    }

    /// Fits mean and effects to all ratings noted so far, starting from what was believed before.
    pub(super) fn learn(&mut self) {
        let mut residuals: Vec<f32> =
            self.evidence.iter().map(|e| e.rating - self.expected(e.item)).collect();
        for _ in 0..N_SWEEPS {
            self.update_mean(&mut residuals);
            for at in 0..self.seen.len() {
                self.update_effect(self.seen[at], &mut residuals);
            }
        }
    }

    fn update_mean(&mut self, residuals: &mut [f32]) {
        let mut sum = PRIOR_WEIGHT * (PRIOR_MEAN - self.mean);
        let mut weight = PRIOR_WEIGHT;
        for (evidence, residual) in self.evidence.iter().zip(residuals.iter()) {
            sum += evidence.weight * residual;
            weight += evidence.weight;
        }
        let change = sum / weight;
        self.mean += change;
        residuals.iter_mut().for_each(|r| *r -= change);
    }

    fn update_effect(&mut self, index: u32, residuals: &mut [f32]) {
        let doubt = if self.reader.is_category(index) { CATEGORY_DOUBT } else { WORD_DOUBT };
        let old = self.effects[index as usize];
        let (mut sum, mut weight) = (-doubt * old, doubt);
        let has = |e: &Evidence| self.reader.traits(e.item).contains(&index);
        for (evidence, residual) in self.evidence.iter().zip(residuals.iter()).filter(|(e, _)| has(e)) {
            sum += evidence.weight * residual;
            weight += evidence.weight;
        }
        let change = sum / weight;
        for (_, residual) in self.evidence.iter().zip(residuals.iter_mut()).filter(|(e, _)| has(e)) {
            *residual -= change;
        }
        self.effects[index as usize] = old + change;
    }

    /// The rating to be expected of an item.
    pub(super) fn expected(&self, item: ItemIdx) -> f32 {
        self.mean + self.reader.traits(item).iter().map(|&t| self.effects[t as usize]).sum::<f32>()
    }

    /// What a trait adds to a rating.
    pub(super) fn effect(&self, index: u32) -> f32 {
        self.effects[index as usize]
    }
}
