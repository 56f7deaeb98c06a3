//! The network that judges: a shared layer, one action value per item, one state value, and a target copy.

use kernels::{
    Adam, AdamConfig, RowAdam, RowAdamParts, RowGradients, add_scaled, affine, affine_backward, dot,
};
use mdp::{ItemIdx, Rng};
use nn::uniforms;

/// Sizes and schedule of the critic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CriticConfig {
    /// Length of a state.
    pub width: usize,
    /// Width of the shared layer.
    pub n_hidden: usize,
    /// Size of the catalogue.
    pub n_items: usize,
    /// Adam's step size.
    pub learning_rate: f32,
    /// Updates between moves of the target.
    pub target_interval: u64,
    /// Share of the way that the target moves; 1 copies.
    pub target_rate: f32,
}

/// A row of a critic batch.
#[derive(Clone, Copy, Debug)]
pub struct CriticRow<'a> {
    /// The state, `[width]`, taken as a constant.
    pub state: &'a [f32],
    /// What was shown.
    pub item: ItemIdx,
    /// The temporal-difference target of both heads.
    pub target: f32,
    /// The weight of the action value's error: a demonstration's weight, else 1.
    pub weight: f32,
}

/// Mean squared errors of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CriticLoss {
    /// Of the action values, weighted; a mean over rows, not over weights.
    pub action_value: f32,
    /// Of the state values.
    pub value: f32,
}

/// The critic with its optimiser.
///
/// # Source
/// `StateQVCritic` of the published code, spec G.2. Its target needs no action values, so it has none.
#[derive(Clone, Debug, PartialEq)]
pub struct Critic {
    config: CriticConfig,
    /// Shared weight `[width, hidden]` and bias `[hidden]`, value weight `[hidden]` and bias.
    shared: Vec<f32>,
    target: Vec<f32>,
    adam: Adam,
    /// One row per item: weight `[hidden]` and bias.
    action_values: RowAdam,
}

/// Everything a critic is made of, for checkpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct CriticParts {
    /// Shared layer and value head: parameters, first and second moments, target's parameters.
    pub shared: [Vec<f32>; 4],
    /// Action values.
    pub action_values: RowAdamParts,
}

impl Critic {
    /// A fresh critic whose target equals it.
    pub fn new(config: CriticConfig, rng: &mut Rng) -> Self {
        let CriticConfig { width, n_hidden, n_items, learning_rate, .. } = config;
        let (into, out) = ((width as f32).powf(-0.5), (n_hidden as f32).powf(-0.5));
        let mut shared = uniforms((width + 1) * n_hidden, into, rng);
        shared.extend(uniforms(n_hidden + 1, out, rng));
        let rows = uniforms(n_items * (n_hidden + 1), out, rng);
        let adam = Adam::new(AdamConfig::with_learning_rate(learning_rate), shared.len());
        let action_values = RowAdam::new(learning_rate, n_hidden + 1, rows);
        Self { config, target: shared.clone(), shared, adam, action_values }
    }

    /// The critic as a checkpoint has it.
    pub fn from_parts(config: CriticConfig, parts: CriticParts) -> Self {
        let CriticParts { shared: [shared, first, second, target], action_values } = parts;
        let mut adam = Adam::new(AdamConfig::with_learning_rate(config.learning_rate), shared.len());
        adam.n_steps = u64::from(action_values.n_steps);
        (adam.first, adam.second) = (first, second);
        let action_values = RowAdam::from_parts(config.learning_rate, config.n_hidden + 1, action_values);
        Self { config, shared, target, adam, action_values }
    }

    /// Everything the critic is made of.
    pub fn to_parts(&self) -> CriticParts {
        let shared =
            [self.shared.clone(), self.adam.first.clone(), self.adam.second.clone(), self.target.clone()];
        CriticParts { shared, action_values: self.action_values.to_parts() }
    }

    /// V of a state `[width]`.
    pub fn value(&self, state: &[f32]) -> f32 {
        self.evaluate(&self.shared, state).1
    }

    /// V of a state by the target.
    pub fn target_value(&self, state: &[f32]) -> f32 {
        self.evaluate(&self.target, state).1
    }

    /// Q - V of an item in a state.
    pub fn advantage(&mut self, state: &[f32], item: ItemIdx) -> f32 {
        let (hidden, value) = self.evaluate(&self.shared, state);
        self.action_value(&hidden, item) - value
    }

    fn action_value(&mut self, hidden: &[f32], item: ItemIdx) -> f32 {
        let row = self.action_values.row(item.index());
        dot(hidden, &row[..hidden.len()]) + row[hidden.len()]
    }

    /// The shared layer's output and the state value.
    fn evaluate(&self, parameters: &[f32], state: &[f32]) -> (Vec<f32>, f32) {
        let CriticConfig { width, n_hidden, .. } = self.config;
        let (weight, rest) = parameters.split_at(width * n_hidden);
        let (bias, head) = rest.split_at(n_hidden);
        let mut hidden = vec![0.0; n_hidden];
        affine(state, weight, bias, &mut hidden);
        hidden.iter_mut().for_each(|x| *x = x.max(0.0));
        let value = dot(&hidden, &head[..n_hidden]) + head[n_hidden];
        (hidden, value)
    }

    /// One gradient step on mean(w (Q - y)²) + mean((V - y)²); returns the losses before it.
    ///
    /// # Panics
    /// If the batch is empty.
    pub fn step(&mut self, batch: &[CriticRow<'_>]) -> CriticLoss {
        assert!(!batch.is_empty(), "a batch has rows");
        let mut gradient = vec![0.0; self.shared.len()];
        let mut row_gradients = RowGradients::new(self.config.n_hidden + 1);
        let loss = self.accumulate(batch, &mut gradient, &mut row_gradients);
        self.adam.step(&mut self.shared, &gradient);
        self.action_values.step(&row_gradients);
        if self.adam.n_steps.is_multiple_of(self.config.target_interval) {
            move_target(&mut self.target, &self.shared, self.config.target_rate);
        }
        loss
    }

    /// Losses and gradients of a batch.
    pub(crate) fn accumulate(
        &mut self,
        batch: &[CriticRow<'_>],
        gradient: &mut [f32],
        row_gradients: &mut RowGradients,
    ) -> CriticLoss {
        let CriticConfig { width, n_hidden, .. } = self.config;
        let share = 1.0 / batch.len() as f32;
        let mut loss = CriticLoss::default();
        for row in batch {
            let (hidden, value) = self.evaluate(&self.shared, row.state);
            let action_error = self.action_value(&hidden, row.item) - row.target;
            let value_error = value - row.target;
            loss.action_value += share * row.weight * action_error * action_error;
            loss.value += share * value_error * value_error;
            let (d_action, d_value) = (2.0 * share * row.weight * action_error, 2.0 * share * value_error);

            let mut row_gradient: Vec<f32> = hidden.iter().map(|x| d_action * x).collect();
            row_gradient.push(d_action);
            row_gradients.add(row.item.0, &row_gradient);
            let (weight, rest) = self.shared.split_at(width * n_hidden);
            let value_weight = &rest[n_hidden..2 * n_hidden];
            let mut upstream: Vec<f32> = value_weight.iter().map(|w| d_value * w).collect();
            add_scaled(&mut upstream, d_action, &self.action_values.row(row.item.index())[..n_hidden]);
            upstream.iter_mut().zip(&hidden).for_each(|(g, &x)| *g = if x > 0.0 { *g } else { 0.0 });
            let (d_weight, d_rest) = gradient.split_at_mut(width * n_hidden);
            let (d_bias, d_head) = d_rest.split_at_mut(n_hidden);
            add_scaled(&mut d_head[..n_hidden], d_value, &hidden);
            d_head[n_hidden] += d_value;
            affine_backward((row.state, weight, &upstream), d_weight, d_bias, &mut vec![0.0; width]);
        }
        loss
    }
}

/// target = (1 - rate) target + rate source.
pub(crate) fn move_target(target: &mut [f32], source: &[f32], rate: f32) {
    target.iter_mut().zip(source).for_each(|(t, s)| *t = (1.0 - rate) * *t + rate * s);
}
