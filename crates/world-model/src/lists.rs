//! The best of a row of scores.

use mdp::{ItemIdx, ItemSet};

/// The `k` items of the highest scores that are not in `seen`, best first, the first of equals.
pub(crate) fn top(scores: &[f32], seen: &ItemSet, k: usize) -> Vec<ItemIdx> {
    let mut all: Vec<u32> = (0..scores.len() as u32).filter(|item| !seen.contains(ItemIdx(*item))).collect();
    let n = k.min(all.len());
    let better = |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
    if n < all.len() {
        all.select_nth_unstable_by(n, better);
        all.truncate(n);
    }
    all.sort_unstable_by(better);
    all.into_iter().map(ItemIdx).collect()
}
