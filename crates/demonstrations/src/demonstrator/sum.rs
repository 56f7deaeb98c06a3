//! What finished sessions add up to.

use super::Finished;
use crate::grounding::GroundingTally;
use crate::{AgentAccount, Demonstration, GroundingReport, Scene};
use serde::{Deserialize, Serialize};

/// What became of every answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CollectReport {
    /// Sessions with at least one step.
    pub episodes: u64,
    /// Sessions in which not one answer could be shown.
    pub episodes_empty: u64,
    /// Steps.
    pub steps: u64,
    /// Answers, refused ones included.
    pub answers: u64,
    /// Answers that mean no item.
    pub refused_ungrounded: u64,
    /// Answers that mean an item of the user's history or of the session.
    pub refused_known: u64,
    /// Sessions given up because no answer came that could be shown.
    pub given_up: u64,
    /// How texts became items.
    pub grounding: GroundingReport,
    /// What a language model's agents cost and how they were understood; absent for the stand-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<Box<AgentAccount>>,
}

/// What a collection gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Collected {
    /// The sessions, in order of episode.
    pub demonstrations: Vec<Demonstration>,
    /// What became of every answer.
    pub report: CollectReport,
}

/// Finished sessions, counted.
#[derive(Debug, Default)]
pub struct Sum {
    demonstrations: Vec<Demonstration>,
    report: CollectReport,
    tally: GroundingTally,
}

impl Sum {
    /// Adds a finished session.
    pub fn add(&mut self, finished: Finished) {
        let Finished { demonstration, answers, is_given_up } = finished;
        let report = &mut self.report;
        report.answers += answers.len() as u64;
        report.given_up += u64::from(is_given_up);
        for answer in &answers {
            self.tally.add(&answer.text, &answer.grounded, false);
            report.refused_ungrounded += u64::from(answer.grounded.item.is_none());
            report.refused_known += u64::from(answer.grounded.item.is_some() && !answer.is_shown);
        }
        report.steps += demonstration.steps.len() as u64;
        if demonstration.steps.is_empty() {
            report.episodes_empty += 1;
        } else {
            report.episodes += 1;
            self.demonstrations.push(demonstration);
        }
    }

    /// Whether there is no step at all.
    pub fn is_empty(&self) -> bool {
        self.demonstrations.is_empty()
    }

    /// The counts so far; without those of grounding, which are finished last.
    pub fn report(&self) -> &CollectReport {
        &self.report
    }

    /// The sessions with their counts.
    pub fn finish(self, scene: &Scene<'_>) -> Collected {
        let grounding = self.tally.finish(|item| scene.catalogue.item(item).title.clone());
        Collected { demonstrations: self.demonstrations, report: CollectReport { grounding, ..self.report } }
    }
}
