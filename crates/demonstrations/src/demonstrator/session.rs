//! One session in progress.

use super::Demonstrator;
use crate::{DemoStep, Demonstration, Explanation, Grounded, Scene};
use environment::{EnvironmentError, Session};
use mdp::{ItemIdx, ItemSet, Step, StepEnd, UserIdx};
use serde::{Deserialize, Serialize};

/// An answer and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnswerRecord {
    /// What was written.
    pub text: String,
    /// What it was taken to mean.
    pub grounded: Grounded,
    /// Whether it was shown.
    pub is_shown: bool,
}

/// An answer that can be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// What is shown: neither known to the user nor shown before.
    pub item: ItemIdx,
    /// What was written.
    pub text: String,
    /// What it was taken to mean.
    pub grounded: Grounded,
    /// What was being thought.
    pub thought: Option<String>,
    /// What else is known about how it came to be.
    pub explanation: Option<Box<Explanation>>,
}

/// One user's session, with what the demonstrator keeps of it.
#[derive(Debug)]
pub struct Playing<M> {
    /// The number of the session in the collection.
    pub number: usize,
    /// Whose session it is.
    pub user: UserIdx,
    /// How it stands in the train world.
    pub environment: Session,
    /// What cannot be shown: the logged history and what was shown.
    pub unavailable: ItemSet,
    /// What was shown.
    pub steps: Vec<DemoStep>,
    /// Every answer, refused ones included.
    pub answers: Vec<AnswerRecord>,
    /// Whether it is over because no answer came that could be shown.
    pub is_given_up: bool,
    /// What the demonstrator keeps.
    pub mind: M,
}

/// A session that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// What was shown.
    pub demonstration: Demonstration,
    /// Every answer, refused ones included.
    pub answers: Vec<AnswerRecord>,
    /// Whether it is over because no answer came that could be shown.
    pub is_given_up: bool,
}

impl<M> Playing<M> {
    pub(super) fn new(scene: &Scene<'_>, environment: Session, number: usize, mind: M) -> Self {
        let user = environment.user();
        Self {
            number,
            user,
            environment,
            unavailable: scene.known_items(user),
            steps: Vec::new(),
            answers: Vec::new(),
            is_given_up: false,
            mind,
        }
    }

    /// Whether another step can follow. Where nothing is left to show, a session is over, not given up.
    pub fn goes_on(&self, horizon: usize) -> bool {
        self.environment.end().continues()
            && !self.is_given_up
            && self.steps.len() < horizon
            && self.unavailable.len() < self.unavailable.n_items()
    }

    /// Shows an answer and records the step.
    pub(super) fn show(&mut self, scene: &Scene<'_>, answer: Shown) -> Result<(), EnvironmentError> {
        let Shown { item, text, grounded, thought, explanation } = answer;
        let outcome = self.environment.step(item)?;
        self.unavailable.insert(item);
        let source_step = self.answers.len() as u32;
        self.answers.push(AnswerRecord { text: text.clone(), grounded, is_shown: true });
        self.steps.push(DemoStep {
            step: Step { item, reward: outcome.reward, log_prob_behavior: 0.0, end: outcome.end },
            title: scene.catalogue.item(item).title.clone(),
            requested_title: text,
            replacement: None,
            grounding: grounded.grounding,
            thought,
            observed_reward: None,
            critic_value: None,
            source_step,
            is_reward_overridden: false,
            explanation,
        });
        Ok(())
    }

    /// The finished session. Where the user had not left, time was up.
    pub fn finish<D: Demonstrator<Mind = M>>(self, scene: &Scene<'_>, demonstrator: &D) -> Finished {
        let mut steps = self.steps;
        if let Some(last) = steps.last_mut()
            && last.step.end.continues()
        {
            last.step.end = StepEnd::Truncated;
        }
        let mut demonstration = Demonstration {
            id: format!("episode:{}", self.number),
            user: self.user,
            user_id: scene.user_ids.get(self.user.index()).cloned().unwrap_or_default(),
            history_titles: Vec::new(),
            steps,
            reminded_of: Vec::new(),
            lesson: None,
        };
        demonstrator.tell(self.mind, &mut demonstration);
        Finished { demonstration, answers: self.answers, is_given_up: self.is_given_up }
    }
}
