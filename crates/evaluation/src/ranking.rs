//! Ranking metrics against held-out real interactions: what the policy would show first, and whether the user
//! really liked it.

use crate::metrics::RankedList;
use mdp::{Interaction, ItemIdx, ItemSet, Policy, SessionContext, UserIdx};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// One user's ranking metrics.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankedUser {
    /// Whose.
    pub user: UserIdx,
    /// Normalised discounted cumulative gain of the first k.
    pub ndcg: f64,
    /// Whether any of the first k was relevant, as 0 or 1.
    pub hit: f64,
}

/// DCG / ideal DCG with binary relevance: DCG = sum over ranks r = 1..k of rel_r / log2(r + 1); the ideal has
/// min(k, number of relevant items) ones in front. 0 where nothing is relevant.
///
/// # Source
/// Jarvelin & Kekalainen 2002.
pub fn ndcg_at(k: usize, ranking: &[ItemIdx], relevant: &ItemSet) -> f64 {
    let discount = |rank: usize| 1.0 / ((rank + 2) as f64).log2();
    let gain: f64 = (0..ranking.len().min(k)).filter(|&r| relevant.contains(ranking[r])).map(discount).sum();
    let ideal: f64 = (0..relevant.len().min(k)).map(discount).sum();
    if ideal == 0.0 { 0.0 } else { gain / ideal }
}

/// 1 if any of the first k is relevant, else 0.
pub fn hit_at(k: usize, ranking: &[ItemIdx], relevant: &ItemSet) -> f64 {
    f64::from(u8::from(ranking.iter().take(k).any(|&item| relevant.contains(item))))
}

/// A user whose choices are known.
#[derive(Clone, Copy, Debug)]
pub struct AskedUser<'a> {
    /// Who.
    pub user: UserIdx,
    /// What the policy is given.
    pub history: &'a [Interaction],
    /// What the policy is not told of and cannot be right about: choices between the history and the ones that count.
    pub passed_over: &'a [Interaction],
    /// The choices that count.
    pub relevant: &'a [ItemIdx],
    /// The only candidates, where not the whole catalogue is asked about; other choices do not count then.
    pub among: Option<&'a ItemSet>,
}

impl AskedUser<'_> {
    /// The items that are no candidates.
    fn no_candidates(&self, n_items: usize) -> ItemSet {
        let mut out = ItemSet::empty(n_items);
        self.history.iter().chain(self.passed_over).for_each(|seen| _ = out.insert(seen.item));
        if let Some(among) = self.among {
            let others = (0..n_items as u32).map(ItemIdx).filter(|item| !among.contains(*item));
            others.for_each(|item| _ = out.insert(item));
        }
        out
    }
}

/// The slate of `k` items a policy shows at the start of a session: it is asked `k` times, what it named is
/// taken as shown, and it is told nothing in between. Items of the history and those of `passed_over` are not candidates.
pub fn ranking_at_start(
    policy: &dyn Policy,
    asked: &AskedUser<'_>,
    n_items: usize,
    k: usize,
    seed: u64,
) -> Vec<ItemIdx> {
    let AskedUser { user, history, .. } = *asked;
    let mut shown = asked.no_candidates(n_items);
    let mut rng = mdp::rng_for(seed, &[0x4A_4B, u64::from(user.0)]);
    let mut session = policy.start(SessionContext { user, history });
    let n_candidates = n_items - shown.len();
    (0..k.min(n_candidates))
        .map(|_| {
            let item = session.choose(&shown, &mut rng).item;
            shown.insert(item);
            item
        })
        .collect()
}

/// What a policy shows one user first, and what that is held against.
#[derive(Clone, Debug)]
pub struct Slate {
    /// Whose.
    pub user: UserIdx,
    /// Items, the first ones first.
    pub ranking: Vec<ItemIdx>,
    /// The choices that count; one at least.
    pub held_out: ItemSet,
    /// How many interactions the history has.
    pub activity: usize,
}

impl Slate {
    /// As metrics read it.
    pub fn list(&self) -> RankedList<'_> {
        let Self { user, ranking, held_out, activity } = self;
        RankedList { user: *user, ranking, held_out, activity: *activity }
    }

    /// What its first `k` items are worth.
    pub fn ranked(&self, k: usize) -> RankedUser {
        let (ndcg, hit) =
            (ndcg_at(k, &self.ranking, &self.held_out), hit_at(k, &self.ranking, &self.held_out));
        RankedUser { user: self.user, ndcg, hit }
    }
}

/// The slate of `k` items of every user. Users without one outside of what is no candidate are left out: no
/// ranking could be right for them.
pub fn rank_users(
    policy: &dyn Policy,
    users: &[AskedUser<'_>],
    n_items: usize,
    k: usize,
    seed: u64,
) -> Vec<Slate> {
    users
        .par_iter()
        .filter_map(|asked| {
            let mut held_out = ItemSet::empty(n_items);
            let out = asked.no_candidates(n_items);
            for &item in asked.relevant.iter().filter(|&&item| !out.contains(item)) {
                held_out.insert(item);
            }
            if held_out.is_empty() {
                return None;
            }
            let ranking = ranking_at_start(policy, asked, n_items, k, seed);
            Some(Slate { user: asked.user, ranking, held_out, activity: asked.history.len() })
        })
        .collect()
}
