//! Controls that know nothing about the user.

use mdp::{Choice, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs};
use rand::RngExt as _;
use std::sync::Arc;

/// Any item that was not shown, all alike. The published Amazon policy is statistically this one.
#[derive(Clone, Copy, Debug, Default)]
pub struct UniformRandom;

impl Policy for UniformRandom {
    fn name(&self) -> String {
        "random".to_owned()
    }

    fn start<'a>(&'a self, _context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        Box::new(*self)
    }
}

impl PolicySession for UniformRandom {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        uniform_log_probs(shown, out)
    }

    fn choose(&mut self, shown: &ItemSet, rng: &mut Rng) -> Choice {
        uniform(shown, rng)
    }

    fn observe(&mut self, _item: ItemIdx, _reward: f32) {}
}

/// Any item without a category in common with the last few, all alike: what the category window alone is worth.
/// It knows that variety matters, not what users like.
#[derive(Clone, Debug)]
pub struct RandomFreshGenre {
    categories: Arc<Vec<Vec<u16>>>,
    window: usize,
}

impl RandomFreshGenre {
    /// `categories[item]` lists an item's category rows; the last `window` items must share none of them.
    pub fn new(categories: Arc<Vec<Vec<u16>>>, window: usize) -> Self {
        Self { categories, window }
    }
}

impl Policy for RandomFreshGenre {
    fn name(&self) -> String {
        "random-fresh-genre".to_owned()
    }

    fn start<'a>(&'a self, _context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        Box::new(FreshSession { policy: self, recent: Vec::new() })
    }
}

struct FreshSession<'a> {
    policy: &'a RandomFreshGenre,
    recent: Vec<ItemIdx>,
}

impl FreshSession<'_> {
    /// What was neither shown nor has a category in common with what was shown lately.
    fn fresh(&self, shown: &ItemSet) -> Vec<ItemIdx> {
        let categories = &self.policy.categories;
        let stale: Vec<u16> =
            self.recent.iter().flat_map(|item| categories[item.index()].iter().copied()).collect();
        (0..shown.n_items() as u32)
            .map(ItemIdx)
            .filter(|&item| !shown.contains(item))
            .filter(|item| categories[item.index()].iter().all(|c| !stale.contains(c)))
            .collect()
    }
}

impl PolicySession for FreshSession<'_> {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        let fresh = self.fresh(shown);
        if fresh.is_empty() {
            return uniform_log_probs(shown, out);
        }
        out.fill(f32::NEG_INFINITY);
        let each = -(fresh.len() as f32).ln();
        fresh.iter().for_each(|item| out[item.index()] = each);
        Ok(())
    }

    fn choose(&mut self, shown: &ItemSet, rng: &mut Rng) -> Choice {
        let fresh = self.fresh(shown);
        if fresh.is_empty() { uniform(shown, rng) } else { pick(&fresh, rng) }
    }

    fn observe(&mut self, item: ItemIdx, _reward: f32) {
        self.recent.push(item);
        let n_old = self.recent.len().saturating_sub(self.policy.window);
        self.recent.drain(..n_old);
    }
}

fn pick(candidates: &[ItemIdx], rng: &mut Rng) -> Choice {
    let item = candidates[rng.random_range(0..candidates.len())];
    Choice { item, log_prob_behavior: -(candidates.len() as f32).ln() }
}

/// What [`uniform`] chooses with which probability.
fn uniform_log_probs(shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
    let n_items = shown.n_items();
    let n_candidates = if shown.len() == n_items { n_items } else { n_items - shown.len() };
    out.fill(-(n_candidates as f32).ln());
    if n_candidates < n_items {
        shown.iter().for_each(|item| out[item.index()] = f32::NEG_INFINITY);
    }
    Ok(())
}

/// Uniform over what is not in `shown`, over everything once all was shown.
fn uniform(shown: &ItemSet, rng: &mut Rng) -> Choice {
    let n_items = shown.n_items();
    let n_candidates = if shown.len() == n_items { n_items } else { n_items - shown.len() };
    let log_prob_behavior = -(n_candidates as f32).ln();
    // Drawing until an item is new takes two draws on average at worst; beyond that a list is cheaper.
    if shown.len() * 2 <= n_items || n_candidates == n_items {
        loop {
            let item = ItemIdx(rng.random_range(0..n_items as u32));
            if n_candidates == n_items || !shown.contains(item) {
                return Choice { item, log_prob_behavior };
            }
        }
    }
    let left: Vec<ItemIdx> = (0..n_items as u32).map(ItemIdx).filter(|&item| !shown.contains(item)).collect();
    pick(&left, rng)
}
