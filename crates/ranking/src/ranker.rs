//! Everything that is needed to recommend, and how it lies in named tensors.

use crate::actor::{Actor, Selection};
use crate::hazard::QuitHazard;
use crate::tracker::{Tracker, View};
use catalogue::Catalogue;
use mdp::{Choice, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs};
use nn::Mlp;
use representation::{Cause, ItemTable, Layout, TasteModel, TensorSink, TensorSource, take};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A policy of the default learner. It knows no user by row: a logged history and the session are enough.
#[derive(Clone, Debug)]
pub struct Ranker {
    /// The items.
    pub items: Arc<ItemTable>,
    /// The actor.
    pub actor: Actor,
    /// The hazard, where one was learned.
    pub hazard: Option<QuitHazard>,
    /// How items are taken from the distribution.
    pub selection: Selection,
    /// Whether rewards of the session move the belief about the user.
    pub learns_in_session: bool,
}

/// The settings beside the tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// The hash of the catalogue whose rows the tensors have.
    pub catalogue: String,
    /// How items are taken from the distribution.
    pub selection: Selection,
    /// Whether rewards of the session move the belief about the user.
    pub learns_in_session: bool,
    /// Mean rating.
    pub mean: f32,
    /// Variance of a rating around its prediction.
    pub noise: f32,
    /// What the networks were learned over; files of earlier versions do not say, and were learned over the same.
    #[serde(default = "Layout::current")]
    pub columns: Layout,
}

/// The tensor of a cause of leaving.
fn tensor_of(cause: Cause) -> String {
    format!("hazard.{}", cause.name())
}

impl Ranker {
    /// Hands out all parameters, and says what stands beside them.
    pub fn write(&self, catalogue: &Catalogue, sink: &mut TensorSink<'_>) -> Parameters {
        let taste = &self.items.taste;
        let (n_items, width) = (taste.n_items(), taste.width());
        sink("taste.offsets", &[n_items], &taste.offsets);
        sink("taste.columns", &[width, n_items], &taste.columns);
        sink("taste.prior", &[width], &taste.prior);
        sink("taste.counts", &[n_items], &taste.counts);
        let mut network = |name: &str, mlp: &Mlp| sink(name, &[mlp.parameters.len()], &mlp.parameters);
        network("actor", &self.actor.network);
        if let Some(hazard) = &self.hazard {
            Cause::ALL
                .into_iter()
                .zip(hazard.causes())
                .for_each(|(cause, mlp)| network(&tensor_of(cause), mlp));
        }
        Parameters {
            catalogue: catalogue.hash(),
            selection: self.selection,
            learns_in_session: self.learns_in_session,
            mean: taste.mean,
            noise: taste.noise,
            columns: Layout::current(),
        }
    }

    /// Takes in what [`Ranker::write`] handed out. `width` is the length of a user's belief; `items` makes the item
    /// table of the taste model.
    ///
    /// # Errors
    /// What does not fit, in words: another catalogue, a missing tensor, one of another shape.
    pub fn read(
        parameters: &Parameters,
        (catalogue, width): (&Catalogue, usize),
        source: &mut TensorSource<'_>,
        items: impl FnOnce(TasteModel, &mut TensorSource<'_>) -> Result<ItemTable, String>,
    ) -> Result<Self, String> {
        if parameters.catalogue != catalogue.hash() {
            return Err("made with another catalogue".into());
        }
        if catalogue.is_empty() || width == 0 {
            return Err("no items, or nothing is known about them".into());
        }
        parameters.columns.check()?;
        let n_items = catalogue.len();
        let taste = TasteModel {
            mean: parameters.mean,
            offsets: take(source, "taste.offsets", &[n_items])?,
            columns: take(source, "taste.columns", &[width, n_items])?,
            noise: parameters.noise,
            prior: take(source, "taste.prior", &[width])?,
            counts: take(source, "taste.counts", &[n_items])?,
        };
        let rng = &mut mdp::rng_for(0, &[]);
        let mut actor = Actor::new(rng);
        fill(&mut actor.network, "actor", source)?;
        let mut hazard = QuitHazard::new(rng);
        let has_hazard = fill(&mut hazard.saturation, &tensor_of(Cause::Saturation), source).is_ok();
        if has_hazard {
            for (mlp, cause) in hazard.causes_mut().into_iter().zip(Cause::ALL).skip(1) {
                fill(mlp, &tensor_of(cause), source)?;
            }
        }
        Ok(Self {
            items: Arc::new(items(taste, source)?),
            actor,
            hazard: has_hazard.then_some(hazard),
            selection: parameters.selection,
            learns_in_session: parameters.learns_in_session,
        })
    }
}

fn fill(mlp: &mut Mlp, name: &str, source: &mut TensorSource<'_>) -> Result<(), String> {
    mlp.parameters = take(source, name, &[mlp.parameters.len()])?.to_vec();
    Ok(())
}

impl Policy for Ranker {
    fn name(&self) -> String {
        "il-rec".into()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        let tracker = Tracker::new(&*self.items, context.history, self.learns_in_session);
        Box::new(RankerSession { ranker: self, tracker, view: View::default(), scratch: Vec::new() })
    }
}

struct RankerSession<'a> {
    ranker: &'a Ranker,
    tracker: Tracker<&'a ItemTable>,
    view: View,
    scratch: Vec<f32>,
}

impl PolicySession for RankerSession<'_> {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        let Self { ranker, tracker, view, scratch } = self;
        tracker.view(ranker.hazard.as_ref(), shown, view);
        ranker.actor.log_probs(view, shown, ranker.selection, scratch, out);
        Ok(())
    }

    fn choose(&mut self, shown: &ItemSet, rng: &mut Rng) -> Choice {
        let Self { ranker, tracker, view, scratch } = self;
        tracker.view(ranker.hazard.as_ref(), shown, view);
        let (item, log_prob_behavior) = ranker.actor.choose(view, shown, ranker.selection, rng, scratch);
        Choice { item, log_prob_behavior }
    }

    fn observe(&mut self, item: ItemIdx, reward: f32) {
        self.tracker.observe(item, reward);
    }
}
