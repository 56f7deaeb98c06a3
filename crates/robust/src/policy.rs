//! The trained policy: what is needed to recommend, nothing that learns.

use crate::RobustError;
use artefact::Tensors;
use catalogue::Catalogue;
use mdp::{Policy, PolicySession, SessionContext};
use nn::Mlp;
use ranking::{ItemTable, Parameters, Ranker, Selection};

/// A policy of the default learner. It knows no user by row: a logged history and the session are enough.
#[derive(Clone, Debug)]
pub struct RobustPolicy {
    pub(crate) ranker: Ranker,
}

impl RobustPolicy {
    /// The forward pass, which is what serving needs.
    pub fn ranker(&self) -> &Ranker {
        &self.ranker
    }

    /// How items are taken from the distribution.
    pub fn selection(&self) -> Selection {
        self.ranker.selection
    }

    /// The same policy with another way to take items.
    pub fn with_selection(mut self, selection: Selection) -> Self {
        self.ranker.selection = selection;
        self
    }

    /// All parameters as named tensors, with the catalogue's hash beside them.
    pub fn to_tensors(&self, catalogue: &Catalogue) -> Tensors {
        let mut out = Tensors::default();
        let parameters =
            self.ranker.write(catalogue, &mut |name, shape, data| out.insert(name, shape, data.to_vec()));
        out.set_note(serde_json::to_string(&parameters).expect("plain data"));
        out
    }

    /// Reads what [`RobustPolicy::to_tensors`] wrote.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape, or the catalogue is another one.
    pub fn from_tensors(mut tensors: Tensors, catalogue: &Catalogue) -> Result<Self, RobustError> {
        let mismatch = |why: String| RobustError::Mismatch { what: "policy", why };
        let parameters: Parameters =
            serde_json::from_str(tensors.note()).map_err(|e| mismatch(e.to_string()))?;
        let width = tensors.get("taste.prior").map_or(0, |(_, prior)| prior.len());
        let mut take = |name: &str, shape: &[usize]| tensors.take(name, shape).map(Into::into);
        let items = |taste, _: &mut ranking::TensorSource<'_>| Ok(ItemTable::new(catalogue, taste));
        let ranker = Ranker::read(&parameters, (catalogue, width), &mut take, items).map_err(mismatch)?;
        Ok(Self { ranker })
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
        self.ranker.name()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        self.ranker.start(context)
    }
}
