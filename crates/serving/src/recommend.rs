//! From a session to a slate.

use crate::explain::Reason;
use crate::session::check_item;
use crate::{Served, ServingError, Session};
use mdp::{ItemIdx, ItemSet};
use ranking::{ScoringPass, Selection, draw_of, most_probable};

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
        all_usable(self.scoring_pass(session).scores(&session.unavailable))
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
        let pass = self.scoring_pass(session);
        let k = request.k.min(n_left);
        let chosen = match request.selection.unwrap_or(self.ranker().selection) {
            Selection::Greedy => {
                let best = pass.best(k, &unavailable);
                best.into_iter().map(|(item, score)| Chosen { item, score, propensity: 1.0 }).collect()
            }
            Selection::Sample => drawn(&all_usable(pass.scores(&unavailable))?, k, request.seed),
        };
        if chosen.iter().any(|one| !one.score.is_finite()) {
            return Err(ServingError::NotANumber);
        }
        let typical = pass.typical(&unavailable);
        let with_reason = |Chosen { item, score, propensity }| Recommendation {
            item,
            score,
            propensity,
            reason: self.reason(session, &pass, &typical, item),
        };
        Ok(chosen.into_iter().map(with_reason).collect())
    }

    /// What the actor sees. The state is that of the session: what a request leaves out does not change it.
    fn scoring_pass<'a>(&'a self, session: &'a Session) -> ScoringPass<'a> {
        let ranker = self.ranker();
        let networks = (ranker.hazard.as_ref(), &ranker.actor);
        self.ranking_index().scoring_pass(&session.state, networks, &session.unavailable)
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

/// An item before reasons are given.
struct Chosen {
    item: ItemIdx,
    score: f32,
    propensity: f32,
}

fn all_usable(scores: Vec<f32>) -> Result<Vec<f32>, ServingError> {
    let is_usable = |score: &f32| score.is_finite() || *score == f32::NEG_INFINITY;
    if scores.iter().all(is_usable) { Ok(scores) } else { Err(ServingError::NotANumber) }
}

/// So many items drawn one after the other, without repeats. Every item that is left has a finite score.
fn drawn(scores: &[f32], k: usize, seed: u64) -> Vec<Chosen> {
    let mut rng = mdp::rng_for(seed, &[SLATE]);
    let mut left = scores.to_vec();
    let mut probabilities = left.clone();
    kernels::softmax_in_place(&mut probabilities);
    let mut mass = 1.0;
    let n_left = scores.iter().filter(|score| score.is_finite()).count();
    let mut chosen = Vec::with_capacity(k);
    for _ in 0..k {
        let item = draw_of(&probabilities, mass, &mut rng).unwrap_or_else(|| most_probable(&left));
        let (Some(score), Some(probability)) =
            (left.get_mut(item.index()), probabilities.get_mut(item.index()))
        else {
            break;
        };
        let is_last = chosen.len() + 1 == n_left;
        let propensity = if is_last { 1.0 } else { (*probability / mass).min(1.0) };
        chosen.push(Chosen { item, score: *score, propensity });
        *score = f32::NEG_INFINITY;
        mass -= std::mem::take(probability);
        if mass < LEAST_MASS && chosen.len() < k {
            probabilities.clone_from(&left);
            kernels::softmax_in_place(&mut probabilities);
            mass = 1.0;
        }
    }
    chosen
}

/// Where less than this is left of the probabilities, they are worked out anew: rounding would count too much.
const LEAST_MASS: f32 = 0.5;
/// The stream of draws.
const SLATE: u64 = 0x736c_6174;
