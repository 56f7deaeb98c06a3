//! Scorings: which steps of a session count, by name.

use crate::EvaluationError;
use mdp::{ExitReason, StepEnd, Trajectory};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How the rewards of a session are counted. No result is meaningful without this name beside it: on one and
/// the same set of published sessions the scorings differ by a tenth to a third.
///
/// # Source
/// `Raw` is what IL-Rec's released evaluator adds up, `Low0` what its exporter to the il-rec text format makes
/// of it, `Billp` what BiLLP's logs (which write -1000 for the step at which the user leaves) come to:
/// `docs/spec/released-code.md#evaluation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scoring {
    /// Every step counts, the exit step too.
    #[default]
    Raw,
    /// The step that was left for its low reward counts zero; every other exit step counts.
    Low0,
    /// Every step at which the user leaves counts zero.
    Billp {
        /// Sessions are cut to this many steps first, as by a shorter horizon.
        cap: Option<usize>,
    },
}

impl Scoring {
    /// The session as this scoring sees it: rewards replaced and, under a cap, later steps cut away. Lengths
    /// and exits are counted on what this returns.
    pub fn apply(self, session: &Trajectory) -> Trajectory {
        let mut out = session.clone();
        if let Self::Billp { cap: Some(cap) } = self {
            cut(&mut out, cap);
        }
        for step in &mut out.steps {
            let counts_zero = match step.end {
                StepEnd::Terminated(ExitReason::LowReward) => self != Self::Raw,
                StepEnd::Terminated(_) => matches!(self, Self::Billp { .. }),
                StepEnd::Continues | StepEnd::Truncated => false,
            };
            if counts_zero {
                step.reward = 0.0;
            }
        }
        out
    }
}

fn cut(session: &mut Trajectory, cap: usize) {
    let is_cut = session.steps.len() > cap;
    session.steps.truncate(cap);
    if let Some(last) = session.steps.last_mut()
        && is_cut
    {
        last.end = StepEnd::Truncated;
    }
}

impl fmt::Display for Scoring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw => f.write_str("raw"),
            Self::Low0 => f.write_str("low0"),
            Self::Billp { cap: None } => f.write_str("billp"),
            Self::Billp { cap: Some(cap) } => write!(f, "billp:{cap}"),
        }
    }
}

impl FromStr for Scoring {
    type Err = EvaluationError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = || EvaluationError::UnknownScoring { got: name.to_owned() };
        match name.split_once(':') {
            None if name == "raw" => Ok(Self::Raw),
            None if name == "low0" => Ok(Self::Low0),
            None if name == "billp" => Ok(Self::Billp { cap: None }),
            Some(("billp", cap)) => match cap.parse() {
                Ok(cap) if cap > 0 => Ok(Self::Billp { cap: Some(cap) }),
                _ => Err(unknown()),
            },
            _ => Err(unknown()),
        }
    }
}

impl TryFrom<String> for Scoring {
    type Error = EvaluationError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Scoring> for String {
    fn from(scoring: Scoring) -> Self {
        scoring.to_string()
    }
}
