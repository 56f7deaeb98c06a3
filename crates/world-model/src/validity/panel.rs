//! Fixed policies, fitted to the train world's part of the log: some know people, some do not, some are perverse.

use super::K;
use crate::engagement::{EASE, KNN};
use crate::lists::top;
use crate::{
    Factorisation, FactorisationConfig, ItemCategories, ItemContent, RatingTable, World, WorldError,
};
use collaborative::{
    BprConfig, BprFactors, BprPairs, Choices, CollaborativeError, FoldedIn, ItemItem, ease, item_knn,
};
use data::split::LogSplit;
use mdp::{Interaction, ItemIdx, ItemSet, MeanModel as _, UserIdx, rng_for};
use rand::RngExt as _;
use rayon::prelude::*;

const STREAM: u64 = 0x7061_6e65;
/// How much of a history is recent.
const RECENT: f64 = 0.2;
const LAST: usize = 5;
/// Items that so few chose are niche.
const NICHE: std::ops::RangeInclusive<u32> = 1..=3;

/// BPR-MF's, as the learner's preset has them, and how many steps it takes for each choice.
const BPR: BprConfig = BprConfig {
    n_factors: 32,
    learning_rate: 0.05,
    first_deviation: 0.1,
    l2_user: 0.0025,
    l2_item: 0.0025,
    l2_bias: 0.0,
};
const N_ROUNDS: usize = 30;
const BPR_STREAM: u64 = 0x6270_7266;

/// The panel's lists.
pub(super) struct Panel {
    pub(super) rows: Vec<Ranked>,
}

/// A policy's first ten items for every user, best first. What is in the judge's part of the user's log is passed over: people cannot
/// choose it again.
pub(super) struct Ranked {
    pub(super) name: &'static str,
    pub(super) is_personal: bool,
    pub(super) lists: Vec<Vec<ItemIdx>>,
}

/// What the policies know.
struct Known<'a> {
    world: &'a World,
    by_ease: ItemItem,
    by_knn: ItemItem,
    by_bpr: FoldedIn,
    counts: Vec<u32>,
    recent: Vec<u32>,
    /// Mean rating of each item, over users as they rate.
    mean_ratings: Vec<f32>,
}

/// One policy's scores of every item for one user, `[items]`.
type Scored = (&'static str, bool, Vec<f32>);

impl Panel {
    pub(super) fn of(world: &World, log: &LogSplit, users: &[UserIdx]) -> Result<Self, WorldError> {
        let known = Known::of(world, log)?;
        let lists: Vec<Vec<(&'static str, bool, Vec<ItemIdx>)>> = users
            .par_iter()
            .map(|&user| {
                let history = &log.world[user.index()];
                let mut seen = ItemSet::empty(world.n_items());
                history.iter().chain(&log.judge[user.index()]).for_each(|x| _ = seen.insert(x.item));
                let scored = known.scores(user, history).into_iter();
                scored.map(|(name, personal, scores)| (name, personal, top(&scores, &seen, K))).collect()
            })
            .collect();
        let mut rows: Vec<Ranked> = Vec::new();
        for of_user in lists {
            for (at, (name, is_personal, list)) in of_user.into_iter().enumerate() {
                match rows.get_mut(at) {
                    Some(ranked) => ranked.lists.push(list),
                    None => rows.push(Ranked { name, is_personal, lists: vec![list] }),
                }
            }
        }
        Ok(Self { rows })
    }
}

impl<'a> Known<'a> {
    /// Fits to the world part of train and validation users.
    fn of(world: &'a World, log: &LogSplit) -> Result<Self, WorldError> {
        let split = world.split();
        let n_items = world.n_items();
        let mut seen: Vec<&[Interaction]> = vec![&[]; log.world.len()];
        for user in split.train.iter().chain(&split.validation) {
            seen[user.index()] = &log.world[user.index()];
        }
        let of = |part: &[&[Interaction]]| {
            Choices::new(part.iter().map(|rows| rows.iter().map(|x| x.item)), n_items)
        };
        let chosen = of(&seen);
        let cannot = |error| WorldError::TooLittleData { what: format!("the panel of the check: {error}") };
        let content = ItemCategories::of(world.catalogue(), ItemContent::Categories);
        let biases = FactorisationConfig::biases();
        let ratings = Factorisation::fit(&RatingTable::of(&seen, n_items), &content, &biases, world.seed())?;
        // Without factors, items differ by their offsets alone, whoever is asked.
        let rating = |item: u32| ratings.predict(UserIdx(0), ItemIdx(item)).0;
        Ok(Self {
            world,
            by_ease: ease(&chosen, &EASE).map_err(cannot)?,
            by_knn: item_knn(&chosen, &KNN).map_err(cannot)?,
            by_bpr: bpr(&chosen, world.seed()).map_err(cannot)?,
            counts: chosen.counts(),
            recent: of(&seen.iter().map(|history| last_part(history)).collect::<Vec<_>>()).counts(),
            mean_ratings: (0..n_items as u32).map(rating).collect(),
        })
    }

    fn scores(&self, user: UserIdx, history: &[Interaction]) -> Vec<Scored> {
        let n_items = self.world.n_items();
        let rng = &mut rng_for(self.world.seed(), &[STREAM, u64::from(user.0)]);
        let by = |model: &ItemItem, history: &[Interaction]| {
            let mut scores = vec![0.0; n_items];
            history.iter().for_each(|x| model.add(x.item, 1.0, &mut scores));
            scores
        };
        let (e, k) = (by(&self.by_ease, history), by(&self.by_knn, history));
        let mut b = self.by_bpr.biases().to_vec();
        if !history.is_empty() {
            let mut items: Vec<u32> = history.iter().map(|x| x.item.0).collect();
            items.sort_unstable();
            items.dedup();
            self.by_bpr.fill_scores(&self.by_bpr.sum(&items), items.len(), &mut b);
        }
        let last = by(&self.by_ease, &history[history.len().saturating_sub(LAST)..]);
        let spread = (e.iter().map(|x| x * x).sum::<f32>() / n_items as f32).sqrt();
        let (mut greedy, mut variances) = (vec![0.0; n_items], vec![0.0; n_items]);
        self.world.train_means().predict_row(user, &mut greedy, &mut variances);
        let count = |i: usize| self.counts[i] as f32;
        let rated = |i: usize| self.mean_ratings[i];
        let mut out: Vec<Scored> = Vec::new();
        let mut add = |name, is_personal, score: &mut dyn FnMut(usize) -> f32| {
            out.push((name, is_personal, (0..n_items).map(score).collect()));
        };
        add("uniform", false, &mut |_| rng.random());
        add("popularity", false, &mut |i| count(i));
        add("recent popularity", false, &mut |i| self.recent[i] as f32 + 1e-3 * count(i));
        add("reversed popularity", false, &mut |i| 0.5 * rng.random::<f32>() - count(i));
        add("mean rating", false, &mut |i| rated(i));
        add("niche by rating", false, &mut |i| {
            if NICHE.contains(&self.counts[i]) { 5.0 + rated(i) } else { rng.random() }
        });
        add("ease", true, &mut |i| e[i]);
        add("item-knn", true, &mut |i| k[i]);
        add("bpr-mf", true, &mut |i| b[i]);
        add("ease of the last five", true, &mut |i| last[i] + 1e-6 * count(i));
        add("ease x rating", true, &mut |i| e[i] * rated(i));
        add("item-knn x rating^2", true, &mut |i| k[i] * rated(i).powi(2));
        add("ease with noise", true, &mut |i| e[i] + 2.0 * spread * nn::normal(rng));
        add("ease with more noise", true, &mut |i| e[i] + 6.0 * spread * nn::normal(rng));
        add("ease against popularity", true, &mut |i| e[i] / (1.0 + count(i)).sqrt());
        add("the train world's mean", true, &mut |i| greedy[i]);
        out
    }
}

/// BPR-MF after a fixed number of rounds: nobody's held-out choices say when to stop.
fn bpr(chosen: &Choices, seed: u64) -> Result<FoldedIn, CollaborativeError> {
    let pairs = BprPairs::of(chosen.clone())?;
    let rng = &mut rng_for(seed, &[BPR_STREAM]);
    let mut factors = BprFactors::new(chosen.n_users(), chosen.n_items(), &BPR, rng);
    for _ in 0..N_ROUNDS {
        factors.round(&pairs, &BPR, rng);
    }
    Ok(factors.folded_in(chosen))
}

/// The end of a history.
fn last_part(history: &[Interaction]) -> &[Interaction] {
    &history[history.len() - (RECENT * history.len() as f64).ceil() as usize..]
}
