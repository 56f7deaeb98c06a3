//! What decides when to stop: a part of what validation users took up.

use super::policy::BprPolicy;
use crate::choices::{Parted, held_out_ndcg};
use learning::User;
use mdp::{ItemIdx, rng_for};
use rand::seq::SliceRandom as _;
use std::collections::BTreeSet;

/// The share of what a validation user took up that is held out, at random; one item at least where there are several.
const SHARE: f64 = 0.2;
/// Its random stream.
const STREAM: u64 = 2;

/// Validation users with what is given of their histories and the items that are held out.
pub(super) struct HeldOut {
    users: Vec<Parted>,
    n_items: usize,
}

impl HeldOut {
    /// Holds out of the histories of these users; whoever took up less than two items is left out.
    pub(super) fn new(users: &[User<'_>], taken_up_from: f32, n_items: usize, seed: u64) -> Self {
        let users = users.iter().filter_map(|user| parted(user, taken_up_from, seed)).collect();
        Self { users, n_items }
    }

    /// How well a policy finds what is held out, given the rest (mean nDCG@10); nothing where nothing is held out.
    pub(super) fn ndcg(&self, policy: &BprPolicy) -> Option<f32> {
        let ndcg = held_out_ndcg(policy, &self.users, self.n_items);
        (!ndcg.is_empty())
            .then(|| (ndcg.iter().map(|(_, ndcg)| ndcg).sum::<f64>() / ndcg.len() as f64) as f32)
    }
}

fn parted(&(user, history): &User<'_>, taken_up_from: f32, seed: u64) -> Option<Parted> {
    let taken: BTreeSet<ItemIdx> =
        history.iter().filter(|row| row.rating >= taken_up_from).map(|row| row.item).collect();
    let mut held_out: Vec<ItemIdx> = taken.into_iter().collect();
    if held_out.len() < 2 {
        return None;
    }
    held_out.shuffle(&mut rng_for(seed, &[STREAM, u64::from(user.0)]));
    held_out.truncate(((SHARE * held_out.len() as f64) as usize).max(1));
    let given = history.iter().filter(|row| !held_out.contains(&row.item)).copied().collect();
    Some((user, given, held_out))
}
