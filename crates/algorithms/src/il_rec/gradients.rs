//! Gradients of losses over scores, by the actor's feature weights.

use super::rollout::{Acting, LearnerSession, LearnerStep, rescore};
use learning::{LearningError, Scores, Steps, Terms};
use ranking::Actor;

/// Gradients by the feature weights in several states.
#[derive(Debug, Default)]
pub(crate) struct WeightGradients {
    /// `[rows, N_STATE]`.
    states: Vec<f32>,
    /// `[rows, N_FEATURES]`.
    by_weight: Vec<f32>,
}

impl WeightGradients {
    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// Adds a gradient at a step, `[N_FEATURES]`.
    pub(crate) fn push(&mut self, step: &LearnerStep, gradient: impl Iterator<Item = f32>) {
        self.states.extend(step.state);
        self.by_weight.extend(gradient);
    }

    /// Adds the gradients of the terms' losses over the scores of these sessions, which are those of `acting`; the losses'
    /// sum. `steps` are the sessions' own.
    ///
    /// # Errors
    /// Which term failed.
    pub(crate) fn add_losses(
        &mut self,
        acting: Acting<'_>,
        sessions: &[LearnerSession<'_>],
        steps: &Steps,
        terms: &Terms,
    ) -> Result<f32, LearningError> {
        let (mut total, mut place) = (0.0, 0);
        for session in sessions {
            rescore(acting, session, |t, view, log_probs| {
                let n_items = log_probs.len();
                let mut by_score = vec![0.0; n_items];
                let scores = Scores { steps: &(place..place + 1), n_items, log_probs };
                total += terms.loss(steps, scores, &mut by_score)?;
                place += 1;
                // Rows without a gradient would only change the order in which others are added up.
                if by_score.iter().any(|gradient| *gradient != 0.0) {
                    let columns = view.columns.chunks_exact(n_items);
                    self.push(&session.steps[t], columns.map(|column| kernels::dot(column, &by_score)));
                }
                Ok(())
            })?;
        }
        Ok(total)
    }

    /// The gradient by the actor's parameters.
    pub(crate) fn backward(&self, actor: &Actor) -> Vec<f32> {
        let trace = actor.network.forward(&self.states);
        let mut gradient = vec![0.0; actor.network.parameters.len()];
        actor.network.backward(&trace, &self.by_weight, &mut gradient);
        gradient
    }
}
