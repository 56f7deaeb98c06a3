//! What demonstrations are like, in numbers.

use crate::{AgentAccount, Demos, Hub, Origin};
use mdp::{ItemIdx, StepEnd};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The fields of `demos describe --json`.
#[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
pub struct DemosDescription {
    /// Who demonstrated: the expert's name, the imported files, or what was done to other demonstrations.
    pub source: String,
    /// How many sessions.
    pub episodes: usize,
    /// How many users they are of.
    pub users: usize,
    /// How many recommendations.
    pub steps: usize,
    /// How many different items.
    pub distinct_items: usize,
    /// How texts became items, counted per step of the source.
    pub grounding: GroundingCounts,
    /// Mean number of steps, the exit step included.
    pub len: f64,
    /// Mean sum of rewards in the train world, the exit step included (scoring `raw`).
    pub r_traj: f64,
    /// Mean reward per step.
    pub r_each: f64,
    /// Steps that show an item the session had shown before.
    pub repeats: usize,
    /// How sessions end: by reason, `horizon` where they were cut.
    pub exits: BTreeMap<String, usize>,
    /// Calls of a language model; unknown for imported traces.
    pub llm_calls: Option<u64>,
    /// Tokens sent.
    pub tokens_in: Option<u64>,
    /// Tokens received.
    pub tokens_out: Option<u64>,
    /// Seconds spent waiting for a language model.
    pub seconds: Option<f64>,
    /// What a language model's agents cost, each, and what of their answers was not understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<Box<AgentAccount>>,
}

/// How texts became items.
#[derive(Clone, Debug, Default, PartialEq, Serialize, serde::Deserialize)]
pub struct GroundingCounts {
    /// The same bytes as a title.
    pub exact: u64,
    /// The same after normalisation.
    pub normalised: u64,
    /// A small edit away.
    pub fuzzy: u64,
    /// By embedding: the nearest text vector.
    pub embedding: u64,
    /// No item.
    pub rejected: u64,
    /// Replaced by the source's own environment before.
    pub replaced_by_source: u64,
    /// Share of the most requested item.
    pub top_item_share: f32,
    /// Mean distance of the fuzzy and embedding matches.
    #[serde(default)]
    pub mean_distance: f32,
    /// Items on which several different texts met, most texts first.
    #[serde(default)]
    pub hubs: Vec<Hub>,
    /// The most frequent rejected texts, with how often they were said.
    #[serde(default)]
    pub rejected_texts: Vec<(String, u64)>,
}

/// Describes demonstrations.
pub fn describe(demos: &Demos) -> DemosDescription {
    let all = &demos.demonstrations;
    let steps: usize = all.iter().map(|d| d.steps.len()).sum();
    let total: f64 = all.iter().map(|d| f64::from(d.return_raw())).sum();
    let per = |value: f64, count: usize| if count == 0 { 0.0 } else { value / count as f64 };
    let mut exits: BTreeMap<String, usize> = BTreeMap::new();
    for last in all.iter().filter_map(|d| d.steps.last()) {
        *exits.entry(end_word(last.step.end)).or_default() += 1;
    }
    let items: BTreeSet<ItemIdx> = all.iter().flat_map(|d| &d.steps).map(|s| s.step.item).collect();
    let cost = demos.origin.cost();
    DemosDescription {
        source: source(&demos.origin),
        episodes: all.len(),
        users: all.iter().map(|d| d.user).collect::<BTreeSet<_>>().len(),
        steps,
        distinct_items: items.len(),
        grounding: counts(&demos.origin),
        len: per(steps as f64, all.len()),
        r_traj: per(total, all.len()),
        r_each: per(total, steps),
        repeats: all.iter().map(|d| d.steps.len() - d.distinct_items()).sum(),
        exits,
        llm_calls: cost.map(|c| c.llm_calls),
        tokens_in: cost.map(|c| c.tokens_in),
        tokens_out: cost.map(|c| c.tokens_out),
        seconds: cost.map(|c| c.seconds),
        agents: account(&demos.origin),
    }
}

fn account(origin: &Origin) -> Option<Box<AgentAccount>> {
    match origin {
        Origin::Collected { report, .. } => report.agents.clone(),
        Origin::Imported { .. } | Origin::Derived { .. } => None,
    }
}

fn source(origin: &Origin) -> String {
    match origin {
        Origin::Imported { report } => report.files.join(", "),
        Origin::Collected { expert, .. } => expert.clone(),
        Origin::Derived { change } => change.clone(),
    }
}

fn counts(origin: &Origin) -> GroundingCounts {
    let Some(report) = origin.grounding() else { return GroundingCounts::default() };
    GroundingCounts {
        exact: report.exact,
        normalised: report.normalised,
        fuzzy: report.fuzzy,
        embedding: report.embedding,
        rejected: report.rejected,
        replaced_by_source: report.replaced_by_source,
        top_item_share: report.top_item_share,
        mean_distance: report.mean_distance,
        hubs: report.hubs.clone(),
        rejected_texts: report.rejected_texts.clone(),
    }
}

/// The word for a step's end, as in exit accounts.
pub(crate) fn end_word(end: StepEnd) -> String {
    match end {
        StepEnd::Continues => "continues".to_owned(),
        StepEnd::Truncated => "horizon".to_owned(),
        StepEnd::Terminated(reason) => match serde_json::to_value(reason) {
            Ok(serde_json::Value::String(word)) => word,
            _ => format!("{reason:?}"),
        },
    }
}
