//! What a judge knows beyond popularity.

use crate::engagement::half_ties;
use collaborative::Choices;
use data::split::LogSplit;
use mdp::{ItemIdx, MeanModel, UserIdx, rng_for};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use rayon::prelude::*;

const STREAM: u64 = 0x6265_796f;
/// How far apart, in the order of popularity, two items may stand that as many chose: a hundredth of the catalogue, at most this.
const FARTHEST: usize = 10;

/// Kept choices, each beside an item that the user does not have and that as many others chose in the judge's part.
pub(super) struct Questions {
    of_user: Vec<(UserIdx, Vec<[ItemIdx; 2]>)>,
}

impl Questions {
    pub(super) fn of(log: &LogSplit, users: &[UserIdx], n_items: usize, seed: u64) -> Self {
        let judged = log.judge.iter().map(|part| part.iter().map(|x| x.item));
        let counts = Choices::new(judged, n_items).counts();
        let rng = &mut rng_for(seed, &[STREAM]);
        let mut order: Vec<u32> = (0..n_items as u32).collect();
        order.shuffle(rng);
        order.sort_by_key(|item| counts[*item as usize]);
        let mut places = vec![0; n_items];
        order.iter().enumerate().for_each(|(place, item)| places[*item as usize] = place);
        let reach = (n_items / 100).clamp(1, FARTHEST);
        let mut beside = |user: UserIdx, item: ItemIdx| {
            let (place, apart) = (places[item.index()], rng.random_range(1..=reach));
            let is_below = rng.random::<bool>();
            // Where one side has no neighbour, the other is not asked either: it would always be the more popular one.
            let [below, above] = [place.checked_sub(apart), Some(place + apart).filter(|at| *at < n_items)];
            let near = below.zip(above).map(|(below, above)| if is_below { below } else { above })?;
            let other = ItemIdx(order[near]);
            let parts = [&log.world, &log.judge, &log.kept];
            let is_own = parts.iter().any(|part| part[user.index()].iter().any(|x| x.item == other));
            (!is_own).then_some([item, other])
        };
        let mut of = |&user: &UserIdx| {
            let kept = log.kept[user.index()].iter();
            (user, kept.filter_map(|x| beside(user, x.item)).collect())
        };
        Self { of_user: users.iter().map(&mut of).collect() }
    }

    /// For each user, how often the choice is worth more (ties half), and of how many.
    pub(super) fn wins(&self, means: &dyn MeanModel) -> Vec<(f64, f64)> {
        let of = |(user, pairs): &(UserIdx, Vec<[ItemIdx; 2]>)| {
            let value = |item: ItemIdx| f64::from(means.predict(*user, item).0);
            let wins = pairs.iter().map(|[chosen, other]| half_ties(value(*chosen), value(*other)));
            (wins.sum(), pairs.len() as f64)
        };
        self.of_user.par_iter().map(of).collect()
    }
}
