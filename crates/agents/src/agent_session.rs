//! One session in progress.

use crate::prompts::{Refusal, Seen};
use crate::reply::one_line;
use demonstrations::{DemoStep, Demonstration, Explanation, Grounded, Scene};
use environment::{Outcome, Session};
use mdp::{ItemIdx, ItemSet, Step, StepEnd, UserIdx};
use serde::{Deserialize, Serialize};

/// The longest title that is put into a prompt, in characters: jokes are their own titles.
const LONGEST_TITLE: usize = 300;

/// An answer of an actor and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AnswerRecord {
    /// What was written.
    pub(crate) text: String,
    /// What it was taken to mean.
    pub(crate) grounded: Grounded,
    /// Whether it was shown.
    pub(crate) is_shown: bool,
}

/// What was chosen for the step to come.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) item: ItemIdx,
    pub(crate) text: String,
    pub(crate) grounded: Grounded,
    pub(crate) log_prob: Option<f64>,
    pub(crate) lift: Option<f64>,
}

/// The step to come, part by part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) thought: Option<String>,
    pub(crate) plan: Option<String>,
    pub(crate) encouraged: Vec<String>,
    pub(crate) discouraged: Vec<String>,
    pub(crate) refused: Vec<Refusal>,
    pub(crate) choice: Option<Choice>,
}

/// One user's session, with everything the agents know of it.
pub(crate) struct AgentSession {
    /// The number of the session in the collection.
    pub(crate) number: usize,
    pub(crate) user: UserIdx,
    pub(crate) environment: Session,
    /// What cannot be shown: the logged history and what was shown.
    pub(crate) unavailable: ItemSet,
    /// The end of the logged history as prompts show it.
    pub(crate) history: Vec<Seen>,
    /// All titles that describe the state, oldest first: history, then session.
    pub(crate) titles: Vec<String>,
    pub(crate) reminders: Vec<String>,
    pub(crate) steps: Vec<DemoStep>,
    pub(crate) answers: Vec<AnswerRecord>,
    pub(crate) draft: Draft,
    /// The critic's value of the present state; 0 before it was first asked.
    pub(crate) value: f32,
    pub(crate) is_given_up: bool,
    pub(crate) lesson: Option<String>,
}

impl AgentSession {
    /// A session that has not begun.
    pub(crate) fn new(
        scene: &Scene<'_>,
        number: usize,
        environment: environment::Session,
        n_history: usize,
    ) -> Self {
        let user = environment.user();
        let history = scene.history(user);
        let shown = &history[history.len().saturating_sub(n_history)..];
        let title = |item: ItemIdx| title_of(scene, item);
        Self {
            number,
            user,
            environment,
            unavailable: scene.known_items(user),
            history: shown
                .iter()
                .map(|seen| Seen { title: title(seen.item), liked: plain(seen.rating) })
                .collect(),
            titles: history.iter().map(|seen| title(seen.item)).collect(),
            reminders: Vec::new(),
            steps: Vec::new(),
            answers: Vec::new(),
            draft: Draft::default(),
            value: 0.0,
            is_given_up: false,
            lesson: None,
        }
    }

    /// Whether another step can follow.
    pub(crate) fn goes_on(&self, horizon: usize) -> bool {
        self.environment.end().continues()
            && !self.is_given_up
            && self.steps.len() < horizon
            && self.unavailable.len() < self.unavailable.n_items()
    }

    /// The last titles as a text: what memories know the state by.
    pub(crate) fn state_key(&self, n_titles: usize) -> String {
        self.last_titles(n_titles).join("; ")
    }

    /// The last titles, oldest first.
    pub(crate) fn last_titles(&self, n_titles: usize) -> &[String] {
        &self.titles[self.titles.len().saturating_sub(n_titles)..]
    }

    /// The history as a text: what lessons are found by.
    pub(crate) fn history_key(&self) -> String {
        self.history.iter().map(|seen| seen.title.as_str()).collect::<Vec<_>>().join("; ")
    }

    /// Shows the drafted choice and records the step. The draft is used up.
    pub(crate) fn show(&mut self, scene: &Scene<'_>, choice: Choice, outcome: Outcome) {
        let draft = std::mem::take(&mut self.draft);
        self.unavailable.insert(choice.item);
        self.titles.push(title_of(scene, choice.item));
        let position = self.answers.len() as u32;
        self.answers.push(AnswerRecord {
            text: choice.text.clone(),
            grounded: choice.grounded,
            is_shown: true,
        });
        let explanation = Explanation {
            plan: draft.plan,
            encouraged: draft.encouraged,
            discouraged: draft.discouraged,
            refused: draft.refused.into_iter().map(|refusal| refusal.title).collect(),
            log_prob: choice.log_prob,
            lift: choice.lift,
            ..Explanation::default()
        };
        let step =
            Step { item: choice.item, reward: outcome.reward, log_prob_behavior: 0.0, end: outcome.end };
        self.steps.push(DemoStep {
            step,
            title: scene.catalogue.item(choice.item).title.clone(),
            requested_title: choice.text,
            replacement: None,
            grounding: choice.grounded.grounding,
            thought: draft.thought,
            observed_reward: None,
            critic_value: None,
            source_step: position,
            is_reward_overridden: false,
            explanation: (explanation != Explanation::default()).then(|| Box::new(explanation)),
        });
    }

    /// The finished session. Where the user had not left, time was up.
    pub(crate) fn finish(self, scene: &Scene<'_>) -> Finished {
        let mut steps = self.steps;
        if let Some(last) = steps.last_mut()
            && last.step.end.continues()
        {
            last.step.end = StepEnd::Truncated;
        }
        let demonstration = Demonstration {
            id: format!("episode:{}", self.number),
            user: self.user,
            user_id: scene.user_ids.get(self.user.index()).cloned().unwrap_or_default(),
            history_titles: self.history.into_iter().map(|seen| seen.title).collect(),
            steps,
            reminded_of: self.reminders,
            lesson: self.lesson,
        };
        Finished { demonstration, answers: self.answers, is_given_up: self.is_given_up }
    }
}

/// A session that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Finished {
    pub(crate) demonstration: Demonstration,
    pub(crate) answers: Vec<AnswerRecord>,
    pub(crate) is_given_up: bool,
}

/// A title on one line, of bounded length.
pub(crate) fn title_of(scene: &Scene<'_>, item: ItemIdx) -> String {
    one_line(&scene.catalogue.item(item).title, LONGEST_TITLE)
}

/// A number as people write it: `4`, `4.5`, `3.25`.
pub(crate) fn plain(number: f32) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
