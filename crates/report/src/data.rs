//! What a page is made from. Every section is optional: an empty list leaves it out.

use evaluation::{Difference, EvalRow, Evaluation};
use serde::{Deserialize, Serialize};

/// Everything on the page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportData {
    /// The heading.
    pub title: String,
    /// A short honest reading of the results; paragraphs are separated by empty lines.
    pub reading: String,
    /// What the domain is: who, what, where the log comes from; paragraphs are separated by empty lines.
    pub about: String,
    /// The policy the page is about, as named in rows; it is highlighted.
    pub subject: String,
    /// Results tables, the most important first.
    pub results: Vec<Results>,
    /// Variants of the subject with one ingredient changed, the full one first.
    pub ablation: Vec<EvalRow>,
    /// Validation return while training, one curve per training seed or variant.
    pub learning: Vec<LearningCurve>,
    /// Where the demonstrations came from and what became of their titles.
    pub grounding: Vec<GroundingSummary>,
    /// Demonstrations worth reading.
    pub demonstrations: Vec<DemonstrationView>,
    /// Facts about the data, the world, the machine.
    pub facts: Vec<FactTable>,
    /// Whether the world is worth training in.
    pub world_check: Option<WorldCheckSummary>,
    /// Resolved settings, word for word.
    pub configurations: Vec<Configuration>,
}

/// One results table: policies in one world under one exit rule and one scoring, with its figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Results {
    /// The heading, e.g. the name of the exit rule.
    pub title: String,
    /// The evaluations in the order of the table.
    pub evaluations: Vec<Evaluation>,
    /// Paired differences of the subject to the others.
    pub differences: Vec<Difference>,
}

impl Results {
    /// The rows of the table.
    pub(crate) fn rows(&self) -> Vec<&EvalRow> {
        self.evaluations.iter().map(|evaluation| &evaluation.row).collect()
    }
}

/// The validation return of one training run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LearningCurve {
    /// The policy and its training seed, `il-rec, seed 0`; or `seed 0` alone for the subject.
    pub name: String,
    /// In order of steps.
    pub points: Vec<CurvePoint>,
}

/// One validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Environment steps taken in training.
    pub n_env_steps: u64,
    /// Mean sum of rewards of validation users.
    pub r_traj: f64,
}

/// What became of the titles in one source of demonstrations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroundingSummary {
    /// The source, e.g. the name of the language model or of the file.
    pub source: String,
    /// Demonstrations kept.
    pub episodes: usize,
    /// Their steps.
    pub steps: usize,
    /// Titles found as they stand.
    pub exact: usize,
    /// Titles found after normalising case, articles and punctuation.
    pub normalised: usize,
    /// Titles found by edit distance.
    pub fuzzy: usize,
    /// Titles found by embedding.
    pub embedding: usize,
    /// Titles not found: they are not in the demonstrations.
    pub rejected: usize,
}

/// One demonstration to read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DemonstrationView {
    /// A heading, e.g. who and from which source.
    pub title: String,
    /// Titles of the logged history the demonstrator saw, oldest first.
    pub history: Vec<String>,
    /// The steps.
    pub steps: Vec<DemonstratedStep>,
}

/// One step of a demonstration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DemonstratedStep {
    /// The item's title.
    pub title: String,
    /// Names of its categories.
    pub categories: Vec<String>,
    /// What the demonstrator said it was thinking, if it did.
    pub thought: String,
    /// The environment's reward.
    pub reward: f32,
    /// The weight it has in training, if it was weighted.
    pub weight: Option<f32>,
    /// Why the session ended here, empty where it went on.
    pub end: String,
}

/// A titled list of facts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FactTable {
    /// The heading.
    pub title: String,
    /// The facts.
    pub facts: Vec<Fact>,
}

/// One fact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// What.
    pub name: String,
    /// How much.
    pub value: String,
}

/// What `world check` found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorldCheckSummary {
    /// Its reference policies.
    pub rows: Vec<WorldCheckRow>,
    /// Where the variance of rewards comes from.
    pub explained: Explained,
    /// The verdict in words.
    pub verdict: String,
    /// Whether the verdict is good.
    pub is_sound: bool,
}

/// One reference policy of a world check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorldCheckRow {
    /// Its name.
    pub policy: String,
    /// Mean sum of rewards.
    pub r_traj: f64,
    /// Mean length.
    pub len: f64,
}

/// Shares of the variance of rewards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// Explained by who rates.
    pub user: f64,
    /// Explained by what is rated.
    pub item: f64,
    /// Left for the pair: what personalisation can gain.
    pub pair: f64,
}

/// Settings word for word.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Configuration {
    /// What they configure.
    pub name: String,
    /// The text, usually TOML.
    pub text: String,
    /// The hash of what was made with them, empty if there is none.
    pub hash: String,
}
