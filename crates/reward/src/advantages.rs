//! How much better a demonstrated step turned out than its state promised.

use crate::RewardError;
use crate::error::check_length;
use kernels::{Adam, AdamConfig};
use mdp::Rng;
use nn::Mlp;

/// How a value network is fitted to returns: full batches, mean squared error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueFitConfig {
    /// Adam steps.
    pub n_gradient_steps: usize,
    /// Step size.
    pub learning_rate: f32,
    /// Width of the hidden layer.
    pub n_hidden: usize,
}

impl Default for ValueFitConfig {
    /// The published settings: 100 steps of 0.01, 32 hidden units.
    fn default() -> Self {
        Self { n_gradient_steps: 100, learning_rate: 1e-2, n_hidden: 32 }
    }
}

/// A value network fitted to returns.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueFit {
    /// The network, `[features] -> [hidden] -> [1]`.
    pub network: Mlp,
    /// Mean squared error before the first step.
    pub initial_loss: f32,
    /// Mean squared error that the last step started from.
    pub final_loss: f32,
}

/// Fits a network to `targets` from `inputs: [rows, width]`.
///
/// # Errors
/// When there are no rows or the lengths do not fit.
pub fn fit_value(
    inputs: &[f32],
    width: usize,
    targets: &[f32],
    config: &ValueFitConfig,
    rng: &mut Rng,
) -> Result<ValueFit, RewardError> {
    if targets.is_empty() {
        return Err(RewardError::Empty("returns"));
    }
    check_length("features", targets.len() * width, inputs.len())?;
    let mut network = Mlp::new(&[width, config.n_hidden, 1], rng);
    let mut adam = Adam::new(AdamConfig::with_learning_rate(config.learning_rate), network.parameters.len());
    let mut gradient = vec![0.0; network.parameters.len()];
    let mut losses = Vec::with_capacity(config.n_gradient_steps + 1);
    for _ in 0..config.n_gradient_steps {
        let trace = network.forward(inputs);
        let (loss, upstream) = mean_squared_error(trace.output(), targets);
        losses.push(loss);
        gradient.fill(0.0);
        network.backward(&trace, &upstream, &mut gradient);
        adam.step(&mut network.parameters, &gradient);
    }
    if losses.is_empty() {
        losses.push(mean_squared_error(&network.apply(inputs), targets).0);
    }
    Ok(ValueFit { network, initial_loss: losses[0], final_loss: losses[losses.len() - 1] })
}

/// The demonstrations' value networks and what they say about every demonstrated step.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoAdvantages {
    /// V of states.
    pub value: ValueFit,
    /// Q of state-action features.
    pub action_value: ValueFit,
    /// Q - V, one per demonstrated step.
    pub advantages: Vec<f32>,
}

impl DemoAdvantages {
    /// Fits V on `states: [steps, width]`, then Q on `features: [steps, width]` (each with its width), to the
    /// demonstrations' discounted returns.
    ///
    /// # Errors
    /// When there are no steps or the lengths do not fit.
    ///
    /// # Source
    /// `docs/spec/released-code.md#demonstration-advantages`.
    pub fn fit(
        (states, state_width): (&[f32], usize),
        (features, feature_width): (&[f32], usize),
        returns: &[f32],
        config: &ValueFitConfig,
        rng: &mut Rng,
    ) -> Result<Self, RewardError> {
        let value = fit_value(states, state_width, returns, config, rng)?;
        let action_value = fit_value(features, feature_width, returns, config, rng)?;
        let (q, v) = (action_value.network.apply(features), value.network.apply(states));
        let advantages = q.iter().zip(&v).map(|(q, v)| q - v).collect();
        Ok(Self { value, action_value, advantages })
    }
}

/// Mean squared error and its gradient by the predictions.
fn mean_squared_error(predictions: &[f32], targets: &[f32]) -> (f32, Vec<f32>) {
    let scale = 1.0 / targets.len() as f32;
    let errors = || predictions.iter().zip(targets).map(|(p, t)| p - t);
    let sum: f64 = errors().map(|e| f64::from(e * e)).sum();
    (sum as f32 * scale, errors().map(|e| 2.0 * scale * e).collect())
}
