//! What a run found, as one JSON object.

use crate::RunEnvironmentSettings;
use demonstrations::DemosDescription;
use evaluation::{Difference, EvalRow, Evaluation};
use serde::{Deserialize, Serialize};

/// `results.json` of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResults {
    /// The run's title.
    pub title: String,
    /// The data set, its users and items, and who is judged where, in words; empty in results of older versions.
    #[serde(default)]
    pub about: String,
    /// When users leave, and the most steps of a session; nothing in results of older versions.
    #[serde(default)]
    pub environment: Option<RunEnvironmentSettings>,
    /// The stages, in order.
    pub stages: Vec<StageRecord>,
    /// The rows of the main table.
    pub results: Vec<EvalRow>,
    /// The main rule first, then the rules of comparison.
    pub rules: Vec<RuleResults>,
    /// Where the report is.
    pub report: String,
}

/// One stage of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Its name.
    pub name: String,
    /// How long it took; 0 when it was skipped.
    pub seconds: f64,
    /// Whether it was up to date.
    pub skipped: bool,
}

/// Everything under one exit rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleResults {
    /// The rule's name.
    pub exit_rule: String,
    /// The rule itself, with its threshold in the judge world.
    pub rule: environment::ExitRule,
    /// The train world's, where it has another threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_rule: Option<environment::ExitRule>,
    /// All evaluations, in the order of the table.
    pub evaluations: Vec<Evaluation>,
    /// The row that the others are compared with: the first of the run's algorithms.
    #[serde(default = "il_rec")]
    pub subject: String,
    /// Paired differences of the subject to every other row.
    pub differences: Vec<Difference>,
    /// The subject's mean return over the oracle's and over the judge-planner's.
    pub share_of_oracle: f64,
    /// See `share_of_oracle`; 0 in results of earlier versions, which had another ceiling.
    #[serde(default)]
    pub share_of_judge_planner: f64,
    /// Variants with one ingredient changed.
    pub ablations: Vec<AblationRow>,
    /// The demonstrations.
    pub demonstrations: DemosDescription,
}

/// The subject of runs of earlier versions.
fn il_rec() -> String {
    "il-rec".into()
}

/// One ablation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AblationRow {
    /// Its evaluation.
    pub evaluation: Evaluation,
    /// Paired difference of its algorithm to it.
    pub difference: Difference,
    /// Probability that a clean demonstrated step weighs more than a corrupted one, where steps were corrupted.
    pub weight_auc: Option<f64>,
}
