//! One step of lookahead: what is earned now against what leaving would lose.

use super::NETWORK;
use super::knowledge::Knowledge;
use super::model::Model;
use crate::choices::{best, noted, set_note};
use crate::tensors::take;
use artefact::Tensors;
use catalogue::Catalogue;
use learning::{LearningError, TrainedPolicy, Unserved};
use mdp::{Choice, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs};
use rand::RngExt as _;
use ranking::Ranker;
use std::sync::Arc;

/// Shows the item of the highest
///
/// ```text
/// reward(i) - low_cost P(low i) - staying P(leave i)
/// ```
///
/// where `staying` is what the rest of a session is worth, and `low_cost` what a low reward takes away from it.
#[derive(Clone, Debug)]
pub(super) struct Lookahead {
    pub(super) known: Arc<Knowledge>,
    pub(super) model: Model,
    pub(super) staying: f32,
    pub(super) low_cost: f32,
}

impl Lookahead {
    pub(super) fn tensors(&self) -> Tensors {
        let mut out = Tensors::default();
        self.known.put(&mut out);
        self.put_learned(&mut out);
        out
    }

    /// What was learned from sessions.
    pub(super) fn put_learned(&self, out: &mut Tensors) {
        self.model.put(out);
        out.insert("worth", &[2], vec![self.staying, self.low_cost]);
    }

    pub(super) fn read(mut from: Tensors, catalogue: &Catalogue) -> Result<Self, LearningError> {
        let known = Arc::new(Knowledge::take(&mut from, catalogue)?);
        Self::of_model(&mut from, known)
    }

    /// What was learned, over what is known already.
    pub(super) fn of_model(from: &mut Tensors, known: Arc<Knowledge>) -> Result<Self, LearningError> {
        let model = Model::take(from, known.n_categories())?;
        let worth = take(from, "worth", &[2])?;
        crate::item_item::sound(&worth)?;
        Ok(Self { known, model, staying: worth[0], low_cost: worth[1] })
    }

    /// Reads what [`TrainedPolicy::to_tensors`] wrote.
    ///
    /// # Errors
    /// When a tensor is missing or damaged, or the catalogue is another one.
    pub(super) fn open(
        from: Tensors,
        catalogue: &Catalogue,
    ) -> Result<Box<dyn TrainedPolicy>, LearningError> {
        noted(&from, catalogue)?;
        Ok(Box::new(Self::read(from, catalogue)?))
    }

    fn session(&self, context: SessionContext<'_>) -> Session<'_> {
        let worth = |bases| self.model.reward(bases) - self.low_cost * self.model.low(bases);
        let now = self.known.bases(context.history).iter().map(worth).collect();
        Session { policy: self, now, shown: Vec::new() }
    }
}

impl TrainedPolicy for Lookahead {
    fn to_tensors(&self, catalogue: &Catalogue) -> Tensors {
        let mut out = self.tensors();
        set_note(&mut out, catalogue, 0.0);
        out
    }

    fn ranker(&self) -> Result<&Ranker, Unserved> {
        Err(Unserved("a lookahead cannot be served yet: the server runs the forward pass of il-rec alone"))
    }
}

impl Policy for Lookahead {
    fn name(&self) -> String {
        NETWORK.to_owned()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        Box::new(self.session(context))
    }
}

struct Session<'a> {
    policy: &'a Lookahead,
    /// What each item is worth but for leaving, `[items]`.
    now: Vec<f32>,
    /// Oldest first.
    shown: Vec<ItemIdx>,
}

impl Session<'_> {
    /// What each item is worth after what was shown, `[items]`.
    fn values(&self) -> Vec<f32> {
        let Lookahead { known, model, staying, .. } = self.policy;
        let near = model.near(&self.shown, known);
        let items = (0..).map(ItemIdx).zip(&self.now);
        items.map(|(item, now)| now - staying * model.leave(known.categories_of(item), &near)).collect()
    }
}

impl PolicySession for Session<'_> {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        out.fill(f32::NEG_INFINITY);
        out[best(&self.values(), shown).index()] = 0.0;
        Ok(())
    }

    fn choose(&mut self, shown: &ItemSet, _: &mut Rng) -> Choice {
        Choice { item: best(&self.values(), shown), log_prob_behavior: 0.0 }
    }

    fn observe(&mut self, item: ItemIdx, _reward: f32) {
        self.shown.push(item);
    }
}

/// The same with noise of that `temperature` on what each item is worth, and without the items that are `hidden`, for sessions
/// to learn from.
pub(super) struct Exploring<'a> {
    pub(super) policy: &'a Lookahead,
    pub(super) temperature: f32,
    pub(super) hidden: &'a ItemSet,
}

impl Policy for Exploring<'_> {
    fn name(&self) -> String {
        NETWORK.to_owned()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        let Self { policy, temperature, hidden } = *self;
        Box::new(ExploringSession { session: policy.session(context), temperature, hidden })
    }
}

struct ExploringSession<'a> {
    session: Session<'a>,
    temperature: f32,
    hidden: &'a ItemSet,
}

impl ExploringSession<'_> {
    /// What is not to be shown: the hidden items, too, as long as there are others.
    fn not_to_be_shown(&self, shown: &ItemSet) -> ItemSet {
        let mut out = shown.clone();
        out.insert_all(self.hidden);
        if out.len() == out.n_items() { shown.clone() } else { out }
    }

    /// A softmax of the values over what was not shown; Gumbel's noise draws from it.
    fn log_softmax(&self, values: &[f32], shown: &ItemSet, out: &mut [f32]) {
        for (item, (out, value)) in (0..).map(ItemIdx).zip(out.iter_mut().zip(values)) {
            *out = if shown.contains(item) { f32::NEG_INFINITY } else { value / self.temperature };
        }
        let most = out.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let log_sum = most + out.iter().map(|value| (value - most).exp()).sum::<f32>().ln();
        out.iter_mut().for_each(|value| *value -= log_sum);
    }
}

impl PolicySession for ExploringSession<'_> {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        let shown = &self.not_to_be_shown(shown);
        if self.temperature <= 0.0 {
            return self.session.log_probs(shown, out);
        }
        self.log_softmax(&self.session.values(), shown, out);
        Ok(())
    }

    fn choose(&mut self, shown: &ItemSet, rng: &mut Rng) -> Choice {
        let shown = &self.not_to_be_shown(shown);
        if self.temperature <= 0.0 {
            return self.session.choose(shown, rng);
        }
        let mut values = self.session.values();
        let mut log_probs = vec![0.0; values.len()];
        self.log_softmax(&values, shown, &mut log_probs);
        for value in &mut values {
            *value -= self.temperature * (-rng.random::<f32>().max(1e-9).ln()).max(1e-9).ln();
        }
        let item = best(&values, shown);
        Choice { item, log_prob_behavior: log_probs[item.index()] }
    }

    fn observe(&mut self, item: ItemIdx, reward: f32) {
        self.session.observe(item, reward);
    }
}
