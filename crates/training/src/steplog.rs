//! Sessions laid end to end, so that every state is a slice.

use mdp::ItemIdx;

/// All steps of many whole sessions. A step's history is the part of its session before it, without a copy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepLog {
    steps: Vec<(ItemIdx, f32)>,
    user_rows: Vec<u32>,
    positions: Vec<u32>,
}

impl StepLog {
    /// Adds a whole session: items and raw rewards in order.
    pub fn push_session(&mut self, user_row: u32, steps: &[(ItemIdx, f32)]) {
        self.steps.extend_from_slice(steps);
        self.user_rows.resize(self.steps.len(), user_row);
        self.positions.extend(0..steps.len() as u32);
    }

    /// How many steps.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The user's row of a step.
    pub fn user_row(&self, row: usize) -> u32 {
        self.user_rows[row]
    }

    /// What was shown.
    pub fn item(&self, row: usize) -> ItemIdx {
        self.steps[row].0
    }

    /// What came of it.
    pub fn reward(&self, row: usize) -> f32 {
        self.steps[row].1
    }

    /// Whether the step is its session's last.
    pub fn is_last(&self, row: usize) -> bool {
        self.positions.get(row + 1).is_none_or(|&position| position == 0)
    }

    /// The row behind the last step of the session of a step.
    pub(crate) fn session_end(&self, row: usize) -> usize {
        let mut last = row;
        while !self.is_last(last) {
            last += 1;
        }
        last + 1
    }

    /// The session before a step, oldest first, at most its last `window` steps.
    pub fn before(&self, row: usize, window: usize) -> &[(ItemIdx, f32)] {
        let length = (self.positions[row] as usize).min(window);
        &self.steps[row - length..row]
    }

    /// The session up to and with a step, at most its last `window` steps.
    pub fn through(&self, row: usize, window: usize) -> &[(ItemIdx, f32)] {
        let length = (self.positions[row] as usize + 1).min(window);
        &self.steps[row + 1 - length..=row]
    }

    /// Items, rewards, user rows and positions, for checkpoints.
    pub(crate) fn columns(&self) -> [Vec<f32>; 4] {
        let whole = |values: &[u32]| values.iter().map(|&v| v as f32).collect();
        let items = self.steps.iter().map(|(item, _)| item.0 as f32).collect();
        let rewards = self.steps.iter().map(|&(_, reward)| reward).collect();
        [items, rewards, whole(&self.user_rows), whole(&self.positions)]
    }

    /// What [`StepLog::columns`] gave; all columns have the same length.
    pub(crate) fn from_columns([items, rewards, user_rows, positions]: [Vec<f32>; 4]) -> Self {
        let whole = |values: Vec<f32>| values.into_iter().map(|v| v as u32).collect();
        let items = items.into_iter().map(|item| ItemIdx(item as u32));
        Self { steps: items.zip(rewards).collect(), user_rows: whole(user_rows), positions: whole(positions) }
    }
}
