//! What is done to demonstrations before a control learns from them.

use demonstrations::{
    Demonstration, DemonstrationError, Marked, Scene, corrupt, permute_users, popular_items, shuffle_items,
};

/// A change that takes away what demonstrations know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Transform {
    /// They stay as they are.
    Unchanged,
    /// Their items are permuted over the catalogue.
    ShuffledItems,
    /// Each is given to another user.
    PermutedUsers,
    /// What is popular takes the place of their items.
    PopularItems,
    /// A share of their steps is replaced by random items.
    CorruptedSteps {
        /// From 0 to 1.
        share: f64,
    },
}

impl Transform {
    /// The changed demonstrations, played in the train world, each with a flag per step: whether the step was corrupted.
    /// There are no flags where nothing was. `counts` says how popular every item is with training users, `[items]`.
    ///
    /// # Errors
    /// When a demonstration is not of this scene.
    pub fn apply(
        self,
        demonstrations: &[Demonstration],
        scene: &Scene<'_>,
        counts: &[u32],
        seed: u64,
    ) -> Result<Vec<Marked>, DemonstrationError> {
        let unmarked = |all: Vec<Demonstration>| all.into_iter().map(|demo| (demo, Vec::new())).collect();
        Ok(match self {
            Self::Unchanged => unmarked(demonstrations.to_vec()),
            Self::ShuffledItems => unmarked(shuffle_items(demonstrations, scene, seed)?),
            Self::PermutedUsers => unmarked(permute_users(demonstrations, scene, seed)?),
            Self::PopularItems => unmarked(popular_items(demonstrations, scene, counts, seed)?),
            Self::CorruptedSteps { share } => corrupt(demonstrations, scene, share, seed)?,
        })
    }
}

/// Probability that a clean step of a training user's demonstration weighs more than a corrupted one (ties count
/// half); none without corrupted steps.
pub fn weight_auc(marked: &[Marked], weights: &[Vec<f32>]) -> Option<f64> {
    let mut steps: Vec<(f32, bool)> = marked
        .iter()
        .zip(weights)
        .flat_map(|((_, flags), weights)| weights.iter().copied().zip(flags.iter().copied()))
        .collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n_corrupted = steps.iter().filter(|step| step.1).count();
    let n_clean = steps.len() - n_corrupted;
    if n_corrupted == 0 || n_clean == 0 {
        return None;
    }
    let (mut below, mut wins) = (0.0, 0.0);
    for ties in steps.chunk_by(|a, b| a.0 == b.0) {
        let corrupted = ties.iter().filter(|step| step.1).count() as f64;
        wins += (ties.len() as f64 - corrupted) * (below + corrupted / 2.0);
        below += corrupted;
    }
    Some(wins / (n_corrupted as f64 * n_clean as f64))
}
