//! Greedy on the world model, told the exit rule.

use super::greedy::predicted_means;
use super::order::{Order, certain, certain_log_probs};
use environment::{Environment, EnvironmentError, Session};
use mdp::{
    Choice, ItemIdx, ItemSet, MeanModel, Policy, PolicySession, RewardSource, Rng, SessionContext,
    UnknownLogProbs, UserIdx,
};
use std::sync::Arc;

/// The highest predicted mean among what the exit rule would let pass after what was shown in this session.
/// Privileged: no deployed policy is told when its users leave.
#[derive(Clone)]
pub struct GreedyDiverse {
    means: Arc<dyn MeanModel>,
    content: Environment,
}

impl GreedyDiverse {
    /// Plans with the predictions of the train world and the rule (and its item features) of `environment`,
    /// whose rewards it never reads.
    ///
    /// # Errors
    /// When predictions and environment are not of one size.
    pub fn new(means: Arc<dyn MeanModel>, environment: &Environment) -> Result<Self, EnvironmentError> {
        let content = Environment::new(
            Arc::new(ConstantReward { n_users: means.n_users(), n_items: means.n_items() }),
            environment.features().clone(),
            environment.rule().clone(),
            usize::MAX,
        )?;
        Ok(Self { means, content })
    }
}

/// The best reward for everything, so that nobody leaves for it: what remains of an exit rule is its content part.
struct ConstantReward {
    n_users: usize,
    n_items: usize,
}

impl RewardSource for ConstantReward {
    fn n_users(&self) -> usize {
        self.n_users
    }

    fn n_items(&self) -> usize {
        self.n_items
    }

    fn reward(&self, _user: UserIdx, _item: ItemIdx) -> f32 {
        5.0
    }
}

impl Policy for GreedyDiverse {
    fn name(&self) -> String {
        "greedy-diverse".to_owned()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        Box::new(PlannerSession {
            order: Order::by_score(&predicted_means(&*self.means, context.user)),
            content: self.content.start_likeliest(context.user).expect("a user with predictions has a row"),
        })
    }
}

struct PlannerSession {
    order: Order,
    content: Session,
}

impl PlannerSession {
    fn planned(&mut self, shown: &ItemSet) -> ItemIdx {
        let Self { order, content } = self;
        let planned = order.best(shown, |item| content.would_end(item).is_none());
        planned.unwrap_or_else(|| order.best_or_any(shown))
    }
}

impl PolicySession for PlannerSession {
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        certain_log_probs(self.planned(shown), out)
    }

    fn choose(&mut self, shown: &ItemSet, _rng: &mut Rng) -> Choice {
        certain(self.planned(shown))
    }

    fn observe(&mut self, item: ItemIdx, _reward: f32) {
        // Where chance has a say, the user may have stayed at what would have ended this session.
        self.content.take_as_shown(item);
    }
}
