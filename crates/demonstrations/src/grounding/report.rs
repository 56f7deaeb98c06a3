//! Counts over everything that was grounded.

use super::Grounded;
use crate::GroundingStatus;
use mdp::ItemIdx;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many hubs, and how many rejected texts, a report names.
const N_NAMED: usize = 20;

/// What became of the texts of a source, counted per step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroundingReport {
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
    /// Of the grounded: several items answered equally well.
    pub ambiguous: u64,
    /// Of the grounded: the source's own environment had replaced the request before.
    pub replaced_by_source: u64,
    /// Mean distance of the fuzzy and embedding matches.
    pub mean_distance: f32,
    /// Distinct items that were asked for.
    pub distinct_items: u64,
    /// Distinct texts.
    pub distinct_texts: u64,
    /// Share of the grounded steps that went to the most requested item.
    pub top_item_share: f32,
    /// Items on which many distinct texts met, most first.
    pub hubs: Vec<Hub>,
    /// The most frequent rejected texts.
    pub rejected_texts: Vec<(String, u64)>,
}

/// An item that several distinct texts were grounded to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hub {
    /// The item's title.
    pub title: String,
    /// How many steps it took.
    pub steps: u64,
    /// How many distinct texts.
    pub distinct_texts: u64,
}

/// Gathers a [`GroundingReport`].
#[derive(Debug, Default)]
pub struct GroundingTally {
    report: GroundingReport,
    distances: f64,
    items: BTreeMap<ItemIdx, (u64, BTreeSet<String>)>,
    texts: BTreeSet<String>,
    rejected: BTreeMap<String, u64>,
}

impl GroundingTally {
    /// Counts one step: the text the expert wrote and what it became.
    pub fn add(&mut self, text: &str, grounded: &Grounded, is_replaced: bool) {
        let report = &mut self.report;
        match grounded.grounding.status {
            GroundingStatus::Exact => report.exact += 1,
            GroundingStatus::Normalised => report.normalised += 1,
            GroundingStatus::Fuzzy => report.fuzzy += 1,
            GroundingStatus::Embedding => report.embedding += 1,
            GroundingStatus::Rejected => report.rejected += 1,
        }
        self.texts.insert(text.to_owned());
        let Some(item) = grounded.item else {
            *self.rejected.entry(text.to_owned()).or_default() += 1;
            return;
        };
        report.ambiguous += u64::from(grounded.is_ambiguous);
        report.replaced_by_source += u64::from(is_replaced);
        self.distances += f64::from(grounded.grounding.distance);
        let entry = self.items.entry(item).or_default();
        entry.0 += 1;
        entry.1.insert(text.to_owned());
    }

    /// The report; `title_of` names the items.
    pub fn finish(self, title_of: impl Fn(ItemIdx) -> String) -> GroundingReport {
        let mut report = self.report;
        let n_inexact = report.fuzzy + report.embedding;
        let n_grounded = report.exact + report.normalised + n_inexact;
        report.mean_distance = if n_inexact == 0 { 0.0 } else { (self.distances / n_inexact as f64) as f32 };
        report.distinct_items = self.items.len() as u64;
        report.distinct_texts = self.texts.len() as u64;
        let most = self.items.values().map(|(steps, _)| *steps).max().unwrap_or(0);
        report.top_item_share = if n_grounded == 0 { 0.0 } else { most as f32 / n_grounded as f32 };
        let mut hubs: Vec<Hub> = self
            .items
            .iter()
            .filter(|(_, (_, texts))| texts.len() > 1)
            .map(|(&item, (steps, texts))| Hub {
                title: title_of(item),
                steps: *steps,
                distinct_texts: texts.len() as u64,
            })
            .collect();
        hubs.sort_by(|a, b| b.distinct_texts.cmp(&a.distinct_texts).then(b.steps.cmp(&a.steps)));
        hubs.truncate(N_NAMED);
        report.hubs = hubs;
        let mut rejected: Vec<(String, u64)> = self.rejected.into_iter().collect();
        rejected.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        rejected.truncate(N_NAMED);
        report.rejected_texts = rejected;
        report
    }
}
