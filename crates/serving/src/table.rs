//! Item tables in fewer bits, and what that does to answers.

use crate::{Served, ServingError};
use artefact::Precision;
use mdp::Interaction;
use ranking::Ranker;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What an artefact says about its item tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TableFacts {
    /// What they are kept in.
    pub precision: Precision,
    /// Bytes of the file that has them.
    pub bytes: usize,
    /// Bytes that it would have in f32.
    pub bytes_f32: usize,
    /// Share of the ten best items by the judged policy that are among the ten best here, over situations.
    pub recall_at_10: f64,
    /// The largest difference of a score in any situation.
    pub largest_difference: f32,
    /// How many situations it was measured in.
    pub situations: usize,
}

const N_BEST: usize = 10;

/// A forward pass whose tables are what they will be after they were written in this precision.
pub fn rounded(ranker: &Ranker, precision: Precision) -> Ranker {
    if precision == Precision::Single {
        return ranker.clone();
    }
    let round = |table: &[f32], width: usize| artefact::rounded(table, width, precision);
    Ranker { items: Arc::new(ranker.items.rounded(round)), ..ranker.clone() }
}

impl TableFacts {
    /// Compares a policy with what was judged: for somebody unknown and after each of the histories.
    pub(crate) fn measured(
        precision: Precision,
        (bytes, bytes_f32): (usize, usize),
        (served, judged): (&Served, &Served),
        probes: &[Vec<Interaction>],
    ) -> Result<Self, ServingError> {
        let nobody = Vec::new();
        let (mut found, mut wanted, mut largest) = (0usize, 0usize, 0.0f32);
        for history in std::iter::once(&nobody).chain(probes) {
            let ours = served.scores(&served.start(history)?)?;
            let theirs = judged.scores(&judged.start(history)?)?;
            let (ours_best, theirs_best) = (best(&ours), best(&theirs));
            wanted += theirs_best.len();
            found += theirs_best.iter().filter(|row| ours_best.contains(row)).count();
            let pairs = ours.iter().zip(&theirs).filter(|(_, judged)| judged.is_finite());
            largest = pairs.map(|(a, b)| (a - b).abs()).fold(largest, f32::max);
        }
        Ok(Self {
            precision,
            bytes,
            bytes_f32,
            recall_at_10: found as f64 / wanted.max(1) as f64,
            largest_difference: largest,
            situations: probes.len() + 1,
        })
    }
}

/// Rows of the best items that are left.
fn best(scores: &[f32]) -> Vec<usize> {
    let mut rows: Vec<(usize, f32)> =
        scores.iter().copied().enumerate().filter(|(_, s)| s.is_finite()).collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    rows.into_iter().take(N_BEST).map(|(row, _)| row).collect()
}
