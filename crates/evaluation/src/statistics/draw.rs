//! What one policy was worth to every user in one draw.

use crate::EvaluationError;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One policy in one draw. Another draw may have other users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draw {
    /// Which world: no other draw has the same world and training seed.
    pub world: String,
    /// The seed of training; of what is not trained, the seed of the draw that it is compared in.
    pub training_seed: u64,
    /// Each user's value, averaged over evaluation seeds, by a key that names the same person in every draw.
    pub values: BTreeMap<String, f64>,
}

impl Draw {
    /// The mean over the draw's users.
    pub fn mean(&self) -> f64 {
        self.values.values().sum::<f64>() / self.values.len() as f64
    }

    /// What a message calls it.
    pub(crate) fn name(&self) -> String {
        format!("world {}, training seed {}", self.world, self.training_seed)
    }

    /// What makes it the same draw for another policy.
    pub(crate) fn key(&self) -> (&str, u64) {
        (&self.world, self.training_seed)
    }
}

/// Refuses draws that allow no interval: fewer than two, one twice, one without users, or a value that is no number.
pub(crate) fn check(draws: &[Draw]) -> Result<(), EvaluationError> {
    if draws.len() < 2 {
        return Err(EvaluationError::TooFewDraws { got: draws.len() });
    }
    let mut known = BTreeSet::new();
    for draw in draws {
        let problem = if !known.insert(draw.key()) {
            "is there twice"
        } else if draw.values.is_empty() {
            "has no user"
        } else if !draw.values.values().all(|value| value.is_finite()) {
            "has a value that is not a finite number"
        } else {
            continue;
        };
        return Err(EvaluationError::BadDraw { draw: draw.name(), problem });
    }
    Ok(())
}
