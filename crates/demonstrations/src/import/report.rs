//! What became of every record and step of an import.

use super::recorded::{LineProblem, RecordedTraces};
use crate::GroundingReport;
use serde::{Deserialize, Serialize};

/// Counts of an import. `steps_seen` is the sum of `steps_kept` and everything skipped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportReport {
    /// The files that were read.
    pub files: Vec<String>,
    /// Files beside them that are of another kind.
    pub files_ignored: Vec<String>,
    /// Records read.
    pub records: u64,
    /// Records of users the dataset does not have: no world has a reward for them, so they are left out.
    pub records_of_unknown_users: u64,
    /// Records of which no step was kept.
    pub records_empty: u64,
    /// Demonstrations made; more than the records when one is cut at exits.
    pub episodes: u64,
    /// Recommendations seen.
    pub steps_seen: u64,
    /// Recommendations in demonstrations.
    pub steps_kept: u64,
    /// Skipped: of users the dataset does not have.
    pub skipped_unknown_user: u64,
    /// Skipped: the text means no item.
    pub skipped_ungrounded: u64,
    /// Skipped: in the user's logged history, which sessions never show again.
    pub skipped_in_history: u64,
    /// Skipped: earlier in the same list.
    pub skipped_repeated: u64,
    /// Skipped: after the first exit, where the rest is not played.
    pub skipped_after_exit: u64,
    /// Skipped: the source has no reward for it.
    pub skipped_missing_reward: u64,
    /// Skipped: the user stopped at an item the expert had not named.
    pub skipped_terminal_fallback: u64,
    /// Lines (or records) that could not be read; not among `steps_seen`.
    pub unreadable_lines: u64,
    /// The first of those lines.
    pub problems: Vec<LineProblem>,
    /// Rewards seen in the source.
    pub rewards_seen: u64,
    /// Requests that the source's environment had replaced.
    pub action_replacements: u64,
    /// Steps whose reward a terminal-fallback policy set.
    pub rewards_overridden: u64,
    /// Item ids of the source that stand for another title here, and were not believed.
    pub item_ids_refused: u64,
    /// How texts became items.
    pub grounding: GroundingReport,
}

impl ImportReport {
    /// Starts from what was counted while reading.
    pub(crate) fn of(traces: &RecordedTraces) -> Self {
        Self {
            files: traces.files.clone(),
            files_ignored: traces.files_ignored.clone(),
            records: traces.records.len() as u64,
            steps_seen: traces.actions_seen,
            skipped_missing_reward: traces.skipped_missing_reward,
            unreadable_lines: traces.n_problems,
            problems: traces.problems.clone(),
            rewards_seen: traces.rewards_seen,
            action_replacements: traces.action_replacements,
            ..Self::default()
        }
    }

    /// One line for messages.
    pub fn summary(&self) -> String {
        format!(
            "{} of {} steps kept in {} sessions; skipped: {} of unknown users, {} ungrounded, {} in the history, \
             {} repeated, {} after an exit, {} without reward, {} terminal fallbacks; {} unreadable lines",
            self.steps_kept,
            self.steps_seen,
            self.episodes,
            self.skipped_unknown_user,
            self.skipped_ungrounded,
            self.skipped_in_history,
            self.skipped_repeated,
            self.skipped_after_exit,
            self.skipped_missing_reward,
            self.skipped_terminal_fallback,
            self.unreadable_lines,
        )
    }
}
