//! What a source recorded, before any of it means an item.

use serde::{Deserialize, Serialize};

/// The reward with which BiLLP's logs mark the step at which the user stopped.
pub(crate) const STOP_REWARD: f32 = -1000.0;

/// One record of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// `file:record`.
    pub id: String,
    /// The outside world's id of the user.
    pub user_id: String,
    /// The steps, in order.
    pub steps: Vec<RecordedStep>,
}

/// One recommendation as recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedStep {
    /// The title that was shown: the replacement, where there was one.
    pub title: String,
    /// The title the expert wrote.
    pub requested_title: String,
    /// Whether the source's environment replaced the request.
    pub is_replaced: bool,
    /// The outside world's id of the item, where the source gives one.
    pub item_id: Option<String>,
    /// What the expert said that it was thinking.
    pub thought: Option<String>,
    /// The recorded reward; at most -1000 where the user stopped.
    pub observed_reward: Option<f32>,
    /// The value a critic gave the state after this step.
    pub critic_value: Option<f32>,
    /// The position in the record, counted from 0.
    pub source_step: u32,
}

impl RecordedStep {
    /// Whether the source's user stopped here.
    pub fn is_terminal_failure(&self) -> bool {
        self.observed_reward.is_some_and(|reward| reward <= STOP_REWARD)
    }

    /// The reward in the source's own metric: 0 where the user stopped.
    pub fn metric_reward(&self) -> Option<f32> {
        if self.is_terminal_failure() { Some(0.0) } else { self.observed_reward }
    }
}

/// A line that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineProblem {
    /// Which file.
    pub file: String,
    /// Which line, counted from 1; 0 where the file has no lines.
    pub line: u64,
    /// What was wrong.
    pub what: String,
}

/// Everything read from the sources of one import, with what was skipped while reading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedTraces {
    /// The records.
    pub records: Vec<Recorded>,
    /// The files that were read.
    pub files: Vec<String>,
    /// Files of another kind beside them.
    pub files_ignored: Vec<String>,
    /// Recommendations seen.
    pub actions_seen: u64,
    /// Rewards seen.
    pub rewards_seen: u64,
    /// Requests that the source's environment replaced.
    pub action_replacements: u64,
    /// Recommendations without a reward, which are left out.
    pub skipped_missing_reward: u64,
    /// The first of the lines that could not be used.
    pub problems: Vec<LineProblem>,
    /// How many there were.
    pub n_problems: u64,
}

impl RecordedTraces {
    /// Counts a line that could not be used, and keeps the first few.
    pub(crate) fn problem(&mut self, file: &str, line: u64, what: impl Into<String>) {
        const N_KEPT: usize = 20;
        self.n_problems += 1;
        if self.problems.len() < N_KEPT {
            self.problems.push(LineProblem { file: file.to_owned(), line, what: what.into() });
        }
    }
}
