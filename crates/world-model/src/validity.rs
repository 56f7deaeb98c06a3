//! Does the judge agree with what people chose? A panel of fixed policies is ranked by both.

mod agreement;
mod beyond;
mod panel;

use crate::engagement::{Engagement, Given, TwoPart};
use crate::{
    EngagementFamily, Factorisation, FactorisationConfig, ItemCategories, ItemContent, RatingTable, World,
    WorldError,
};
use agreement::{Table, Users};
use data::split::LogSplit;
use evaluation::{Interval, ndcg_at};
use mdp::{Interaction, ItemIdx, ItemSet, MeanModel, UserIdx, rng_for};
use panel::{Panel, Ranked};
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How far a judge agrees with the choices that no world was fitted on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validity {
    /// Users (test users where there are any) with choices that were kept.
    pub n_users: usize,
    /// The judge first, then those of its other families; the last one has no taste: it knows how
    /// popular and how well rated items are, and how well users rate.
    pub judges: Vec<Agreement>,
    /// The panel, best first by what people chose.
    pub rows: Vec<PanelRow>,
    /// Whether policies can be judged in it.
    pub is_valid: bool,
    /// What is wrong with it, by name; what speaks for it, where nothing is.
    pub reasons: Vec<String>,
}

/// One judge beside people. Intervals are percentiles over users, at 95 %; they say nothing about other splits of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Which judge.
    pub judge: String,
    /// Spearman's rank correlation, over all policies, of the mean judged reward of the first ten items and nDCG@10 on kept
    /// choices.
    pub all: Interval,
    /// The same over personal policies alone: telling uniform from popular is easy.
    pub personal: Interval,
    /// How often a kept choice is worth more than a random item that the user does not have and that as many others chose,
    /// ties half: what is known beyond popularity. 0.5 is nothing.
    pub beyond_popularity: Interval,
    /// The same less that of the judge without taste, choice by choice.
    pub over_popularity: Interval,
}

/// A policy of the panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PanelRow {
    /// Its name.
    pub policy: String,
    /// Whether its lists are a user's own.
    pub is_personal: bool,
    /// nDCG@10 on the choices that were kept.
    pub ndcg: f64,
    /// Mean judged reward of its first ten items.
    pub judged: f64,
}

const K: usize = 10;
const MOST_USERS: usize = 300;
const STREAM: u64 = 0x7661_6c75;
/// The rank correlation that a judge needs.
const LEAST_AGREEMENT: f64 = 0.5;
/// Fewer users say nothing.
const FEWEST_USERS: usize = 10;
const WITHOUT_TASTE: &str = "without taste";

impl Validity {
    /// The judge that judges.
    pub fn judge(&self) -> &Agreement {
        &self.judges[0]
    }

    /// Ranks the panel by the world's judges and by the choices that were kept.
    ///
    /// # Errors
    /// When there is too little of the log to fit the panel's policies to.
    pub(crate) fn of(world: &World, log: &LogSplit) -> Result<Self, WorldError> {
        let split = world.split();
        let asked = if split.test.is_empty() { &split.train } else { &split.test };
        let has_kept = |user: &&UserIdx| !log.kept[user.index()].is_empty();
        let mut users: Vec<UserIdx> = asked.iter().filter(has_kept).copied().collect();
        users.shuffle(&mut rng_for(world.seed(), &[STREAM]));
        users.truncate(MOST_USERS);
        users.sort_unstable();
        let panel = Panel::of(world, log, &users)?;
        let people = people(&panel, log, &users, world.n_items());
        let judges = judges(world, log)?;
        let draws = Users::draw(users.len(), world.seed());
        let beyond = beyond::Questions::of(log, &users, world.n_items(), world.seed());
        let tables: Vec<Table> = judges.iter().map(|(_, means)| judged(&panel, means, &users)).collect();
        let wins: Vec<_> = judges.iter().map(|(_, means)| beyond.wins(means.as_ref())).collect();
        let over = |wins: &[(f64, f64)], popular: &[(f64, f64)]| -> Vec<(f64, f64)> {
            wins.iter().zip(popular).map(|(ours, theirs)| (ours.0 - theirs.0, ours.1)).collect()
        };
        let of = |((name, _), (table, won)): (&NamedMeans, (&Table, &Vec<_>))| Agreement {
            judge: name.clone(),
            all: draws.agreement(table, &people, |_| true),
            personal: draws.agreement(table, &people, |policy| panel.rows[policy].is_personal),
            beyond_popularity: draws.ratio(won, 0.5),
            over_popularity: draws.ratio(&over(won, &wins[wins.len() - 1]), 0.0),
        };
        let judges: Vec<Agreement> = judges.iter().zip(tables.iter().zip(&wins)).map(of).collect();
        let mut out = Self {
            n_users: users.len(),
            rows: rows(&panel, &people, &tables[0]),
            is_valid: false,
            reasons: faults(&judges[0], users.len()),
            judges,
        };
        out.is_valid = out.reasons.is_empty();
        if out.is_valid {
            out.reasons
                .push("the judge ranks the panel as kept choices do, and knows more than popularity".into());
        }
        Ok(out)
    }
}

/// What is wrong with a judge.
fn faults(judge: &Agreement, n_users: usize) -> Vec<String> {
    let Agreement { all, beyond_popularity: beyond, over_popularity: over, .. } = judge;
    let mut out = Vec::new();
    if n_users < FEWEST_USERS {
        out.push(format!("too few: {n_users} users have choices that were kept, fewer than {FEWEST_USERS}"));
    }
    if all.mean < LEAST_AGREEMENT || all.lo <= 0.0 {
        out.push(format!(
            "disagrees: its order of policies and people's correlate by {:.2} [{:.2}, {:.2}]; at least \
             {LEAST_AGREEMENT} with an interval above 0 is needed",
            all.mean, all.lo, all.hi
        ));
    }
    if over.lo <= 0.0 {
        out.push(format!(
            "impersonal: it prefers what a user chose to what as many others chose in {:.2} of cases, {:+.2} \
             [{:+.2}, {:+.2}] beside a judge without taste",
            beyond.mean, over.mean, over.lo, over.hi
        ));
    }
    out
}

type NamedMeans = (String, Arc<dyn MeanModel>);

/// The world's judges, and one without taste.
fn judges(world: &World, log: &LogSplit) -> Result<Vec<NamedMeans>, WorldError> {
    let mut out: Vec<NamedMeans> = world
        .judge_families()
        .filter_map(|family| Some((family.name().to_owned(), world.judge_means_of(family)?)))
        .collect();
    if out.is_empty() {
        out.push(("ratings".to_owned(), world.judge_means()));
    }
    let everybody: Vec<&[Interaction]> = log.judge.iter().collect();
    let (config, seed) = (&world.config().engagement, world.seed());
    let given = Given {
        fitted: &everybody,
        rows: &log.judge,
        n_items: world.n_items(),
        asked: &[],
        base_rate: config.base_rate,
        seed,
    };
    let (popular, _) = Engagement::fit(&given, EngagementFamily::Popularity)?;
    let content = ItemCategories::of(world.catalogue(), ItemContent::Categories);
    let table = RatingTable::of(&everybody, world.n_items());
    let biases = Factorisation::fit(&table, &content, &FactorisationConfig::biases(), seed)?;
    let means = TwoPart::new(Arc::new(popular), Arc::new(biases), config.skipped);
    out.push((WITHOUT_TASTE.to_owned(), Arc::new(means)));
    Ok(out)
}

/// nDCG@10 on what was kept, `[policies][users]`.
fn people(panel: &Panel, log: &LogSplit, users: &[UserIdx], n_items: usize) -> Table {
    let one = |(list, user): (&Vec<ItemIdx>, &UserIdx)| {
        let mut relevant = ItemSet::empty(n_items);
        log.kept[user.index()].iter().for_each(|x| _ = relevant.insert(x.item));
        ndcg_at(K, list, &relevant)
    };
    panel.rows.iter().map(|ranked| ranked.lists.iter().zip(users).map(one).collect()).collect()
}

/// Mean judged reward of the first ten items, `[policies][users]`.
fn judged(panel: &Panel, means: &Arc<dyn MeanModel>, users: &[UserIdx]) -> Table {
    let one = |(list, user): (&Vec<ItemIdx>, &UserIdx)| {
        let sum: f64 = list.iter().map(|item| f64::from(means.predict(*user, *item).0)).sum();
        sum / list.len().max(1) as f64
    };
    panel.rows.iter().map(|ranked| ranked.lists.iter().zip(users).map(one).collect()).collect()
}

fn rows(panel: &Panel, people: &Table, judged: &Table) -> Vec<PanelRow> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let row = |(ranked, (ndcg, judged)): (&Ranked, (&Vec<f64>, &Vec<f64>))| PanelRow {
        policy: ranked.name.to_owned(),
        is_personal: ranked.is_personal,
        ndcg: mean(ndcg),
        judged: mean(judged),
    };
    let mut out: Vec<PanelRow> = panel.rows.iter().zip(people.iter().zip(judged)).map(row).collect();
    out.sort_by(|a, b| b.ndcg.total_cmp(&a.ndcg));
    out
}

#[cfg(test)]
mod tests;
