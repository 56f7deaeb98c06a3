//! What the world model predicts this user would like best.

use super::order::{Order, certain, certain_log_probs};
use mdp::{
    Choice, ItemIdx, ItemSet, MeanModel, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs, UserIdx,
};
use std::sync::Arc;

/// The highest predicted mean among what was not shown yet. Give it the train world: it then knows no more than
/// a rating predictor fitted on the log does.
#[derive(Clone)]
pub struct Greedy {
    means: Arc<dyn MeanModel>,
}

impl Greedy {
    /// Acts on these predictions.
    pub fn new(means: Arc<dyn MeanModel>) -> Self {
        Self { means }
    }
}

/// The predicted means of one user, shape `[items]`.
pub(super) fn predicted_means(means: &dyn MeanModel, user: UserIdx) -> Vec<f32> {
    let mut row = vec![0.0; means.n_items()];
    means.predict_row(user, &mut row, &mut vec![0.0; means.n_items()]);
    row
}

impl Policy for Greedy {
    fn name(&self) -> String {
        "greedy".to_owned()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        Box::new(GreedySession { order: Order::by_score(&predicted_means(&*self.means, context.user)) })
    }
}

struct GreedySession {
    order: Order,
}

impl PolicySession for GreedySession {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        certain_log_probs(self.order.best_or_any(shown), out)
    }

    fn choose(&mut self, shown: &ItemSet, _rng: &mut Rng) -> Choice {
        certain(self.order.best_or_any(shown))
    }

    fn observe(&mut self, _item: ItemIdx, _reward: f32) {}
}
