//! An expert's sessions as plain data.

use crate::{StepLog, TrainingError};
use mdp::{ItemIdx, StepEnd, Trajectory, UserIdx, returns_to_go};
use std::collections::BTreeMap;

/// Demonstrated steps with their discounted returns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Demonstrations {
    /// The steps.
    pub log: StepLog,
    /// The discounted return of each step, within its session.
    pub returns: Vec<f32>,
    /// Steps left out because their user is not a training user.
    pub n_left_out: usize,
}

impl Demonstrations {
    /// Keeps the sessions of training users; `rows` are the user table's rows. A trajectory's last step always ends
    /// its session, and so does a step in the middle that says so.
    ///
    /// # Errors
    /// When an item is beyond the catalogue.
    ///
    /// # Source
    /// `docs/spec/released-code.md#demonstrations`. The reward of a step is the train world's, so a step at which the
    /// user quits keeps its reward.
    pub fn new(
        trajectories: &[Trajectory],
        rows: &BTreeMap<UserIdx, u32>,
        n_items: usize,
        discount: f32,
    ) -> Result<Self, TrainingError> {
        let mut out = Self::default();
        for trajectory in trajectories {
            let Some(&user_row) = rows.get(&trajectory.user) else {
                out.n_left_out += trajectory.steps.len();
                continue;
            };
            for session in trajectory.steps.split_inclusive(|step| !step.end.continues()) {
                let steps: Vec<(ItemIdx, f32)> =
                    session.iter().map(|step| (step.item, step.reward)).collect();
                if let Some((item, _)) = steps.iter().find(|(item, _)| item.index() >= n_items) {
                    return Err(TrainingError::UnknownItem { item: item.0, n_items });
                }
                let rewards: Vec<f32> = steps.iter().map(|&(_, reward)| reward).collect();
                out.returns.extend(returns_to_go(
                    &rewards,
                    &vec![StepEnd::Continues; rewards.len()],
                    discount,
                ));
                out.log.push_session(user_row, &steps);
            }
        }
        Ok(out)
    }

    /// How many steps.
    pub fn len(&self) -> usize {
        self.returns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.returns.is_empty()
    }
}
