//! What an artefact must answer, written down when it is exported and computed again before it is served.

use crate::{Served, ServingError};
use mdp::{Interaction, ItemIdx, ItemSet};
use ranking::{Ranker, Tracker, View};
use serde::{Deserialize, Serialize};

/// A situation and the scores in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Case {
    history: Vec<Interaction>,
    steps: Vec<(ItemIdx, f32)>,
    scores: Vec<(ItemIdx, f32)>,
}

/// How many items of a case are written down, spread over the catalogue.
const N_SCORES: usize = 64;
/// Other processors add in another order; nothing else may differ.
const TOLERANCE: f32 = 1e-3;

/// Nobody known, a short history, and a history with a session after it. Of a small catalogue at least a quarter is left
/// unknown: a situation in which everything is known has no score to compare.
pub(crate) fn situations(n_items: usize) -> Vec<Case> {
    let (most_known, most_steps) = (n_items / 2, n_items / 4);
    let item = |at: usize| ItemIdx((at * 7919 % n_items.max(1)) as u32);
    let rating = |at: usize| (1 + at * 3 % 5) as f32;
    let history = |n: usize| {
        let one = |at| Interaction { item: item(at), rating: rating(at), time: at as i64 };
        (0..n.min(most_known)).map(one).collect::<Vec<_>>()
    };
    let steps = |n: usize| (20..20 + n.min(most_steps)).map(|at| (item(at), rating(at))).collect::<Vec<_>>();
    let case = |history, steps| Case { history, steps, scores: Vec::new() };
    vec![case(Vec::new(), Vec::new()), case(history(8), Vec::new()), case(history(15), steps(6))]
}

impl Case {
    fn compute(&self, served: &Served) -> Result<Vec<f32>, ServingError> {
        let mut session = served.start(&self.history)?;
        for &(item, reward) in &self.steps {
            session.observe(item, reward)?;
        }
        served.scores(&session)
    }

    /// The case with the scores of the forward pass in training: a served policy has to give the same. Where everything
    /// is known the two differ on purpose (an environment goes on and shows something again, a server shows nothing), so
    /// scores of known items are not written down.
    pub(crate) fn filled(mut self, ranker: &Ranker) -> Self {
        let items = &*ranker.items;
        let mut tracker = Tracker::new(items, &self.history, ranker.learns_in_session);
        let mut unavailable = ItemSet::empty(items.n_items());
        for row in &self.history {
            unavailable.insert(row.item);
        }
        for &(item, reward) in &self.steps {
            tracker.observe(item, reward);
            unavailable.insert(item);
        }
        let (mut view, mut scores) = (View::default(), Vec::new());
        tracker.view(ranker.hazard.as_ref(), &unavailable, &mut view);
        ranker.actor.logits(&view, &unavailable, &mut scores);
        let stride = (scores.len() / N_SCORES).max(1);
        let rows = scores.iter().zip((0u32..).map(ItemIdx));
        let left = rows.filter(|(score, row)| score.is_finite() && !unavailable.contains(*row));
        self.scores = left.step_by(stride).map(|(&score, row)| (row, score)).collect();
        self
    }

    /// How many scores are compared.
    #[cfg(test)]
    pub(crate) fn n_scores(&self) -> usize {
        self.scores.len()
    }
}

impl Served {
    /// Computes the written cases again.
    ///
    /// # Errors
    /// The first score that differs.
    pub fn self_test(&self) -> Result<(), ServingError> {
        self.check(self.cases())
    }

    /// Computes these cases.
    ///
    /// # Errors
    /// The first score that differs.
    pub(crate) fn check(&self, cases: &[Case]) -> Result<(), ServingError> {
        for (number, case) in cases.iter().enumerate() {
            let scores = case.compute(self)?;
            for &(item, expected) in &case.scores {
                let got = scores.get(item.index()).copied().unwrap_or(f32::NAN);
                let bound = TOLERANCE * expected.abs().max(1.0);
                if got.is_nan() || (got - expected).abs() > bound {
                    return Err(ServingError::SelfTest { case: number, item: item.0, expected, got });
                }
            }
        }
        Ok(())
    }
}
