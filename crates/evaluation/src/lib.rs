//! What a policy is worth, beside its controls.
//!
//! Sessions are scored by name ([`Scoring`]), averaged within users ([`UserTable`]), given t intervals
//! over users and training seeds and summarised in a row ([`EvalRow`]); two policies are
//! compared user by user ([`paired_difference`]), and over several worlds and
//! trainings in [`statistics`]. What is told of ranked lists beside real choices is in [`metrics`], by name. Only the
//! environment's feedback counts, never a learned reward.

mod bootstrap;
mod controls;
mod correlation;
mod crossed;
mod difference;
mod error;
mod evaluate;
mod exits;
mod exposure;
pub mod metrics;
mod ranking;
mod row;
mod scoring;
pub mod statistics;
mod table;

pub use bootstrap::{BootstrapPlan, CONFIDENCE, Interval};
pub use controls::{
    Expectations, Greedy, Oracle, Popularity, RandomFreshGenre, Repeating, SessionPlanner, TRAINED_IN_JUDGE,
    UniformRandom, is_privileged, replay,
};
pub use correlation::spearman;
pub use difference::{Difference, paired_difference};
pub use error::EvaluationError;
pub use evaluate::{Evaluation, Setting, evaluate, ranking_intervals};
pub use exits::{ExitStatistics, Exits};
pub use exposure::Exposure;
pub use ranking::{AskedUser, RankedUser, Slate, hit_at, ndcg_at, rank_users, ranking_at_start};
pub use row::{EvalRow, IntervalMethod, JudgeValidity, OtherJudge, RankingIntervals};
pub use scoring::Scoring;
pub use table::{Rollouts, TrainingSeedMeans, UserMean, UserTable};

#[cfg(test)]
mod tests;
