//! Policies whose forward pass is the ranker: they know no user by row, and are exported and served.

use artefact::Tensors;
use catalogue::Catalogue;
use learning::{LearningError, TrainedPolicy, Unserved};
use mdp::{Policy, PolicySession, SessionContext};
use ranking::{Parameters, Ranker, Selection};
use representation::{ItemTable, TensorSource};

/// A policy that a logged history and the session are enough for.
#[derive(Clone, Debug)]
pub struct RankerPolicy(Ranker);

impl RankerPolicy {
    /// The policy of a forward pass.
    pub fn new(ranker: Ranker) -> Self {
        Self(ranker)
    }

    /// The forward pass.
    pub fn ranker(&self) -> &Ranker {
        &self.0
    }

    /// The same policy with another way to take items.
    pub fn with_selection(mut self, selection: Selection) -> Self {
        self.0.selection = selection;
        self
    }

    /// Reads what [`TrainedPolicy::to_tensors`] wrote.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape, or the catalogue is another one.
    pub fn from_tensors(mut tensors: Tensors, catalogue: &Catalogue) -> Result<Self, LearningError> {
        let mismatch = |why: String| LearningError::Mismatch { what: "policy", why };
        let parameters: Parameters =
            serde_json::from_str(tensors.note()).map_err(|e| mismatch(e.to_string()))?;
        let width = tensors.get("taste.prior").map_or(0, |(_, prior)| prior.len());
        let mut take = |name: &str, shape: &[usize]| tensors.take(name, shape).map(Into::into);
        let items = |taste, _: &mut TensorSource<'_>| Ok(ItemTable::new(catalogue, taste));
        let ranker = Ranker::read(&parameters, (catalogue, width), &mut take, items).map_err(mismatch)?;
        Ok(Self(ranker))
    }
}

impl TrainedPolicy for RankerPolicy {
    fn to_tensors(&self, catalogue: &Catalogue) -> Tensors {
        let mut out = Tensors::default();
        let mut keep = |name: &str, shape: &[usize], data: &[f32]| out.insert(name, shape, data.to_vec());
        let parameters = self.0.write(catalogue, &mut keep);
        out.set_note(serde_json::to_string(&parameters).expect("plain data"));
        out
    }

    fn ranker(&self) -> Result<&Ranker, Unserved> {
        Ok(&self.0)
    }
}

impl Policy for RankerPolicy {
    fn name(&self) -> String {
        self.0.name()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        self.0.start(context)
    }
}
