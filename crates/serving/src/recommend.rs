//! From a session to a slate.

use crate::explain::Reason;
use crate::session::check_item;
use crate::{Served, ServingError, Session};
use mdp::{ItemIdx, ItemSet};
use ranking::{Selection, View, draw, most_probable};

/// What is asked for beside the session.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// How many items; fewer come back where fewer are left.
    pub k: usize,
    /// Items not to be shown, beside those of the history and the session.
    pub exclude: Vec<ItemIdx>,
    /// Only items with one of these categories; all items where it is empty.
    pub categories: Vec<String>,
    /// Whether items are drawn or the most probable ones are taken; the policy's own way where it is not said.
    pub selection: Option<Selection>,
    /// Where draws come from: the same request with the same seed has the same answer.
    pub seed: u64,
}

/// One item of a slate.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// The item.
    pub item: ItemIdx,
    /// Its logit: differences between items are logarithms of odds.
    pub score: f32,
    /// The probability of this item at this place of the slate, given the items before it; 1 where the most probable
    /// one is taken.
    pub propensity: f32,
    /// Why.
    pub reason: Reason,
}

impl Served {
    /// The logit of every item in this state; minus infinity for those the session has had.
    ///
    /// # Errors
    /// When the parameters give no number.
    pub fn scores(&self, session: &Session) -> Result<Vec<f32>, ServingError> {
        self.look(session, &session.unavailable).map(|(_, scores)| scores)
    }

    /// The next items for a session. Later items of a slate are chosen as if the earlier ones were not there, without
    /// guessing what would come of them; for a session of single steps, ask for one item and report its feedback.
    ///
    /// # Errors
    /// When an item is beyond the catalogue, a category unknown, or the parameters give no number.
    pub fn recommend(
        &self,
        session: &Session,
        request: &Request,
    ) -> Result<Vec<Recommendation>, ServingError> {
        let unavailable = self.unavailable(session, request)?;
        let n_left = unavailable.n_items().saturating_sub(unavailable.len());
        if n_left == 0 || request.k == 0 {
            return Ok(Vec::new());
        }
        let (view, scores) = self.look(session, &unavailable)?;
        let selection = request.selection.unwrap_or(self.ranker().selection);
        let chosen = choose(&scores, request.k.min(n_left), selection, request.seed);
        let typical = self.typical(&view, &unavailable);
        let with_reason = |(item, propensity): (ItemIdx, f32)| Recommendation {
            item,
            score: scores.get(item.index()).copied().unwrap_or(f32::NEG_INFINITY),
            propensity,
            reason: self.reason(session, &view, &typical, item),
        };
        Ok(chosen.into_iter().map(with_reason).collect())
    }

    /// What the actor sees and makes of it. The state is that of the session: what a request leaves out does not
    /// change it.
    fn look(&self, session: &Session, unavailable: &ItemSet) -> Result<(View, Vec<f32>), ServingError> {
        let ranker = self.ranker();
        let mut view = View::default();
        session.tracker.view(ranker.hazard.as_ref(), &session.unavailable, &mut view);
        let mut scores = Vec::new();
        ranker.actor.logits(&view, unavailable, &mut scores);
        let is_usable = |score: &f32| score.is_finite() || *score == f32::NEG_INFINITY;
        if scores.iter().all(is_usable) { Ok((view, scores)) } else { Err(ServingError::NotANumber) }
    }

    fn unavailable(&self, session: &Session, request: &Request) -> Result<ItemSet, ServingError> {
        let mut unavailable = session.unavailable.clone();
        for &item in &request.exclude {
            check_item(self.n_items(), item)?;
            unavailable.insert(item);
        }
        if request.categories.is_empty() {
            return Ok(unavailable);
        }
        let mut wanted = Vec::new();
        for name in &request.categories {
            let row = self.category(name).ok_or_else(|| ServingError::NoSuchCategory(name.clone()))?;
            wanted.push(row);
        }
        for (item, row) in self.catalogue().items().iter().zip(0u32..) {
            if !item.categories.iter().any(|category| wanted.contains(category)) {
                unavailable.insert(ItemIdx(row));
            }
        }
        Ok(unavailable)
    }
}

/// So many items with their propensities, without repeats. Every item that is left has a finite score.
fn choose(scores: &[f32], k: usize, selection: Selection, seed: u64) -> Vec<(ItemIdx, f32)> {
    let mut rng = mdp::rng_for(seed, &[SLATE]);
    let mut left = scores.to_vec();
    let mut probabilities = Vec::new();
    let mut chosen = Vec::with_capacity(k);
    for _ in 0..k {
        let best = most_probable(&left);
        let (item, propensity) = match selection {
            Selection::Greedy => (best, 1.0),
            Selection::Sample => {
                probabilities.clone_from(&left);
                kernels::softmax_in_place(&mut probabilities);
                let item = draw(&probabilities, &mut rng).unwrap_or(best);
                (item, probabilities.get(item.index()).copied().unwrap_or(0.0))
            }
        };
        chosen.push((item, propensity));
        if let Some(score) = left.get_mut(item.index()) {
            *score = f32::NEG_INFINITY;
        }
    }
    chosen
}

/// The stream of draws.
const SLATE: u64 = 0x736c_6174;
