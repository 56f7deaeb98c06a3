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

/// A row of a critic batch, beside its state.
#[derive(Clone, Copy, Debug)]
pub struct CriticRow {
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
/// `StateQVCritic` of the published code, `docs/spec/released-code.md#critic`. Its target needs no action values, so
/// it has none.
#[derive(Clone, Debug, PartialEq)]
pub struct Critic {
    config: CriticConfig,
    /// Shared weight `[width, hidden]` and bias `[hidden]`, value weight `[hidden]` and bias.
    shared: Vec<f32>,
    target: Vec<f32>,
    adam: Adam,
    /// One row per item: weight `[hidden]` and bias.
    action_values: RowAdam,
    scratch: Scratch,
}

/// Memory that is used again; none of it carries a value from one call to the next.
#[derive(Clone, Debug, PartialEq)]
struct Scratch {
    /// Outputs of the shared layer, their gradients, and those of the states, which nobody asks for.
    hidden: Vec<f32>,
    d_hidden: Vec<f32>,
    d_states: Vec<f32>,
    values: Vec<f32>,
    gradient: Vec<f32>,
    row_gradient: Vec<f32>,
    row_gradients: RowGradients,
}

impl Scratch {
    fn new(n_hidden: usize) -> Self {
        let [hidden, d_hidden, d_states, values, gradient, row_gradient] = [const { Vec::new() }; 6];
        let row_gradients = RowGradients::new(n_hidden + 1);
        Self { hidden, d_hidden, d_states, values, gradient, row_gradient, row_gradients }
    }
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
        Self { config, target: shared.clone(), shared, adam, action_values, scratch: Scratch::new(n_hidden) }
    }

    /// The critic as a checkpoint has it.
    pub fn from_parts(config: CriticConfig, parts: CriticParts) -> Self {
        let CriticParts { shared: [shared, first, second, target], action_values } = parts;
        let mut adam = Adam::new(AdamConfig::with_learning_rate(config.learning_rate), shared.len());
        adam.n_steps = u64::from(action_values.n_steps);
        (adam.first, adam.second) = (first, second);
        let action_values = RowAdam::from_parts(config.learning_rate, config.n_hidden + 1, action_values);
        Self { config, shared, target, adam, action_values, scratch: Scratch::new(config.n_hidden) }
    }

    /// Everything the critic is made of.
    pub fn to_parts(&self) -> CriticParts {
        let shared =
            [self.shared.clone(), self.adam.first.clone(), self.adam.second.clone(), self.target.clone()];
        CriticParts { shared, action_values: self.action_values.to_parts() }
    }

    /// V of every state `[states, width]`, appended to `out`.
    pub fn append_values(&mut self, states: &[f32], out: &mut Vec<f32>) {
        evaluate(&self.config, &self.shared, states, &mut self.scratch.hidden, out);
    }

    /// V of every state by the target, appended to `out`.
    pub fn append_target_values(&mut self, states: &[f32], out: &mut Vec<f32>) {
        evaluate(&self.config, &self.target, states, &mut self.scratch.hidden, out);
    }

    /// Q - V of one item in every state, appended to `out`.
    pub fn append_advantages(
        &mut self,
        states: &[f32],
        items: impl Iterator<Item = ItemIdx>,
        out: &mut Vec<f32>,
    ) {
        let Self { config, shared, action_values, scratch, .. } = self;
        scratch.values.clear();
        evaluate(config, shared, states, &mut scratch.hidden, &mut scratch.values);
        let rows = scratch.hidden.chunks_exact(config.n_hidden).zip(&scratch.values).zip(items);
        out.extend(rows.map(|((hidden, value), item)| action_value(action_values, hidden, item) - value));
    }

    /// One gradient step on mean(w (Q - y)²) + mean((V - y)²) over `states: [rows, width]`, which are taken as
    /// constants; returns the losses before it.
    ///
    /// # Panics
    /// If the batch is empty or there is not one state per row.
    pub fn step(&mut self, states: &[f32], batch: &[CriticRow]) -> CriticLoss {
        let loss = self.accumulate(states, batch);
        self.adam.step(&mut self.shared, &self.scratch.gradient);
        self.action_values.step(&self.scratch.row_gradients);
        if self.adam.n_steps.is_multiple_of(self.config.target_interval) {
            move_target(&mut self.target, &self.shared, self.config.target_rate);
        }
        loss
    }

    /// Gradients of shared parameters and action values after [`Critic::accumulate`].
    #[cfg(test)]
    pub(crate) fn gradients(&self) -> (&[f32], &RowGradients) {
        (&self.scratch.gradient, &self.scratch.row_gradients)
    }

    /// Losses of a batch; the gradients stay in the scratch.
    pub(crate) fn accumulate(&mut self, states: &[f32], batch: &[CriticRow]) -> CriticLoss {
        let Self { config, shared, action_values, scratch, .. } = self;
        let CriticConfig { width, n_hidden, .. } = *config;
        assert!(!batch.is_empty() && states.len() == batch.len() * width, "a batch, one state per row");
        let Scratch { hidden, d_hidden, d_states, values, gradient, row_gradient, row_gradients } = scratch;
        values.clear();
        evaluate(config, shared, states, hidden, values);
        gradient.clear();
        gradient.resize(shared.len(), 0.0);
        row_gradients.clear();
        d_hidden.clear();
        let (weight, rest) = shared.split_at(width * n_hidden);
        let (d_weight, d_rest) = gradient.split_at_mut(width * n_hidden);
        let (d_bias, d_head) = d_rest.split_at_mut(n_hidden);
        let share = 1.0 / batch.len() as f32;
        let mut loss = CriticLoss::default();
        for ((row, hidden), &value) in batch.iter().zip(hidden.chunks_exact(n_hidden)).zip(&*values) {
            let action_error = action_value(action_values, hidden, row.item) - row.target;
            let value_error = value - row.target;
            loss.action_value += share * row.weight * action_error * action_error;
            loss.value += share * value_error * value_error;
            let (d_action, d_value) = (2.0 * share * row.weight * action_error, 2.0 * share * value_error);

            row_gradient.clear();
            row_gradient.extend(hidden.iter().map(|x| d_action * x));
            row_gradient.push(d_action);
            row_gradients.add(row.item.0, row_gradient);
            let start = d_hidden.len();
            d_hidden.extend(rest[n_hidden..2 * n_hidden].iter().map(|w| d_value * w));
            let upstream = &mut d_hidden[start..];
            add_scaled(upstream, d_action, &action_values.row(row.item.index())[..n_hidden]);
            upstream.iter_mut().zip(hidden).for_each(|(g, &x)| *g = if x > 0.0 { *g } else { 0.0 });
            add_scaled(&mut d_head[..n_hidden], d_value, hidden);
            d_head[n_hidden] += d_value;
        }
        d_states.resize(states.len(), 0.0);
        affine_backward((states, weight, &d_hidden[..]), d_weight, d_bias, d_states);
        loss
    }
}

/// The shared layer's outputs `[states, hidden]`, written over `hidden`, and the state values, appended to `values`.
fn evaluate(
    config: &CriticConfig,
    parameters: &[f32],
    states: &[f32],
    hidden: &mut Vec<f32>,
    values: &mut Vec<f32>,
) {
    let CriticConfig { width, n_hidden, .. } = *config;
    let (weight, rest) = parameters.split_at(width * n_hidden);
    let (bias, head) = rest.split_at(n_hidden);
    hidden.resize(states.len() / width * n_hidden, 0.0);
    affine(states, weight, bias, hidden);
    hidden.iter_mut().for_each(|x| *x = x.max(0.0));
    let of = |hidden: &[f32]| dot(hidden, &head[..n_hidden]) + head[n_hidden];
    values.extend(hidden.chunks_exact(n_hidden).map(of));
}

/// Q of an item, given the shared layer's output.
fn action_value(action_values: &mut RowAdam, hidden: &[f32], item: ItemIdx) -> f32 {
    let row = action_values.row(item.index());
    dot(hidden, &row[..hidden.len()]) + row[hidden.len()]
}

/// target = (1 - rate) target + rate source.
pub(crate) fn move_target(target: &mut [f32], source: &[f32], rate: f32) {
    target.iter_mut().zip(source).for_each(|(t, s)| *t = (1.0 - rate) * *t + rate * s);
}
