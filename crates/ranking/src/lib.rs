//! The forward pass of the default learner: from a history and a session to how much every item is wanted.
//!
//! Learning, judging and serving share it, so that what is served is what was judged. Rows handed in are trusted:
//! whoever reads ids from outside checks them first.

mod actor;
mod hazard;
mod index;
mod ranker;
mod tracker;

pub use actor::{Actor, Selection, draw, draw_of, most_probable};
pub use hazard::{QuitHazard, hazard_inputs, log_stay};
pub use index::{RankingIndex, ScoringPass};
pub use ranker::{Parameters, Ranker};
pub use tracker::{LARGEST_LOGIT, LOWEST_BEST, LOWEST_LOG_STAY, SAFE_LOG_STAY, Tracker, View};
