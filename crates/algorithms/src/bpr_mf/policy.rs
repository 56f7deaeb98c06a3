//! What is kept of a run: items, and how whoever comes is folded in.

use super::NETWORK;
use crate::choices::{best, noted, set_note};
use crate::tensors::take;
use artefact::Tensors;
use catalogue::Catalogue;
use collaborative::FoldedIn;
use kernels::add_scaled;
use learning::{LearningError, TrainedPolicy, Unserved};
use mdp::{
    Choice, Interaction, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs,
};
use ranking::Ranker;

/// Numbers beyond this are of no fit: a session of them would not be finite.
const LARGEST: f32 = 1e6;

/// Ranks items for whoever is folded in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BprPolicy {
    items: FoldedIn,
    /// A shown or a logged item that earned at least this was taken up.
    taken_up_from: f32,
}

impl BprPolicy {
    pub(super) fn new(items: FoldedIn, taken_up_from: f32) -> Self {
        Self { items, taken_up_from }
    }

    pub(super) fn tensors(&self) -> Tensors {
        let mut out = Tensors::default();
        let items = &self.items;
        out.insert("items", &[items.biases().len(), items.width()], items.items().to_vec());
        out.insert("biases", &[items.biases().len()], items.biases().to_vec());
        out.insert("scale", &[1], vec![items.scale]);
        out
    }

    /// Reads what [`BprPolicy::tensors`] wrote.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape, or a number is one that no fit gives.
    pub(super) fn read(mut from: Tensors, n_items: usize, taken_up_from: f32) -> Result<Self, LearningError> {
        let width = from.get("items").and_then(|(shape, _)| shape.get(1).copied()).unwrap_or(0);
        if width == 0 {
            return Err(mismatch("there are no factors".to_owned()));
        }
        let items = take(&mut from, "items", &[n_items, width])?;
        let biases = take(&mut from, "biases", &[n_items])?;
        let scale = take(&mut from, "scale", &[1])?;
        let is_sound = |x: &f32| x.abs() <= LARGEST;
        if !items.iter().chain(&biases).chain(&scale).all(is_sound) {
            return Err(mismatch("a number that no fit gives".to_owned()));
        }
        let mut items = FoldedIn::new(items, biases);
        items.scale = scale[0];
        Ok(Self::new(items, taken_up_from))
    }

    /// Reads what [`TrainedPolicy::to_tensors`] wrote.
    ///
    /// # Errors
    /// When a tensor is missing or damaged, or the catalogue is another one.
    pub(super) fn open(
        from: Tensors,
        catalogue: &Catalogue,
    ) -> Result<Box<dyn TrainedPolicy>, LearningError> {
        let taken_up_from = noted(&from, catalogue)?;
        Ok(Box::new(Self::read(from, catalogue.len(), taken_up_from)?))
    }
}

fn mismatch(why: String) -> LearningError {
    LearningError::Mismatch { what: "policy", why }
}

impl TrainedPolicy for BprPolicy {
    fn to_tensors(&self, catalogue: &Catalogue) -> Tensors {
        let mut out = self.tensors();
        set_note(&mut out, catalogue, self.taken_up_from);
        out
    }

    fn ranker(&self) -> Result<&Ranker, Unserved> {
        Err(Unserved(
            "a factorisation of choices cannot be served yet: the server runs the forward pass of il-rec alone",
        ))
    }
}

impl Policy for BprPolicy {
    fn name(&self) -> String {
        NETWORK.to_owned()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        let mut session = Session {
            policy: self,
            sum: vec![0.0; self.items.width()],
            taken: ItemSet::empty(self.items.biases().len()),
            scores: self.items.biases().to_vec(),
        };
        context.history.iter().for_each(|&Interaction { item, rating, .. }| session.take_in(item, rating));
        session.score();
        Box::new(session)
    }
}

struct Session<'a> {
    policy: &'a BprPolicy,
    /// Of the vectors of what was taken up.
    sum: Vec<f32>,
    /// What was taken up, each item once.
    taken: ItemSet,
    scores: Vec<f32>,
}

impl Session<'_> {
    fn take_in(&mut self, item: ItemIdx, reward: f32) {
        if reward >= self.policy.taken_up_from && self.taken.insert(item) {
            add_scaled(&mut self.sum, 1.0, self.policy.items.row(item.index()));
        }
    }

    /// How much every item is wanted by now.
    fn score(&mut self) {
        if self.taken.is_empty() {
            return;
        }
        self.policy.items.fill_scores(&self.sum, self.taken.len(), &mut self.scores);
    }

    /// The highest score among what was not shown; where everything was, the highest of all.
    fn best(&self, shown: &ItemSet) -> ItemIdx {
        best(&self.scores, shown)
    }
}

impl PolicySession for Session<'_> {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        out.fill(f32::NEG_INFINITY);
        out[self.best(shown).index()] = 0.0;
        Ok(())
    }

    fn choose(&mut self, shown: &ItemSet, _: &mut Rng) -> Choice {
        Choice { item: self.best(shown), log_prob_behavior: 0.0 }
    }

    fn observe(&mut self, item: ItemIdx, reward: f32) {
        self.take_in(item, reward);
        self.score();
    }
}
