//! How well models tell held-out positives from items that nobody is known to want: what a log of positives alone
//! can be measured on.

use crate::negatives::{NegativeRule, NegativeSampler, NegativeUsers};
use crate::{Rating, RatingTable};
use mdp::{ItemIdx, UserIdx, rng_for};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// One model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankingRow {
    /// Which model.
    pub model: String,
    /// The probability that it scores a held-out positive above a random item that the same user's log does not
    /// have; ties count half.
    pub auc: f64,
    /// Its mean score of the positives, in rating units where it predicts ratings.
    pub positives: f64,
    /// Its mean score of the random unseen items.
    pub unseen: f64,
}

/// What sampled negatives were used and how well the models that were given them rank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankingReport {
    /// Share of the log's ratings that are its best one.
    pub share_at_best: f64,
    /// The rating that sampled cells were given.
    pub negative_target: f32,
    /// Sampled cells for each logged one, in a pass of the train world's fit.
    pub train_negatives: usize,
    /// Sampled cells for each logged one, in the judge's fit.
    pub judge_negatives: usize,
    /// Popularity, matrix factorisation, DeepFM on held-out positives of the train world's part.
    pub train: Vec<RankingRow>,
    /// Whether DeepFM ranks best of them.
    pub deepfm_ranks_best: bool,
    /// Users never seen in fitting: the mean user, and rows found from part of their log.
    pub folded_in: Vec<RankingRow>,
    /// Popularity and the judge on held-out positives of its own part.
    pub judge: Vec<RankingRow>,
}

/// A held-out positive beside items that its user's log does not have.
#[derive(Clone, Debug)]
struct Question {
    user: UserIdx,
    positive: ItemIdx,
    unseen: Vec<ItemIdx>,
}

/// The questions that models are compared on.
#[derive(Clone, Debug)]
pub(crate) struct Questions(Vec<Question>);

const QUESTIONS: u64 = 0x7175_6573;
const MOST_QUESTIONS: usize = 8192;
const N_UNSEEN: usize = 20;
const N_TRIES: usize = 100;
/// From this rating on a held-out cell is a positive.
const LIKED: f32 = 4.0;

impl Questions {
    /// Asks about the liked ones of `held_out`; `log` holds everything that is known of anybody.
    pub(crate) fn of(held_out: &[Rating], log: &RatingTable, seed: u64, stream: u64) -> Self {
        let rng = &mut rng_for(seed, &[QUESTIONS, stream]);
        let rule = NegativeRule { users: NegativeUsers::Own, n_each: 0, target: 0.0 };
        let sampler = NegativeSampler::new(log, rule);
        let mut positives: Vec<&Rating> = held_out.iter().filter(|cell| cell.value >= LIKED).collect();
        positives.shuffle(rng);
        positives.truncate(MOST_QUESTIONS);
        let mut draw = |user: UserIdx| {
            let mut items = (0..N_TRIES).map(|_| ItemIdx(rng.random_range(0..log.n_items as u32)));
            items.find(|&item| sampler.logged((user, item)).is_none())
        };
        let questions = positives.into_iter().map(|&Rating { user, item, .. }| Question {
            user,
            positive: item,
            unseen: (0..N_UNSEEN).filter_map(|_| draw(user)).collect(),
        });
        Self(questions.filter(|question| !question.unseen.is_empty()).collect())
    }

    /// How a model answers them.
    pub(crate) fn row(&self, model: &str, score: impl Fn(UserIdx, ItemIdx) -> f32 + Sync) -> RankingRow {
        let answers: Vec<[f64; 3]> = self.0.par_iter().map(|question| answer(question, &score)).collect();
        let n = answers.len().max(1) as f64;
        let mean = |at: usize| rounded(answers.iter().map(|answer| answer[at]).sum::<f64>() / n);
        RankingRow { model: model.to_owned(), auc: mean(0), positives: mean(1), unseen: mean(2) }
    }
}

/// The share of unseen items scored lower, the positive's score, the unseen items' mean score.
fn answer(question: &Question, score: impl Fn(UserIdx, ItemIdx) -> f32) -> [f64; 3] {
    let positive = score(question.user, question.positive);
    let (mut lower, mut sum) = (0.0, 0.0);
    for &item in &question.unseen {
        let other = score(question.user, item);
        lower += if other < positive { 1.0 } else { 0.5 * f64::from(u8::from(other == positive)) };
        sum += f64::from(other);
    }
    let n = question.unseen.len() as f64;
    [lower / n, f64::from(positive), sum / n]
}

/// To six decimals: short enough for JSON to give back the same number.
fn rounded(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}
