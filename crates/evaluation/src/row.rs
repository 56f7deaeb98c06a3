//! One row of a results table, as scripts read it.

use crate::metrics::NamedValues;
use crate::{CONFIDENCE, Exits, Interval, Scoring};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the intervals of a row were made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntervalMethod {
    /// The method in words.
    pub method: String,
    /// What they are over.
    pub over: Vec<String>,
    /// The share of such intervals that hold what they are of.
    pub level: f64,
    /// How many resamples, in results of older versions, whose intervals are bootstrapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resamples: Option<usize>,
}

impl IntervalMethod {
    /// That of so many training seeds.
    pub(crate) fn of(n_training_seeds: usize) -> Self {
        let over: &[&str] = if n_training_seeds > 1 { &["training seeds", "users"] } else { &["users"] };
        Self {
            method: "Student's t".to_owned(),
            over: over.iter().map(|&what| what.to_owned()).collect(),
            level: CONFIDENCE,
            resamples: None,
        }
    }
}

/// The ranking metrics with their intervals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankingIntervals {
    /// Users that have a held-out item they liked.
    pub users: usize,
    /// Normalised discounted cumulative gain of the first ten.
    #[serde(rename = "ndcg@10")]
    pub ndcg: Interval,
    /// Share of users with a liked item among the first ten.
    #[serde(rename = "hit@10")]
    pub hit: Interval,
}

/// How far the world that judged agrees with what people chose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgeValidity {
    /// Rank correlation, over a panel of fixed policies, of the judged reward of their first ten items and nDCG@10 on choices that
    /// no world was fitted on.
    pub agreement: Interval,
    /// How much more often than a judge without taste it prefers a choice to what as many others chose, as a share of choices.
    pub over_popularity: Interval,
    /// Whether policies can be judged in it.
    pub is_valid: bool,
}

/// What a judge of another family makes of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherJudge {
    /// The family.
    pub judge: String,
    /// Mean over users of the sum of rewards of a session.
    pub r_traj: f64,
}

/// What was learned from before there were protocols.
fn warm() -> String {
    "warm".to_owned()
}

/// One policy in one world under one exit rule and one scoring.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvalRow {
    /// The policy's name.
    pub policy: String,
    /// The world that answered, e.g. `judge`.
    pub world: String,
    /// How rewards were counted.
    pub scoring: Scoring,
    /// The exit rule, by name.
    pub exit_rule: String,
    /// Whether the policy knew what no deployed policy knows (the rule, or the truth).
    #[serde(default)]
    pub privileged: bool,
    /// How many users.
    pub users: usize,
    /// How many evaluation seeds, for each training seed.
    pub eval_seeds: usize,
    /// The training seeds; empty for what is not trained.
    #[serde(default)]
    pub training_seeds: Vec<u64>,
    /// Mean over users of the sum of rewards of a session.
    pub r_traj: Interval,
    /// Sum of all rewards over number of all steps.
    pub r_each: Interval,
    /// Mean over users of the number of steps, the exit step included.
    pub len: Interval,
    /// How sessions ended, counted over all seeds.
    pub exits: Exits<usize>,
    /// Distinct items shown in one evaluation, averaged over seeds.
    pub distinct_items: f64,
    /// `distinct_items` as a share of the catalogue.
    pub coverage: f64,
    /// Share of later steps that show an item again.
    pub repeat_rate: f64,
    /// Gini coefficient of exposure over the catalogue.
    pub gini: f64,
    /// Normalised discounted cumulative gain against held-out real interactions; none without such data.
    #[serde(rename = "ndcg@10")]
    pub ndcg_at_10: Option<f64>,
    /// Share of users with a hit among the first ten; none without such data.
    #[serde(rename = "hit@10")]
    pub hit_at_10: Option<f64>,
    /// The ranking metrics with intervals.
    #[serde(default)]
    pub ranking: Option<RankingIntervals>,
    /// Every metric of the registry of the same lists, by name; empty without held-out data, and in results of older versions.
    #[serde(default, skip_serializing_if = "NamedValues::is_empty")]
    pub metrics: NamedValues,
    /// The same by how popular the items are and how active the users, see [`ListValues`](crate::metrics::ListValues).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub strata: BTreeMap<String, NamedValues>,
    /// How the intervals were made.
    pub interval: IntervalMethod,
    /// The same of cold items alone, where the protocol has some: only they are candidates, and only they count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold: Option<RankingIntervals>,
    /// What of the log could be learned from.
    #[serde(default = "warm")]
    pub protocol: String,
    /// How far the judge agrees with people; nothing where no part of the log was kept to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<JudgeValidity>,
    /// What judges of other families make of it; nothing for privileged policies, which know this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_judges: Vec<OtherJudge>,
}

impl EvalRow {
    /// The value of a metric of lists of ten, by its name; results of older versions have two.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let older = || match name {
            "ndcg@10" => self.ndcg_at_10,
            "hit@10" => self.hit_at_10,
            _ => None,
        };
        self.metrics.get(name).copied().or_else(older)
    }
}
