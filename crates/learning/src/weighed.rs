//! What training made of every demonstration, for people who ask.

use crate::{Demonstrated, Explained};
use mdp::{ItemIdx, UserIdx};
use serde::{Deserialize, Serialize};

/// The file of a policy directory that holds a list of these; it may be missing.
pub const WEIGHED_FILE: &str = "demonstrations.json";

/// One demonstration that was weighed at the end of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// The demonstration's id; empty in files of earlier versions.
    #[serde(default)]
    pub id: String,
    /// Who it was shown to.
    pub user: UserIdx,
    /// What was shown, in order: a control may have been trained on other items under the same id.
    pub items: Vec<ItemIdx>,
    /// How much every step was imitated at the end.
    pub weights: Vec<f32>,
    /// What was expected of the rest of the session before every step, in units of discounted rewards.
    pub values: Vec<f32>,
}

impl Weighed {
    /// Whether it is this demonstration, and the same items were shown.
    pub fn is_of(&self, demonstration: &Demonstrated) -> bool {
        let session = &demonstration.session;
        let is_same = self.id.is_empty() || self.id == demonstration.id;
        let items = session.steps.iter().map(|step| &step.item);
        is_same && self.user == session.user && self.items.iter().eq(items)
    }
}

/// The demonstrations that a run weighed.
pub fn weighed(demonstrations: &[Demonstrated], explained: &[Explained]) -> Vec<Weighed> {
    let asked = demonstrations.iter().zip(explained).filter(|(_, made)| !made.weights.is_empty());
    let one = |(demonstration, made): (&Demonstrated, &Explained)| Weighed {
        id: demonstration.id.clone(),
        user: demonstration.session.user,
        items: demonstration.session.steps.iter().map(|step| step.item).collect(),
        weights: made.weights.clone(),
        values: made.values.clone(),
    };
    asked.map(one).collect()
}
