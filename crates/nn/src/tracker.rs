//! The published state tracker: a user vector plus what attention makes of the session's last items and rewards.

use crate::attention::{self, LayerTrace};
use crate::dropout::Dropout;
use crate::norm::{NormTrace, layer_norm, layer_norm_backward};
use crate::random::{normals, uniforms};
use kernels::{add_scaled, clamp_logits};
use mdp::Rng;

/// Rewards are divided by this before they are projected.
pub(crate) const REWARD_SCALE: f32 = 5.0;

/// The size of a tracker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackerConfig {
    /// Length of user vectors, item vectors and states.
    pub width: usize,
    /// How many of the session's last steps are seen.
    pub window: usize,
    /// Transformer layers, at least one.
    pub n_layers: usize,
    /// Probability with which a value is dropped while training.
    pub dropout: f32,
}

/// The tracker without its tables: reward projection, positions, Transformer layers, final norm, in this order in
/// one flat vector. User and item vectors come in as rows, so that a table may live anywhere.
///
/// # Source
/// `UserActorCritic` of the published code, `docs/spec/released-code.md#state-tracker`. Empty slots of the window are
/// masked there; here they do not exist, which is the same function: the answer is read from the newest slot, which
/// is never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct StateTracker {
    config: TrackerConfig,
    /// All parameters.
    pub parameters: Vec<f32>,
}

/// Input, intermediate values, masks and gradients of one state; reused, it does not allocate.
#[derive(Clone, Debug)]
pub struct TrackerTrace {
    user: Vec<f32>,
    items: Vec<f32>,
    rewards: Vec<f32>,
    tokens: Vec<f32>,
    layers: Vec<LayerTrace>,
    norm: NormTrace,
    state: Vec<f32>,
}

/// Gradients of the inputs of one state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputGradients {
    /// Of the user vector, `[width]`.
    pub user: Vec<f32>,
    /// Of the item vectors, `[steps, width]`, oldest first.
    pub items: Vec<f32>,
}

impl TrackerTrace {
    /// An empty trace for trackers of this size.
    pub fn new(config: &TrackerConfig) -> Self {
        Self {
            user: vec![0.0; config.width],
            items: Vec::new(),
            rewards: Vec::new(),
            tokens: Vec::new(),
            layers: vec![LayerTrace::default(); config.n_layers],
            norm: NormTrace::default(),
            state: vec![0.0; config.width],
        }
    }

    /// Starts the input of a state: the user's vector, and no steps.
    pub fn start(&mut self, user: &[f32]) {
        self.user.copy_from_slice(user);
        self.items.clear();
        self.rewards.clear();
    }

    /// Adds a step, oldest first: the item's vector and its raw reward.
    pub fn push(&mut self, item: &[f32], reward: f32) {
        self.items.extend_from_slice(item);
        self.rewards.push(reward);
    }

    /// The state of the last [`StateTracker::encode`], `[width]`.
    pub fn state(&self) -> &[f32] {
        &self.state
    }
}

impl StateTracker {
    /// A fresh tracker. All layers start as copies of one, as PyTorch's encoder has them.
    ///
    /// # Panics
    /// If there is no layer, window or width.
    pub fn new(config: TrackerConfig, rng: &mut Rng) -> Self {
        assert!(config.n_layers > 0 && config.window > 0 && config.width > 0, "sizes of a tracker");
        let h = config.width;
        let mut parameters = uniforms(2 * h, 1.0, rng);
        parameters.extend(normals(config.window * h, 1.0, rng));
        let layer = attention::initial(h, rng);
        (0..config.n_layers).for_each(|_| parameters.extend_from_slice(&layer));
        parameters.extend(std::iter::repeat_n(1.0, h));
        parameters.extend(std::iter::repeat_n(0.0, h));
        Self { config, parameters }
    }

    /// Its size.
    pub fn config(&self) -> &TrackerConfig {
        &self.config
    }

    /// Computes the state of the trace's input and returns it, `[width]`.
    ///
    /// # Panics
    /// If the trace holds more steps than the window or was made for another size.
    pub fn encode<'t>(&self, trace: &'t mut TrackerTrace, mut dropout: Dropout<'_>) -> &'t [f32] {
        let TrackerConfig { width: h, window, n_layers, dropout: rate } = self.config;
        let n_steps = trace.rewards.len();
        assert!(n_steps <= window && trace.items.len() == n_steps * h, "at most a window of steps");
        trace.state.copy_from_slice(&trace.user);
        if n_steps > 0 {
            self.embed(trace);
            let mut input: &[f32] = &trace.tokens;
            for (index, layer) in trace.layers.iter_mut().enumerate() {
                let n_queries = if index + 1 == n_layers { 1 } else { n_steps };
                let parameters = &self.parameters[self.layer(index)];
                attention::forward(parameters, h, (input, n_queries), (&mut dropout, rate), layer);
                input = &layer.output;
            }
            add_scaled(&mut trace.state, 1.0, input);
        }
        let (gain, offset) = self.parameters[self.norm()].split_at(h);
        layer_norm(&mut trace.state, gain, offset, &mut trace.norm);
        trace.state.iter_mut().for_each(|x| *x = x.max(0.0));
        &trace.state
    }

    /// Tokens: tanh(item + reward projection + position), the newest step in the last slot.
    fn embed(&self, trace: &mut TrackerTrace) {
        let h = self.config.width;
        let (projection, rest) = self.parameters.split_at(h);
        let (bias, positions) = rest.split_at(h);
        let first_slot = self.config.window - trace.rewards.len();
        trace.tokens.clear();
        trace.tokens.extend_from_slice(&trace.items);
        for (step, token) in trace.tokens.chunks_exact_mut(h).enumerate() {
            let reward = trace.rewards[step] / REWARD_SCALE;
            let position = &positions[(first_slot + step) * h..][..h];
            for i in 0..h {
                token[i] += projection[i] * reward + bias[i] + position[i];
            }
        }
        clamp_logits(&mut trace.tokens, 1.0);
    }

    /// Adds the parameters' gradient to `gradient` (laid out as [`StateTracker::parameters`]), given the state's, and
    /// returns the inputs' gradients.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn backward(&self, trace: &TrackerTrace, upstream: &[f32], gradient: &mut [f32]) -> InputGradients {
        assert_eq!(gradient.len(), self.parameters.len(), "one gradient per parameter");
        let TrackerConfig { width: h, window, .. } = self.config;
        let active = |(g, &s): (&f32, &f32)| if s > 0.0 { *g } else { 0.0 };
        let mut d_sum: Vec<f32> = upstream.iter().zip(&trace.state).map(active).collect();
        let gain = &self.parameters[self.norm()][..h];
        let (d_gain, d_offset) = gradient[self.norm()].split_at_mut(h);
        layer_norm_backward(&mut d_sum, gain, &trace.norm, d_gain, d_offset);
        let user = d_sum.clone();
        if trace.rewards.is_empty() {
            return InputGradients { user, items: Vec::new() };
        }
        let mut items = d_sum;
        for (index, layer) in trace.layers.iter().enumerate().rev() {
            let range = self.layer(index);
            items =
                attention::backward(&self.parameters[range.clone()], h, layer, items, &mut gradient[range]);
        }
        items.iter_mut().zip(&trace.tokens).for_each(|(d, t)| *d *= 1.0 - t * t);
        let (d_projection, rest) = gradient.split_at_mut(h);
        let (d_bias, d_positions) = rest.split_at_mut(h);
        let first_slot = window - trace.rewards.len();
        for (step, d) in items.chunks_exact(h).enumerate() {
            add_scaled(d_projection, trace.rewards[step] / REWARD_SCALE, d);
            add_scaled(d_bias, 1.0, d);
            add_scaled(&mut d_positions[(first_slot + step) * h..][..h], 1.0, d);
        }
        InputGradients { user, items }
    }

    pub(crate) fn layer(&self, index: usize) -> std::ops::Range<usize> {
        let length = attention::n_parameters(self.config.width);
        let start = (2 + self.config.window) * self.config.width + index * length;
        start..start + length
    }

    pub(crate) fn norm(&self) -> std::ops::Range<usize> {
        let start = self.layer(self.config.n_layers).start;
        start..start + 2 * self.config.width
    }
}
