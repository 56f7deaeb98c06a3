//! Recommenders that know choices alone: a sparse matrix of items beside items, chosen on what validation users took up.

use crate::choices::{Parted, best, held_out_ndcg, noted, set_note};
use crate::tensors::{joined, split, take};
use artefact::Tensors;
use catalogue::Catalogue;
use collaborative::{Choices, CollaborativeError, ItemItem};
use learning::{
    Algorithm, Demonstrations, Hooks, Inputs, Keeps, LearningError, Metrics, Needs, Plan, Progress, Round,
    Run, Schedule, Stateful, Terms, TrainedPolicy, Unserved, User,
};
use mdp::{
    Choice, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs, UserIdx, rng_for,
};
use rand::seq::SliceRandom as _;
use ranking::Ranker;
use serde::Serialize;
use std::sync::Arc;

/// The word in a policy's directory.
pub(crate) const NETWORK: &str = "item-item";
/// They learn from the log alone.
pub(crate) const NEEDS: Needs =
    Needs { schedule: Schedule::Offline, demonstrations: Demonstrations::Ignored, asks: Hooks::NONE };
/// The share of a validation user's history, drawn at random, that says which fit is best. Its end would do where the log
/// has times; where it has none, rows often stand in order of items.
const HELD_OUT: f64 = 0.2;
/// Its random stream.
const HELD_OUT_STREAM: u64 = 1;
/// Validation users in the train world, where nothing is decided.
const N_VALIDATION_USERS: usize = 60;
/// Weights beyond this are of no fit: a session of them would not be finite.
const LARGEST_WEIGHT: f32 = 1e6;
/// What popularity adds to a score at most: it decides where nothing else is known.
const LARGEST_PRIOR: f32 = 1e-6;

/// A fit that is tried.
pub(crate) type Fit = Box<dyn Fn(&Choices) -> Result<ItemItem, CollaborativeError> + Send + Sync>;

/// A run that keeps a model which was fitted to demonstrations, too.
pub(crate) fn run_of_evidence<'a>(
    name: &'static str,
    inputs: &'a Inputs<'a>,
    model: ItemItem,
    taken_up_from: f32,
    seed: u64,
) -> Result<Run<'a>, LearningError> {
    let fit: Fit = Box::new(move |_| Ok(model.clone()));
    let mut search = search(inputs, vec![fit], taken_up_from, seed)?;
    search.needs.demonstrations = Demonstrations::Welcome;
    Ok(Run { name, algorithm: Box::new(search), terms: Terms::default() })
}

/// A run over fits, one a round; the one that finds most of what is held out of validation users' histories is kept.
pub(crate) fn run<'a>(
    name: &'static str,
    inputs: &'a Inputs<'a>,
    fits: Vec<Fit>,
    taken_up_from: f32,
    seed: u64,
) -> Result<Run<'a>, LearningError> {
    let search = search(inputs, fits, taken_up_from, seed)?;
    Ok(Run { name, algorithm: Box::new(search), terms: Terms::default() })
}

fn search(
    inputs: &Inputs<'_>,
    fits: Vec<Fit>,
    taken_up_from: f32,
    seed: u64,
) -> Result<Search, LearningError> {
    inputs.check()?;
    let users = inputs.train.iter().map(|(_, history)| history.iter().map(|x| x.item));
    let choices = Choices::new(users, inputs.catalogue.len());
    let held_out = HeldOut::of(inputs, seed);
    Ok(Search { needs: NEEDS, fits, taken_up_from, choices, held_out, best: None })
}

struct Search {
    needs: Needs,
    fits: Vec<Fit>,
    taken_up_from: f32,
    choices: Choices,
    held_out: HeldOut,
    best: Option<Best>,
}

struct Best {
    policy: ItemItemPolicy,
    /// nDCG@10 of what is held out of validation users' histories.
    ndcg: f32,
}

/// What is held out of validation users' histories.
pub(crate) struct HeldOut(Vec<Parted>);

impl HeldOut {
    /// A fifth of every history, drawn at random by the seed.
    pub(crate) fn of(inputs: &Inputs<'_>, seed: u64) -> Self {
        Self(inputs.validation.iter().map(|user| parted(user, seed)).collect())
    }

    /// The same, drawn `n` times.
    pub(crate) fn drawn(inputs: &Inputs<'_>, n: u64, seed: u64) -> Self {
        let users = inputs.validation.iter();
        Self(users.flat_map(|user| (0..n).map(move |at| parted(user, seed.wrapping_add(at)))).collect())
    }

    /// Users with what is given of them and what is to be found.
    #[cfg(test)]
    pub(crate) fn of_parts(users: Vec<Parted>) -> Self {
        Self(users)
    }

    /// How well a model finds it, given the rest (mean nDCG@10); `counts` says how popular items are, `[items]`.
    fn ndcg(&self, model: &Arc<ItemItem>, counts: &[f32]) -> f64 {
        let ndcg = self.ndcg_of_each(model, counts);
        ndcg.iter().map(|(_, ndcg)| ndcg).sum::<f64>() / ndcg.len().max(1) as f64
    }

    /// The same of each user, the mean over what was drawn; users of whom nothing was are left out.
    pub(crate) fn ndcg_of_users(&self, model: &Arc<ItemItem>, counts: &[f32]) -> Vec<f64> {
        let ndcg = self.ndcg_of_each(model, counts);
        let of_user =
            |all: &[(UserIdx, f64)]| all.iter().map(|(_, ndcg)| ndcg).sum::<f64>() / all.len() as f64;
        ndcg.chunk_by(|a, b| a.0 == b.0).map(of_user).collect()
    }

    fn ndcg_of_each(&self, model: &Arc<ItemItem>, counts: &[f32]) -> Vec<(UserIdx, f64)> {
        let policy = ItemItemPolicy::new(Arc::clone(model), counts, f32::INFINITY);
        held_out_ndcg(&policy, &self.0, model.n_items())
    }

    /// What a ranking by chance would find in a catalogue of `n_items`, about.
    pub(crate) fn chance(&self, n_items: usize) -> f64 {
        let of = |(_, given, held_out): &Parted| {
            crate::choices::ndcg_by_chance(held_out.len(), n_items.saturating_sub(given.len()))
        };
        let found: Vec<f64> = self.0.iter().filter(|(_, _, held_out)| !held_out.is_empty()).map(of).collect();
        found.iter().sum::<f64>() / found.len().max(1) as f64
    }
}

/// A user with what is given of the history and the items that are held out.
fn parted(&(user, history): &User<'_>, seed: u64) -> Parted {
    let mut given = history.to_vec();
    given.shuffle(&mut rng_for(seed, &[HELD_OUT_STREAM, u64::from(user.0)]));
    let held_out = given.split_off(history.len() - (HELD_OUT * history.len() as f64) as usize);
    (user, given, held_out.iter().map(|x| x.item).collect())
}

impl Algorithm for Search {
    fn needs(&self) -> Needs {
        self.needs
    }

    fn plan(&self) -> Plan {
        Plan { keeps: Keeps::Last, n_validation_users: N_VALIDATION_USERS }
    }

    fn share_done(&self, progress: &Progress) -> f64 {
        progress.n_rounds as f64 / self.fits.len().max(1) as f64
    }

    fn is_validated(&self, _: &Progress) -> bool {
        true
    }

    fn round(&mut self, round: &mut Round<'_>) -> Result<Metrics, LearningError> {
        let fit = &self.fits[(round.progress.n_rounds as usize).min(self.fits.len() - 1)];
        let model = fit(&self.choices).map_err(|error| LearningError::CannotFit(error.to_string()))?;
        let model = Arc::new(model);
        let counts: Vec<f32> = self.choices.counts().iter().map(|count| *count as f32).collect();
        let ndcg = self.held_out.ndcg(&model, &counts) as f32;
        if self.best.as_ref().is_none_or(|best| ndcg > best.ndcg) {
            let policy = ItemItemPolicy::new(model, &counts, self.taken_up_from);
            self.best = Some(Best { policy, ndcg });
        }
        let mut metrics = Metrics::default();
        metrics.put("ndcg_at_10/held_out", ndcg);
        Ok(metrics)
    }

    fn parameters(&mut self) -> Tensors {
        self.best.as_ref().map_or_else(Tensors::default, |best| best.policy.tensors())
    }

    fn policy(&self, parameters: Tensors) -> Result<Box<dyn TrainedPolicy>, LearningError> {
        Ok(Box::new(ItemItemPolicy::read(parameters, self.choices.n_items(), self.taken_up_from)?))
    }
}

impl Stateful for Search {
    fn save(&self) -> Tensors {
        let Some(best) = &self.best else { return Tensors::default() };
        let mut out = best.policy.tensors();
        out.insert("best.ndcg", &[1], vec![best.ndcg]);
        out
    }

    fn restore(&mut self, mut from: Tensors) -> Result<(), LearningError> {
        let ndcg = take(&mut from, "best.ndcg", &[1])?[0];
        let policy = ItemItemPolicy::read(from, self.choices.n_items(), self.taken_up_from)?;
        self.best = Some(Best { policy, ndcg });
        Ok(())
    }
}

/// Puts a model of items beside items into a policy's tensors.
pub(crate) fn put_model(out: &mut Tensors, model: &ItemItem) {
    let (ends, targets, weights) = model.parts();
    // Whole numbers as two numbers that an f32 holds exactly.
    out.insert("item_item.ends", &[ends.len(), 2], ends.iter().flat_map(|n| split(*n as u64)).collect());
    let targets_of = targets.iter().flat_map(|n| split(u64::from(*n))).collect();
    out.insert("item_item.targets", &[targets.len(), 2], targets_of);
    out.insert("item_item.weights", &[weights.len()], weights.to_vec());
}

/// Takes it back out.
///
/// # Errors
/// When a tensor is missing or damaged.
pub(crate) fn take_model(from: &mut Tensors, n_items: usize) -> Result<ItemItem, LearningError> {
    let n_weights = from.get("item_item.weights").map_or(0, |(_, weights)| weights.len());
    let ends = take(from, "item_item.ends", &[n_items, 2])?;
    let ends = ends.chunks_exact(2).map(|pair| joined(pair) as usize).collect();
    let targets = take(from, "item_item.targets", &[n_weights, 2])?;
    // A number beyond a u32 is one of no item, and refused with the others of its kind.
    let target = |pair: &[f32]| u32::try_from(joined(pair)).unwrap_or(u32::MAX);
    let targets = targets.chunks_exact(2).map(target).collect();
    let weights = take(from, "item_item.weights", &[n_weights])?;
    sound(&weights)?;
    let mismatch = |why: &str| LearningError::Mismatch { what: "policy", why: why.to_owned() };
    ItemItem::from_parts(ends, targets, weights).map_err(mismatch)
}

/// Refuses numbers that no fit gives.
///
/// # Errors
/// When there is one.
pub(crate) fn sound(numbers: &[f32]) -> Result<(), LearningError> {
    if numbers.iter().all(|x| x.abs() <= LARGEST_WEIGHT) {
        return Ok(());
    }
    Err(LearningError::Mismatch { what: "policy", why: "a weight that no fit gives".to_owned() })
}

/// Recommends what most speaks for, of what was chosen so far: in the log, and in the session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ItemItemPolicy {
    model: Arc<ItemItem>,
    /// What popularity adds, `[items]`.
    prior: Vec<f32>,
    /// A shown item that earned at least this was taken up.
    taken_up_from: f32,
}

impl ItemItemPolicy {
    /// Of a model and of how many users chose each item, `[items]`.
    fn new(model: Arc<ItemItem>, counts: &[f32], taken_up_from: f32) -> Self {
        let most = counts.iter().copied().fold(1.0, f32::max);
        let prior = counts.iter().map(|count| LARGEST_PRIOR * count / most).collect();
        Self { model, prior, taken_up_from }
    }

    fn tensors(&self) -> Tensors {
        let mut out = Tensors::default();
        put_model(&mut out, &self.model);
        out.insert("prior", &[self.prior.len()], self.prior.clone());
        out
    }

    fn read(mut from: Tensors, n_items: usize, taken_up_from: f32) -> Result<Self, LearningError> {
        let model = Arc::new(take_model(&mut from, n_items)?);
        let prior = take(&mut from, "prior", &[n_items])?;
        sound(&prior)?;
        Ok(Self { model, prior, taken_up_from })
    }

    /// Reads what [`TrainedPolicy::to_tensors`] wrote.
    ///
    /// # Errors
    /// When a tensor is missing or damaged, or the catalogue is another one.
    pub(crate) fn open(
        from: Tensors,
        catalogue: &Catalogue,
    ) -> Result<Box<dyn TrainedPolicy>, LearningError> {
        let taken_up_from = noted(&from, catalogue)?;
        Ok(Box::new(Self::read(from, catalogue.len(), taken_up_from)?))
    }
}

impl TrainedPolicy for ItemItemPolicy {
    fn to_tensors(&self, catalogue: &Catalogue) -> Tensors {
        let mut out = self.tensors();
        set_note(&mut out, catalogue, self.taken_up_from);
        out
    }

    fn ranker(&self) -> Result<&Ranker, Unserved> {
        Err(Unserved(
            "a model of items beside items cannot be served yet: the server runs the forward pass of il-rec alone",
        ))
    }
}

impl Policy for ItemItemPolicy {
    fn name(&self) -> String {
        NETWORK.to_owned()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        let mut scores = self.prior.clone();
        context.history.iter().for_each(|x| self.model.add(x.item, 1.0, &mut scores));
        Box::new(Session { policy: self, scores })
    }
}

struct Session<'a> {
    policy: &'a ItemItemPolicy,
    scores: Vec<f32>,
}

impl PolicySession for Session<'_> {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        out.fill(f32::NEG_INFINITY);
        out[best(&self.scores, shown).index()] = 0.0;
        Ok(())
    }

    fn choose(&mut self, shown: &ItemSet, _: &mut Rng) -> Choice {
        Choice { item: best(&self.scores, shown), log_prob_behavior: 0.0 }
    }

    fn observe(&mut self, item: ItemIdx, reward: f32) {
        if reward >= self.policy.taken_up_from {
            self.policy.model.add(item, 1.0, &mut self.scores);
        }
    }
}

/// Refuses lists of settings without any, and values out of their range.
///
/// # Errors
/// Which one it is.
pub(crate) fn check(
    algorithm: &'static str,
    lists: &[(&'static str, &[f64], f64, f64)],
) -> Result<(), LearningError> {
    for &(key, values, low, high) in lists {
        if values.is_empty() {
            return Err(LearningError::Settings { algorithm, why: format!("{key} lists nothing to try") });
        }
        let ranges: Vec<_> = values.iter().map(|value| (key, *value, low, high)).collect();
        crate::registry::within(&ranges)?;
    }
    Ok(())
}

/// Settings as plain data; all of these are.
pub(crate) fn value(settings: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(settings).expect("settings are plain data")
}

#[cfg(test)]
mod tests;
