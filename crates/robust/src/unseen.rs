//! Logs of positives: what somebody did not take up, as weak evidence against it.

use mdp::{Interaction, ItemIdx, ItemSet, Rng};
use rand::RngExt as _;

/// From this share of best ratings on, a log says what was taken up, not what was thought of it.
const POSITIVE_ONLY: f32 = 0.99;
/// What stands in for the rating of an item that was not taken up: unknown is not disliked.
const UNSEEN_RATING: f32 = 2.0;

/// Histories for fitting the taste model. Where (almost) every rating equals the best one, each history gets as
/// many random items that it does not have, rated low: without them nothing could be told apart. Other logs come
/// back as they are.
pub(crate) fn with_unseen(logged: &[&[Interaction]], n_items: usize, rng: &mut Rng) -> Vec<Vec<Interaction>> {
    let ratings = || logged.iter().flat_map(|history| history.iter()).map(|x| x.rating);
    let best = ratings().fold(f32::MIN, f32::max);
    let (n, n_best) = ratings().fold((0.0, 0.0), |(n, k), r| (n + 1.0, k + f32::from(u8::from(r == best))));
    let is_positive_only = n_best >= POSITIVE_ONLY * n;
    let mut one = |history: &&[Interaction]| {
        let mut all = history.to_vec();
        if is_positive_only {
            all.extend(unseen(history, n_items, rng));
        }
        all
    };
    logged.iter().map(&mut one).collect()
}

fn unseen(history: &[Interaction], n_items: usize, rng: &mut Rng) -> Vec<Interaction> {
    let mut seen = ItemSet::empty(n_items);
    history.iter().for_each(|x| {
        seen.insert(x.item);
    });
    let draw = |x: &Interaction| Interaction {
        item: ItemIdx(rng.random_range(0..n_items as u32)),
        rating: UNSEEN_RATING,
        time: x.time,
    };
    let drawn: Vec<Interaction> = history.iter().map(draw).collect();
    drawn.into_iter().filter(|x| seen.insert(x.item)).collect()
}
