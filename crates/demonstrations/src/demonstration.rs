//! A demonstration: an expert's session with where every step came from.

use mdp::{ItemIdx, Step, Trajectory, UserIdx};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One session of an expert, played in the train world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Demonstration {
    /// `source:record`, with `#2`, `#3`, ... for the sessions that one record was cut into.
    pub id: String,
    /// The row of the dataset's user.
    pub user: UserIdx,
    /// The outside world's id of the user.
    pub user_id: String,
    /// Titles of the end of the user's logged history, oldest first: what the expert was or would be shown.
    pub history_titles: Vec<String>,
    /// What was recommended; only the last step ends.
    pub steps: Vec<DemoStep>,
    /// Lessons of earlier sessions that the expert was reminded of before this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reminded_of: Vec<String>,
    /// The lesson that the expert drew from this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<String>,
}

/// One recommendation of an expert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DemoStep {
    /// Item, reward and end as the train world has them (or as the source recorded its end, see
    /// [`Play::Recorded`](crate::Play)). The expert's probability is unknown: `log_prob_behavior` is 0.
    #[serde(flatten)]
    pub step: Step,
    /// The title of the item in the catalogue.
    pub title: String,
    /// What the expert wrote.
    pub requested_title: String,
    /// What the source's environment put in the place of the request, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// How the (replaced) text became an item.
    pub grounding: Grounding,
    /// What the expert said that it was thinking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thought: Option<String>,
    /// The reward the source recorded; -1000 where its user stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_reward: Option<f32>,
    /// The value an LLM critic gave the state after this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critic_value: Option<f32>,
    /// The position in the source's record, counted from 0; gaps are steps that were left out.
    pub source_step: u32,
    /// Whether the reward is not the world's but the one a terminal-fallback policy set.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_reward_overridden: bool,
    /// What else is known about how the step came to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Box<Explanation>>,
}

/// How a step came to be, as far as the expert's parts told; what a part did not say is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Explanation {
    /// What the expert meant to do over the next steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Titles that its memory spoke for in this situation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub encouraged: Vec<String>,
    /// Titles that its memory spoke against.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub discouraged: Vec<String>,
    /// What it asked for first and did not get.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// The critic's value of the state before the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_before: Option<f32>,
    /// `r + discount * V(s') - V(s)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advantage: Option<f32>,
    /// The model's log-probability of the title (natural logarithm), where the title was chosen by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_prob: Option<f64>,
    /// How much the user's history raised that log-probability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lift: Option<f64>,
    /// Everything that was scored for this step, in the order in which it was; what got no number is left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slate: Vec<Candidate>,
}

/// A candidate that an expert scored by likelihood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Which item.
    pub item: ItemIdx,
    /// Its title.
    pub title: String,
    /// The model's log-probability of the title after the user's history (natural logarithm).
    pub log_prob: f64,
    /// How much the history raised it: what candidates are ranked by.
    pub lift: f64,
}

/// How a text became an item.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grounding {
    /// By which rule.
    pub status: GroundingStatus,
    /// 0 for equal texts; 1 minus the similarity otherwise.
    pub distance: f32,
}

/// The rules by which a text can become an item, from the surest to none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroundingStatus {
    /// The same bytes as a title.
    Exact,
    /// The same but for case, punctuation, accents, article, alternative name, year, appended rating and the sentence
    /// around it.
    Normalised,
    /// A small edit away, numbers and year agreeing.
    Fuzzy,
    /// The nearest text vector, near enough and nearer than others are.
    Embedding,
    /// No item: such a step never enters a demonstration.
    Rejected,
}

impl Demonstration {
    /// The bare session.
    pub fn trajectory(&self) -> Trajectory {
        Trajectory { user: self.user, steps: self.steps.iter().map(|s| s.step).collect() }
    }

    /// How many different items it shows.
    pub fn distinct_items(&self) -> usize {
        self.steps.iter().map(|s| s.step.item).collect::<BTreeSet<_>>().len()
    }

    /// Sum of all rewards, the exit step's included (scoring `raw`).
    pub fn return_raw(&self) -> f32 {
        self.steps.iter().map(|s| s.step.reward).sum()
    }
}
