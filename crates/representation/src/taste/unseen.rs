//! Logs of positives: what somebody did not take up, as weak evidence against it.

use mdp::{Interaction, ItemIdx, ItemSet, POSITIVE_ONLY, Rng, share_of_best};
use rand::RngExt as _;
use std::borrow::Cow;

/// What stands in for the rating of an item that was not taken up, on the 1 to 5 scale: unknown is not disliked.
const UNSEEN_RATING: f32 = 2.0;

/// Histories for fitting the taste model, in the order of `logged`. In a log of positives each history gets at most
/// as many random items that it does not have, rated low: without them nothing could be told apart. Other logs come
/// back as they are.
///
/// # Source
/// Ours. The worlds of such logs sample cells in the same way (`docs/adr/0006-logs-of-positives.md`).
pub(crate) fn with_unseen<'a>(
    logged: &[&'a [Interaction]],
    n_items: usize,
    rng: &mut Rng,
) -> Vec<Cow<'a, [Interaction]>> {
    let ratings = logged.iter().flat_map(|history| history.iter()).map(|x| x.rating);
    if share_of_best(ratings) < POSITIVE_ONLY {
        return logged.iter().map(|history| Cow::Borrowed(*history)).collect();
    }
    let mut filled = |history: &&'a [Interaction]| {
        let unseen = unseen(history, n_items, rng);
        Cow::Owned(history.iter().copied().chain(unseen).collect())
    };
    logged.iter().map(&mut filled).collect()
}

fn unseen(history: &[Interaction], n_items: usize, rng: &mut Rng) -> Vec<Interaction> {
    let mut seen = ItemSet::empty(n_items);
    for x in history {
        seen.insert(x.item);
    }
    let draw = |x: &Interaction| Interaction {
        item: ItemIdx(rng.random_range(0..n_items as u32)),
        rating: UNSEEN_RATING,
        time: x.time,
    };
    let drawn: Vec<Interaction> = history.iter().map(draw).collect();
    drawn.into_iter().filter(|x| seen.insert(x.item)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mdp::rng_for;

    #[test]
    fn logs_of_positives_get_unseen_items() {
        let rated = |item, rating| Interaction { item: ItemIdx(item), rating, time: 0 };
        let positives = [rated(1, 5.0), rated(2, 5.0), rated(3, 5.0)];
        let filled = with_unseen(&[&positives], 1000, &mut rng_for(0, &[]));
        assert_eq!(filled[0][..3], positives[..]);
        let added = &filled[0][3..];
        assert!(!added.is_empty() && added.len() <= 3);
        assert!(added.iter().all(|x| x.rating < 3.0 && positives.iter().all(|p| p.item != x.item)));
        let graded = [rated(1, 5.0), rated(2, 3.0)];
        assert_eq!(with_unseen(&[&graded], 1000, &mut rng_for(0, &[]))[0][..], graded[..]);
    }
}
