//! Demonstrations as evidence of who would choose what: every demonstrated record is a row of choices beside those of the log.
//!
//! Source: ours. The rows are those of weighted pseudo-users; how much one counts is asked of what is held out of validation
//! users' histories, who can refuse what does clear harm. Noise that does little stays.

use crate::item_item::HeldOut;
use collaborative::{Choices, CollaborativeError, EaseConfig, ItemItem, ease};
use learning::{Inputs, LearningError};
use mdp::{Interaction, ItemIdx, ItemSet, UserIdx};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The choices of the log, and those that demonstrations show.
pub(crate) struct Evidence {
    log: Vec<Vec<ItemIdx>>,
    demonstrated: Vec<Vec<ItemIdx>>,
    n_items: usize,
}

/// Who chooses what, with how much a demonstrated row counted.
pub(crate) struct Known {
    /// What having chosen one item says about others.
    pub(crate) items: ItemItem,
    /// How many users chose each item of the log, and would have chosen the others, `[items]`.
    pub(crate) counts: Vec<f32>,
    /// How many users a demonstrated row counted.
    pub(crate) weight: f64,
}

/// A fit to the log and demonstrated rows, with what it finds of every validation user.
struct Tried {
    weight: f64,
    l2: f64,
    items: Arc<ItemItem>,
    ndcg: Vec<f64>,
}

impl Tried {
    fn or_clearly_better(self, other: Self) -> Self {
        if is_clearly_more(&other.ndcg, &self.ndcg) { other } else { self }
    }
}

impl Evidence {
    /// Of what a learner is given; without demonstrations where they are not to count.
    pub(crate) fn of(inputs: &Inputs<'_>, with_demonstrations: bool) -> Self {
        let items = |history: &[Interaction]| history.iter().map(|row| row.item).collect();
        let mut records: BTreeMap<(UserIdx, &str), Vec<ItemIdx>> = BTreeMap::new();
        for (_, demo) in inputs.usable().filter(|_| with_demonstrations) {
            let shown = demo.session.steps.iter().map(|step| step.item);
            records.entry((demo.session.user, record_of(&demo.id))).or_default().extend(shown);
        }
        Self {
            log: inputs.train.iter().map(|(_, history)| items(history)).collect(),
            demonstrated: records.into_values().collect(),
            n_items: inputs.catalogue.len(),
        }
    }

    /// The items that nobody chose in the log.
    pub(crate) fn unlogged(&self) -> ItemSet {
        let (mut logged, mut out) = (ItemSet::empty(self.n_items), ItemSet::empty(self.n_items));
        self.log.iter().flatten().for_each(|item| _ = logged.insert(*item));
        let items = (0..self.n_items as u32).map(ItemIdx);
        items.filter(|item| !logged.contains(*item)).for_each(|item| _ = out.insert(item));
        out
    }

    /// The first weight and the first penalty, unless another finds clearly more of what is held out of validation users' histories:
    /// weights first, then penalties. Without demonstrated rows they count nothing.
    ///
    /// # Errors
    /// When there are no choices, or a penalty is too small.
    pub(crate) fn search(
        &self,
        weights: &[f64],
        penalties: &[f64],
        config: &EaseConfig,
        held_out: &HeldOut,
    ) -> Result<Known, LearningError> {
        let weights = if self.demonstrated.is_empty() { &[0.0] } else { weights };
        let fit = |weight: f64, l2: f64| {
            let items =
                Arc::new(cannot_fit(self.log_and_demonstrated(weight, &EaseConfig { l2, ..*config }))?);
            let ndcg = held_out.ndcg_of_users(&items, &self.counts());
            Ok::<_, LearningError>(Tried { weight, l2, items, ndcg })
        };
        let mut best = fit(weights[0], penalties[0])?;
        for &weight in &weights[1..] {
            let other = fit(weight, best.l2)?;
            best = best.or_clearly_better(other);
        }
        for &l2 in &penalties[1..] {
            let other = fit(best.weight, l2)?;
            best = best.or_clearly_better(other);
        }
        self.known(
            Arc::unwrap_or_clone(best.items),
            best.weight,
            &EaseConfig { l2: best.l2, ..*config },
            held_out,
        )
    }

    /// How many users of the log chose each item, `[items]`.
    fn counts(&self) -> Vec<f32> {
        let mut out = vec![0.0; self.n_items];
        self.log.iter().flatten().for_each(|item| out[item.index()] += 1.0);
        out
    }

    /// EASE on the log and on demonstrated rows that count `weight` users each.
    fn log_and_demonstrated(&self, weight: f64, config: &EaseConfig) -> Result<ItemItem, CollaborativeError> {
        let counted = if weight > 0.0 { &self.demonstrated[..] } else { &[] };
        let rows =
            self.log.iter().map(|items| (1.0, items)).chain(counted.iter().map(|items| (weight, items)));
        let rows = rows.map(|(weight, items)| (weight, items.iter().copied()));
        ease(&Choices::weighted(rows, self.n_items), config)
    }

    /// That nobody in the log chose an item that nobody could choose says nothing: such items are known by demonstrated rows
    /// alone, where those alone find several times what chance would. They are as popular as logged items are that are
    /// demonstrated as often (a line between the logarithms, by least squares), and none more so than the most popular one.
    fn known(
        &self,
        items: ItemItem,
        weight: f64,
        config: &EaseConfig,
        held_out: &HeldOut,
    ) -> Result<Known, LearningError> {
        let mut counts = self.counts();
        let unlogged = self.unlogged();
        if !self.demonstrated.iter().flatten().any(|item| unlogged.contains(*item)) {
            return Ok(Known { items, counts, weight });
        }
        let rows = self.demonstrated.iter().map(|items| items.iter().copied());
        let shown = Choices::new(rows, self.n_items);
        let of_shown = Arc::new(cannot_fit(ease(&shown, config))?);
        let found = held_out.ndcg_of_users(&of_shown, &vec![0.0; self.n_items]);
        let chance = held_out.chance(self.n_items);
        if found.is_empty() || mean(&found) < (TIMES_CHANCE * chance).min(f64::midpoint(1.0, chance)) {
            return Ok(Known { items, counts, weight });
        }
        let items = items.with_columns_of(&of_shown, |item| unlogged.contains(item));
        let logarithms = |item: usize| (shown.users_of(item).len() as f64, f64::from(counts[item]));
        let pairs = (0..self.n_items).map(logarithms).filter(|(shown, logged)| *shown > 0.0 && *logged > 0.0);
        let pairs: Vec<(f64, f64)> = pairs.map(|(shown, logged)| (shown.ln_1p(), logged.ln_1p())).collect();
        let (line, most) = (line(&pairs), counts.iter().copied().fold(0.0, f32::max));
        for item in unlogged.iter().filter(|item| !shown.users_of(item.index()).is_empty()) {
            let count = line((shown.users_of(item.index()).len() as f64).ln_1p()).exp_m1();
            counts[item.index()] = (count as f32).clamp(0.0, most);
        }
        Ok(Known { items, counts, weight })
    }
}

/// How often parts of validation users' histories are held out, for how much demonstrations count.
pub(crate) const N_DRAWS: u64 = 5;

/// What demonstrated rows alone have to find to be believed of items that nobody chose, in times of what chance finds (in a small
/// catalogue: half of what chance leaves).
const TIMES_CHANCE: f64 = 3.0;

fn cannot_fit<T>(fit: Result<T, CollaborativeError>) -> Result<T, LearningError> {
    fit.map_err(|error| LearningError::CannotFit(error.to_string()))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Users who can decide anything.
const FEWEST: usize = 10;

/// Whether `values` are more than `others`, pair by pair, by more than two standard errors of their mean difference; fewer than
/// [`FEWEST`] never are.
fn is_clearly_more(values: &[f64], others: &[f64]) -> bool {
    let differences: Vec<f64> = values.iter().zip(others).map(|(a, b)| a - b).collect();
    let (mean, n) = (mean(&differences), differences.len() as f64);
    let squares: f64 = differences.iter().map(|x| (x - mean) * (x - mean)).sum();
    values.len() >= FEWEST && mean > 0.0 && mean > 2.0 * (squares / (n - 1.0) / n).sqrt()
}

/// The line of least squares through pairs; the mean where there is no other.
fn line(pairs: &[(f64, f64)]) -> impl Fn(f64) -> f64 {
    let n = pairs.len().max(1) as f64;
    let mean_x = pairs.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = pairs.iter().map(|(_, y)| y).sum::<f64>() / n;
    let spread: f64 = pairs.iter().map(|(x, _)| (x - mean_x) * (x - mean_x)).sum();
    let together: f64 = pairs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let slope = if spread > 0.0 { together / spread } else { 0.0 };
    move |x| mean_y + slope * (x - mean_x)
}

/// The record of a source that a demonstration is a session of: without the number of the session.
fn record_of(id: &str) -> &str {
    match id.rsplit_once('#') {
        Some((record, number)) if number.parse::<u64>().is_ok() => record,
        _ => id,
    }
}

#[cfg(test)]
mod tests;
