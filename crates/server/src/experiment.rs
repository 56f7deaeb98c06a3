//! Two policies at once: who is answered by which, or one that answers and one that is only listened to.

use serde::{Deserialize, Serialize};
use serving::Served;
use std::path::PathBuf;
use std::sync::Arc;

/// What a challenger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It answers a share of the users.
    Split,
    /// It answers nobody: it ranks beside the champion, and what it would have shown is compared.
    Shadow,
}

/// A challenger that is asked for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Its artefact.
    pub path: PathBuf,
    /// What it does.
    #[serde(default = "split")]
    pub mode: Mode,
    /// The share of users (of requests without a user or session) that it answers, or is compared on.
    pub share: f64,
    /// Names the split: the same name splits the same way, another one anew. The challenger's hash where it is not given.
    #[serde(default)]
    pub salt: Option<String>,
}

fn split() -> Mode {
    Mode::Split
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// The policy in place.
    Champion,
    /// The one on trial.
    Challenger,
}

impl Arm {
    /// The name in answers and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Champion => "champion",
            Self::Challenger => "challenger",
        }
    }
}

/// A challenger that is loaded.
#[derive(Clone, Debug)]
pub(crate) struct Experiment {
    pub(crate) challenger: Arc<Served>,
    pub(crate) mode: Mode,
    pub(crate) share: f64,
    pub(crate) salt: String,
}

/// Who answers a request, and who else is asked.
#[derive(Clone, Debug)]
pub(crate) struct Assigned {
    pub(crate) served: Arc<Served>,
    /// Absent where there is no experiment.
    pub(crate) arm: Option<Arm>,
    pub(crate) shadow: Option<Arc<Served>>,
}

impl Experiment {
    /// Who answers whoever is called `key`: the same every time, on every replica, before and after a restart.
    pub(crate) fn assign(&self, champion: Arc<Served>, key: &str) -> Assigned {
        let is_chosen = position(&self.salt, key) < self.share;
        let challenger = is_chosen.then(|| self.challenger.clone());
        match (self.mode, challenger) {
            (Mode::Split, Some(served)) => Assigned { served, arm: Some(Arm::Challenger), shadow: None },
            (Mode::Split, None) => Assigned { served: champion, arm: Some(Arm::Champion), shadow: None },
            (Mode::Shadow, shadow) => Assigned { served: champion, arm: Some(Arm::Champion), shadow },
        }
    }
}

/// Where a key lies between 0 and 1: evenly spread, and in another place under another salt.
fn position(salt: &str, key: &str) -> f64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(salt.len() as u64).to_le_bytes()).update(salt.as_bytes()).update(key.as_bytes());
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    // 53 bits: as many as a number between 0 and 1 keeps.
    (u64::from_le_bytes(first) >> 11) as f64 / (1u64 << 53) as f64
}
