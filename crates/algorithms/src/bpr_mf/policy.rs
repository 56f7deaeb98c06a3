//! What is kept of a run: items, and how whoever comes is folded in.

use super::NETWORK;
use crate::choices::{best, noted, set_note};
use crate::tensors::take;
use artefact::Tensors;
use catalogue::Catalogue;
use kernels::{add_scaled, dot};
use learning::{LearningError, TrainedPolicy, Unserved};
use mdp::{
    Choice, Interaction, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs,
};
use ranking::Ranker;

/// Numbers beyond this are of no fit: a session of them would not be finite.
const LARGEST: f32 = 1e6;

/// Ranks items by their biases and their products with a user's vector, which is made of what the user took up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BprPolicy {
    width: usize,
    /// `[items, width]`.
    items: Vec<f32>,
    /// `[items]`.
    biases: Vec<f32>,
    /// The mean of all items, `[width]`.
    centre: Vec<f32>,
    /// A user's vector is this much of the way from there to the mean of what the user took up.
    scale: f32,
    /// A shown or a logged item that earned at least this was taken up.
    taken_up_from: f32,
}

impl BprPolicy {
    /// With a scale of 1; see [`BprPolicy::fit_scale`].
    pub(super) fn new(items: Vec<f32>, biases: Vec<f32>, taken_up_from: f32) -> Self {
        let width = items.len() / biases.len().max(1);
        let mut centre = vec![0.0; width];
        let share = 1.0 / biases.len().max(1) as f32;
        items.chunks_exact(width.max(1)).for_each(|row| add_scaled(&mut centre, share, row));
        Self { width, items, biases, centre, scale: 1.0, taken_up_from }
    }

    /// The scale with which folded-in users are nearest to their learned rows, by least squares.
    pub(super) fn fit_scale<'a>(&mut self, users: impl Iterator<Item = (&'a [u32], &'a [f32])>) {
        let (mut together, mut own) = (0.0, 0.0);
        for (taken, row) in users.filter(|(taken, _)| !taken.is_empty()) {
            let mut sum = vec![0.0; self.width];
            taken.iter().for_each(|&item| add_scaled(&mut sum, 1.0, self.row(ItemIdx(item))));
            let way = self.way(&sum, taken.len());
            together += f64::from(dot(&way, row));
            own += f64::from(dot(&way, &way));
        }
        self.scale = if own > 0.0 { (together / own) as f32 } else { 0.0 };
    }

    fn row(&self, item: ItemIdx) -> &[f32] {
        &self.items[item.index() * self.width..][..self.width]
    }

    /// From the mean of all items to that of `n` that add up to `sum`.
    fn way(&self, sum: &[f32], n: usize) -> Vec<f32> {
        sum.iter().zip(&self.centre).map(|(sum, centre)| sum / n as f32 - centre).collect()
    }

    pub(super) fn tensors(&self) -> Tensors {
        let mut out = Tensors::default();
        out.insert("items", &[self.biases.len(), self.width], self.items.clone());
        out.insert("biases", &[self.biases.len()], self.biases.clone());
        out.insert("scale", &[1], vec![self.scale]);
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
        Ok(Self { scale: scale[0], ..Self::new(items, biases, taken_up_from) })
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
            sum: vec![0.0; self.width],
            taken: ItemSet::empty(self.biases.len()),
            scores: self.biases.clone(),
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
            add_scaled(&mut self.sum, 1.0, self.policy.row(item));
        }
    }

    /// How much every item is wanted by now.
    fn score(&mut self) {
        if self.taken.is_empty() {
            return;
        }
        let policy = self.policy;
        let user = policy.way(&self.sum, self.taken.len());
        let rows = policy.items.chunks_exact(policy.width).zip(&policy.biases);
        for (score, (row, bias)) in self.scores.iter_mut().zip(rows) {
            *score = bias + policy.scale * dot(row, &user);
        }
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
