//! The trained policy: what is needed to recommend, nothing that learns.

use crate::RobustError;
use crate::actor::{Actor, Selection};
use crate::hazard::QuitHazard;
use crate::items::ItemTable;
use crate::taste::TasteModel;
use crate::tracker::{Tracker, View};
use artefact::Tensors;
use catalogue::Catalogue;
use mdp::{Choice, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext};
use nn::Mlp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A policy of the default learner. It knows no user by row: a logged history and the session are enough.
#[derive(Clone, Debug)]
pub struct RobustPolicy {
    pub(crate) items: Arc<ItemTable>,
    pub(crate) actor: Actor,
    pub(crate) hazard: Option<QuitHazard>,
    pub(crate) selection: Selection,
    pub(crate) learns_in_session: bool,
}

/// The settings beside the tensors.
#[derive(Serialize, Deserialize)]
struct Note {
    catalogue: String,
    selection: Selection,
    learns_in_session: bool,
    mean: f32,
    noise: f32,
}

impl RobustPolicy {
    /// How items are taken from the distribution.
    pub fn selection(&self) -> Selection {
        self.selection
    }

    /// The same policy with another way to take items.
    pub fn with_selection(self, selection: Selection) -> Self {
        Self { selection, ..self }
    }

    /// All parameters as named tensors, with the catalogue's hash beside them.
    pub fn to_tensors(&self, catalogue: &Catalogue) -> Tensors {
        let mut out = Tensors::default();
        let taste = &self.items.taste;
        let (n_items, width) = (taste.n_items(), taste.width());
        out.insert("taste.offsets", &[n_items], taste.offsets.clone());
        out.insert("taste.columns", &[width, n_items], taste.columns.clone());
        out.insert("taste.prior", &[width], taste.prior.clone());
        out.insert("taste.counts", &[n_items], taste.counts.clone());
        insert_mlp(&mut out, "actor", &self.actor.network);
        if let Some(hazard) = &self.hazard {
            for (name, mlp) in
                ["hazard.saturation", "hazard.nearness", "hazard.dislike"].iter().zip(hazard.causes())
            {
                insert_mlp(&mut out, name, mlp);
            }
        }
        let note = Note {
            catalogue: catalogue.hash(),
            selection: self.selection,
            learns_in_session: self.learns_in_session,
            mean: taste.mean,
            noise: taste.noise,
        };
        out.set_note(serde_json::to_string(&note).expect("plain data"));
        out
    }

    /// Reads what [`RobustPolicy::to_tensors`] wrote.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape, or the catalogue is another one.
    pub fn from_tensors(mut tensors: Tensors, catalogue: &Catalogue) -> Result<Self, RobustError> {
        let mismatch = |why: String| RobustError::Mismatch { what: "policy", why };
        let note: Note = serde_json::from_str(tensors.note()).map_err(|e| mismatch(e.to_string()))?;
        if note.catalogue != catalogue.hash() {
            return Err(mismatch("made with another catalogue".into()));
        }
        let n_items = catalogue.len();
        let width = tensors.get("taste.prior").map_or(0, |(_, prior)| prior.len());
        let mut take = |name: &str, shape: &[usize]| {
            tensors.take(name, shape).ok_or_else(|| mismatch(format!("no tensor {name} of shape {shape:?}")))
        };
        let taste = TasteModel {
            mean: note.mean,
            offsets: take("taste.offsets", &[n_items])?,
            columns: take("taste.columns", &[width, n_items])?,
            noise: note.noise,
            prior: take("taste.prior", &[width])?,
            counts: take("taste.counts", &[n_items])?,
        };
        let rng = &mut mdp::rng_for(0, &[]);
        let mut actor = Actor::new(rng);
        fill(&mut actor.network, "actor", &mut take)?;
        let mut hazard = QuitHazard::new(rng);
        let has_hazard = fill(&mut hazard.saturation, "hazard.saturation", &mut take).is_ok();
        if has_hazard {
            fill(&mut hazard.nearness, "hazard.nearness", &mut take)?;
            fill(&mut hazard.dislike, "hazard.dislike", &mut take)?;
        }
        Ok(Self {
            items: Arc::new(ItemTable::new(catalogue, taste)),
            actor,
            hazard: has_hazard.then_some(hazard),
            selection: note.selection,
            learns_in_session: note.learns_in_session,
        })
    }

    /// The hash of every parameter's exact bits.
    pub fn parameter_hash(&self, catalogue: &Catalogue) -> String {
        self.to_tensors(catalogue).hash()
    }
}

pub(crate) fn insert_mlp(out: &mut Tensors, name: &str, mlp: &Mlp) {
    out.insert(name, &[mlp.parameters.len()], mlp.parameters.clone());
}

type Take<'a> = dyn FnMut(&str, &[usize]) -> Result<Vec<f32>, RobustError> + 'a;

pub(crate) fn fill(mlp: &mut Mlp, name: &str, take: &mut Take<'_>) -> Result<(), RobustError> {
    mlp.parameters = take(name, &[mlp.parameters.len()])?;
    Ok(())
}

impl Policy for RobustPolicy {
    fn name(&self) -> String {
        "il-rec".into()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        let tracker = Tracker::new(&self.items, context.history, self.learns_in_session);
        Box::new(RobustSession { policy: self, tracker, view: View::default(), scratch: Vec::new() })
    }
}

struct RobustSession<'a> {
    policy: &'a RobustPolicy,
    tracker: Tracker<'a>,
    view: View,
    scratch: Vec<f32>,
}

impl PolicySession for RobustSession<'_> {
    fn choose(&mut self, shown: &ItemSet, rng: &mut Rng) -> Choice {
        let Self { policy, tracker, view, scratch } = self;
        tracker.view(policy.hazard.as_ref(), shown, view);
        let (item, log_prob_behavior) = policy.actor.choose(view, shown, policy.selection, rng, scratch);
        Choice { item, log_prob_behavior }
    }

    fn observe(&mut self, item: ItemIdx, reward: f32) {
        self.tracker.observe(item, reward);
    }
}
