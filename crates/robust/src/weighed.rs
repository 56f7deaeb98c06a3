//! What training made of every demonstration, for people who ask.

use crate::Trained;
use mdp::{ItemIdx, Trajectory, UserIdx};
use serde::{Deserialize, Serialize};

/// The file of a policy directory that holds a list of these; it may be missing.
pub const WEIGHED_FILE: &str = "demonstrations.json";

/// One demonstration that was weighed at the end of training, named by what was shown to whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// Who it was shown to.
    pub user: UserIdx,
    /// What was shown, in order.
    pub items: Vec<ItemIdx>,
    /// How much every step was imitated at the end, see [`Trained::weights`].
    pub weights: Vec<f32>,
    /// What the critic expected before every step, see [`Trained::values`].
    pub values: Vec<f32>,
}

impl Weighed {
    /// Whether it is this demonstration.
    pub fn is_of(&self, demonstration: &Trajectory) -> bool {
        self.user == demonstration.user
            && self.items.iter().eq(demonstration.steps.iter().map(|step| &step.item))
    }
}

/// The demonstrations that a run weighed.
pub fn weighed(demonstrations: &[Trajectory], trained: &Trained) -> Vec<Weighed> {
    let judged = trained.weights.iter().zip(&trained.values);
    let all = demonstrations.iter().zip(judged).filter(|(_, (weights, _))| !weights.is_empty());
    let one = |(demonstration, (weights, values)): (&Trajectory, (&Vec<f32>, &Vec<f32>))| Weighed {
        user: demonstration.user,
        items: demonstration.steps.iter().map(|step| step.item).collect(),
        weights: weights.clone(),
        values: values.clone(),
    };
    all.map(one).collect()
}
