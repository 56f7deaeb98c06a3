//! What an artefact cost, so that one that took work is not replaced without a word.

use crate::regular::read_regular;
use crate::{Kind, Manifest};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The file, beside the sealed ones.
pub(crate) const COST: &str = "cost.json";
/// The largest file of which the cost is read, in bytes.
const MOST_BYTES: u64 = 1 << 30;
/// What took longer, in seconds, is asked about before it is replaced.
const CHEAP_SECONDS: f64 = 60.0;

/// `cost.json`: how an artefact was made, and what that took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// The command that made it, such as `demos import`.
    pub way: String,
    /// Seconds, over all interruptions.
    pub seconds: f64,
    /// Tokens of a language model.
    pub tokens: u64,
}

impl Spent {
    /// What a directory says of itself.
    pub(crate) fn of(directory: &Path, manifest: &Manifest) -> Option<Self> {
        let is_told = manifest.beside.contains_key(COST);
        let bytes = is_told.then(|| read_regular(&directory.join(COST), MOST_BYTES).ok()).flatten()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// What would be lost if a directory of `kind` were made again by `way`, in words; nothing where that is cheap.
    pub(crate) fn loss(&self, kind: Kind, way: &str) -> Option<String> {
        let what = kind.a_directory();
        if self.tokens > 0 {
            return Some(format!("{what} that cost {} tokens", self.tokens));
        }
        if self.seconds.is_nan() || self.seconds >= CHEAP_SECONDS {
            return Some(format!("{what} that took {}", duration(self.seconds)));
        }
        let is_other = kind == Kind::Demos && self.way != way;
        is_other.then(|| format!("{what} made by `{}`", self.way))
    }
}

/// The same for a directory of a version that wrote no costs.
pub(crate) fn unknown_loss(kind: Kind, directory: &Path) -> Option<String> {
    /// As much of a policy's account as is needed.
    #[derive(Deserialize)]
    struct Account {
        seconds: f64,
    }
    let account = || {
        let bytes = read_regular(&directory.join("training.json"), MOST_BYTES).ok()?;
        serde_json::from_slice::<Account>(&bytes).ok()
    };
    match (kind, account()) {
        (Kind::Dataset | Kind::Evaluation | Kind::Served, _) => None,
        (Kind::Policy, Some(Account { seconds })) => Spent { seconds, ..Spent::default() }.loss(kind, ""),
        _ => Some(format!("{} that does not say what it cost", kind.a_directory())),
    }
}

fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    match minutes {
        0..=119 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}
