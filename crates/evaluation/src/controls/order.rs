//! Items from best to worst.

use mdp::{Choice, ItemIdx, ItemSet, UnknownLogProbs};

/// A fixed order of the whole catalogue, best first, and how much of its front is used up.
pub(super) struct Order {
    items: Vec<ItemIdx>,
    n_used: usize,
}

impl Order {
    /// By falling score, then by row: the same scores always give the same order.
    pub(super) fn by_score(scores: &[f32]) -> Self {
        Self::by(scores.len(), |a, b| scores[b].total_cmp(&scores[a]))
    }

    /// By any comparison of rows, then by row.
    pub(super) fn by(n_items: usize, compare: impl Fn(usize, usize) -> std::cmp::Ordering) -> Self {
        let mut items: Vec<ItemIdx> = (0..n_items as u32).map(ItemIdx).collect();
        items.sort_unstable_by(|a, b| compare(a.index(), b.index()).then(a.cmp(b)));
        Self { items, n_used: 0 }
    }

    /// The best item that is not in `shown` and passes, if any does.
    pub(super) fn best(&mut self, shown: &ItemSet, passes: impl Fn(ItemIdx) -> bool) -> Option<ItemIdx> {
        while self.items.get(self.n_used).is_some_and(|&item| shown.contains(item)) {
            self.n_used += 1;
        }
        self.items[self.n_used..].iter().copied().find(|&item| !shown.contains(item) && passes(item))
    }

    /// The best item that is not in `shown`; the best of all once everything was shown.
    pub(super) fn best_or_any(&mut self, shown: &ItemSet) -> ItemIdx {
        self.best(shown, |_| true).unwrap_or(self.items[0])
    }
}

/// The log-probabilities of a choice made without chance.
pub(super) fn certain_log_probs(item: ItemIdx, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
    out.fill(f32::NEG_INFINITY);
    out[item.index()] = 0.0;
    Ok(())
}

/// A choice made without chance.
pub(super) fn certain(item: ItemIdx) -> Choice {
    Choice { item, log_prob_behavior: 0.0 }
}
