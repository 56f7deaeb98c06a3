//! Exit accounting: why sessions end, how likely each end is per step, and how long sessions last.

use mdp::{ExitReason, StepEnd, Trajectory};
use serde::{Deserialize, Serialize};

/// One number per way a session can end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exits<T> {
    /// The reward was below the rule's limit.
    pub low_reward: T,
    /// The item was too near to a recent one in rating columns.
    pub distance: T,
    /// The horizon cut the session.
    pub horizon: T,
    /// A category filled the window.
    pub category: T,
    /// The text was too similar.
    pub similarity: T,
    /// The item had been shown before in the session.
    pub repeat: T,
    /// The record stops although nobody left and no horizon cut it.
    pub open: T,
}

impl<T: Copy> Exits<T> {
    /// The numbers with their JSON names, in the order of tables.
    pub fn named(&self) -> [(&'static str, T); 7] {
        [
            ("low_reward", self.low_reward),
            ("category", self.category),
            ("similarity", self.similarity),
            ("distance", self.distance),
            ("repeat", self.repeat),
            ("horizon", self.horizon),
            ("open", self.open),
        ]
    }

    /// The same ends with other numbers.
    pub fn map<U>(&self, mut f: impl FnMut(T) -> U) -> Exits<U> {
        Exits {
            low_reward: f(self.low_reward),
            distance: f(self.distance),
            horizon: f(self.horizon),
            category: f(self.category),
            similarity: f(self.similarity),
            repeat: f(self.repeat),
            open: f(self.open),
        }
    }

    fn of(&mut self, end: StepEnd) -> &mut T {
        match end {
            StepEnd::Terminated(ExitReason::LowReward) => &mut self.low_reward,
            StepEnd::Terminated(ExitReason::Distance) => &mut self.distance,
            StepEnd::Terminated(ExitReason::Category) => &mut self.category,
            StepEnd::Terminated(ExitReason::Similarity) => &mut self.similarity,
            StepEnd::Terminated(ExitReason::Repeat) => &mut self.repeat,
            StepEnd::Truncated => &mut self.horizon,
            StepEnd::Continues => &mut self.open,
        }
    }
}

/// How the sessions of one policy ended, pooled over all seeds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExitStatistics {
    /// Sessions counted.
    pub n_sessions: usize,
    /// Steps counted.
    pub n_steps: usize,
    /// Sessions by the way they ended.
    pub counts: Exits<usize>,
    /// The share of all steps that ended a session, by the way they did: what a step risks.
    pub hazards: Exits<f64>,
    /// `lengths[k]` sessions have `k + 1` steps.
    pub lengths: Vec<usize>,
}

impl ExitStatistics {
    /// Counts sessions as they are; apply a scoring first where it caps them.
    pub fn of<'a>(sessions: impl IntoIterator<Item = &'a Trajectory>) -> Self {
        let mut out = Self::default();
        for session in sessions {
            let Some(last) = session.steps.last() else { continue };
            let n_steps = session.steps.len();
            out.n_sessions += 1;
            out.n_steps += n_steps;
            *out.counts.of(last.end) += 1;
            if out.lengths.len() < n_steps {
                out.lengths.resize(n_steps, 0);
            }
            out.lengths[n_steps - 1] += 1;
        }
        let n_steps = out.n_steps.max(1) as f64;
        out.hazards = out.counts.map(|count| count as f64 / n_steps);
        out
    }

    /// `out[k]` is the share of sessions that reach step `k + 1`; starts at one, never rises.
    pub fn survival(&self) -> Vec<f64> {
        let mut reaching = self.n_sessions;
        let mut out = Vec::with_capacity(self.lengths.len());
        for &ending_here in &self.lengths {
            out.push(reaching as f64 / self.n_sessions as f64);
            reaching -= ending_here;
        }
        out
    }
}
