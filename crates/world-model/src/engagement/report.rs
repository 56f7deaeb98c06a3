//! How well engagement is predicted on choices that fitted nothing.

use super::EngagementFamily;
use super::beside::BesideEase;
use super::fit::Pair;
use super::odds::{Cell, Odds, sigmoid};
use serde::{Deserialize, Serialize};

/// A tenth of the checked cells, by what was predicted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Mean predicted probability of being the choice rather than the sampled cell.
    pub predicted: f64,
    /// Share that is.
    pub observed: f64,
}

/// How well one side's odds tell held-out choices from sampled cells, drawn as often as items are chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngagementReport {
    /// The model.
    pub family: EngagementFamily,
    /// Held-out choices that fitted the odds.
    pub n_fitted: usize,
    /// Held-out choices that check them.
    pub n_checked: usize,
    /// The probability that a held-out choice has higher odds than a sampled cell of the same user.
    pub auc: f64,
    /// The same of the item-item score alone.
    pub score_auc: f64,
    /// Tenths of the checked cells, by predicted probability.
    pub reliability: Vec<ReliabilityBin>,
    /// The largest difference of a tenth.
    pub largest_gap: f64,
    /// How likely held-out choices are to be taken up when shown: the base rate.
    pub choices_taken: f64,
    /// How likely uniformly drawn cells are.
    pub random_taken: f64,
    /// Beside EASE, for the train world's model and the judge's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside_ease: Option<BesideEase>,
}

const N_BINS: usize = 10;

/// The area under the curve of pairs, ties half; 0.5 without any.
pub(super) fn auc(pairs: &[Pair], value: impl Fn(&Cell) -> f64) -> f64 {
    let wins = pairs.iter().map(|pair| half_ties(value(&pair.cells[0]), value(&pair.cells[1])));
    if pairs.is_empty() { 0.5 } else { wins.sum::<f64>() / pairs.len() as f64 }
}

/// 1 where the first is larger, 0.5 where they are level.
pub(crate) fn half_ties(a: f64, b: f64) -> f64 {
    match a.total_cmp(&b) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    }
}

/// Tenths of the cells by predicted probability.
pub(super) fn reliability(pairs: &[Pair], odds: &Odds) -> Vec<ReliabilityBin> {
    let mut all: Vec<(f64, f64)> = pairs
        .iter()
        .flat_map(|pair| pair.cells)
        .map(|cell| {
            (sigmoid(odds.sampled_logit(cell.score, cell.count)), f64::from(u8::from(cell.is_chosen)))
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mean = |bin: &[(f64, f64)]| {
        let n = bin.len() as f64;
        let (predicted, observed) = bin.iter().fold((0.0, 0.0), |sum, x| (sum.0 + x.0, sum.1 + x.1));
        ReliabilityBin { predicted: predicted / n, observed: observed / n }
    };
    all.chunks(all.len().div_ceil(N_BINS).max(1)).map(mean).collect()
}
