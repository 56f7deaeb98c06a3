//! The forward pass of the default learner: from a history and a session to how much every item is wanted.
//!
//! Learning, judging and serving share it, so that what is served is what was judged. Rows handed in are trusted:
//! whoever reads ids from outside checks them first.

mod actor;
mod hazard;
mod index;
mod items;
mod ranker;
mod session_state;
mod taste;
mod tracker;

pub use actor::{Actor, Selection, draw, draw_of, most_probable};
pub use hazard::{HazardExample, N_DISLIKE, N_NEARNESS, N_SATURATION, QuitHazard, hazard_inputs, log_stay};
pub use index::{RankingIndex, ScoringPass};
pub use items::{ItemTable, TABLES};
pub use ranker::{Parameters, Ranker, TensorSink, TensorSource};
pub use session_state::SessionState;
pub use taste::{Belief, TasteModel};
pub use tracker::{
    CONTENT_SHRINKAGE, FAR, FEATURE_NAMES, LARGEST_LOGIT, LONGEST_HISTORY, LOWEST_BEST, LOWEST_LOG_STAY,
    N_DISCRIMINATED, N_FEATURES, N_STATE, RECENT, SAFE_LOG_STAY, Tracker, View, WINDOWS,
};
