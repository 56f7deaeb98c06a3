//! Sampled cells that stand in for low ratings where a log has positives alone.

use crate::{Rating, RatingTable};
use data::Dataset;
use mdp::{ItemIdx, POSITIVE_ONLY, Rng, UserIdx, share_of_best};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

/// Whether a world's models are given sampled cells beside the logged ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Negatives {
    /// Where at least 99 % of the ratings are the log's best one: fitted on such ratings alone, everything would
    /// be liked by everybody.
    #[default]
    Auto,
    /// Whatever the ratings are.
    Always,
    /// Not even for a log of positives alone.
    Never,
}

impl Negatives {
    /// Whether cells are sampled for a log with this share of its ratings at the best one.
    pub fn are_sampled(self, share_at_best: f64) -> bool {
        match self {
            Self::Auto => share_at_best >= POSITIVE_ONLY,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// The share of a log's ratings that equal the best of them; 1 for an empty log.
pub(crate) fn share_at_best(dataset: &Dataset) -> f64 {
    share_of_best(dataset.histories().flat_map(|(_, history)| history).map(|row| row.rating))
}

/// Whose row a sampled cell lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NegativeUsers {
    /// That of the positive it is sampled for, so that a long log does not look like a high opinion of everything.
    Own,
    /// That of any user with a logged cell, as published.
    Any,
}

/// How cells are sampled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NegativeRule {
    /// Whose row.
    pub users: NegativeUsers,
    /// Cells for each logged one.
    pub n_each: usize,
    /// Their value, on the 1 to 5 scale.
    pub target: f32,
}

impl RatingTable {
    /// The same table with sampled cells behind the known ones: for models that do not sample as they learn, and
    /// for measuring errors where only positives were logged. Cells of `known` that are rated as high are avoided.
    pub fn with_negatives(&self, known: &RatingTable, rule: NegativeRule, rng: &mut Rng) -> Self {
        let mut cells = self.cells.clone();
        if !cells.is_empty() {
            let sampler = NegativeSampler::new(known, rule);
            for _ in 0..rule.n_each {
                cells.extend(self.cells.iter().map(|cell| sampler.sample(cell, rng)));
            }
        }
        self.with_cells(cells)
    }
}

/// Draws uniformly random cells whose logged value lies below the positive's, giving up after three tries.
///
/// # Source
/// `docs/spec/world-model.md#loss`. ROLeR draws from a list made once before training; this draws afresh for every
/// batch.
#[derive(Debug)]
pub(crate) struct NegativeSampler {
    rule: NegativeRule,
    n_items: u32,
    /// Known cells of every user, by item.
    known: Vec<Vec<(ItemIdx, f32)>>,
    raters: Vec<UserIdx>,
}

const N_TRIES: usize = 3;

impl NegativeSampler {
    pub(crate) fn new(table: &RatingTable, rule: NegativeRule) -> Self {
        let mut known = vec![Vec::new(); table.n_users];
        for cell in &table.cells {
            known[cell.user.index()].push((cell.item, cell.value));
        }
        known.iter_mut().for_each(|row| row.sort_unstable_by_key(|(item, _)| *item));
        let raters =
            (0..table.n_users as u32).map(UserIdx).filter(|u| !known[u.index()].is_empty()).collect();
        Self { rule, n_items: table.n_items as u32, known, raters }
    }

    /// Appends one negative for every cell of the batch.
    pub(crate) fn extend(&self, batch: &mut Vec<Rating>, rng: &mut Rng) {
        for position in 0..batch.len() {
            batch.push(self.sample(&batch[position], rng));
        }
    }

    /// One negative for a cell. Users without a logged cell are never drawn: their rows are to be folded in later.
    fn sample(&self, positive: &Rating, rng: &mut Rng) -> Rating {
        let mut cell = self.draw(positive.user, rng);
        for _ in 1..N_TRIES {
            if self.logged(cell).unwrap_or(0.0) < positive.value {
                break;
            }
            cell = self.draw(positive.user, rng);
        }
        let (user, item) = cell;
        Rating { user, item, value: self.rule.target }
    }

    fn draw(&self, own: UserIdx, rng: &mut Rng) -> (UserIdx, ItemIdx) {
        let user = match self.rule.users {
            NegativeUsers::Own => own,
            NegativeUsers::Any => self.raters[rng.random_range(0..self.raters.len())],
        };
        (user, ItemIdx(rng.random_range(0..self.n_items)))
    }

    /// The logged value of a cell.
    pub(crate) fn logged(&self, (user, item): (UserIdx, ItemIdx)) -> Option<f32> {
        let row = &self.known[user.index()];
        row.binary_search_by_key(&item, |(item, _)| *item).ok().map(|at| row[at].1)
    }
}
