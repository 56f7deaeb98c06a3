//! Who made this step, the policy or the demonstrator?

use crate::RewardError;
use crate::error::check_length;
use kernels::{Adam, AdamConfig};
use mdp::Rng;
use nn::Mlp;

/// The label of a step that the policy made. The probability the discriminator gives is that of this label, so a
/// *high* logit means policy and a *low* one means expert.
pub const LABEL_POLICY: f32 = 1.0;
/// The label of a demonstrated step.
pub const LABEL_DEMONSTRATION: f32 = 0.0;

/// The probability that the policy made the step: the one place where the sign of the discriminator is decided.
pub fn probability_of_policy(logit_policy_is_high: f32) -> f32 {
    1.0 / (1.0 + (-logit_policy_is_high).exp())
}

/// r_IRL = -log(max(D, 1e-8)): large for steps that look like an expert's.
///
/// # Source
/// `docs/spec/method.md#discriminator`.
pub fn learned_reward(probability_of_policy: f32) -> f32 {
    -probability_of_policy.max(1e-8).ln()
}

/// Mean binary cross-entropy of logits against labels, and its gradient by the logits.
///
/// # Panics
/// If the lengths differ.
pub fn binary_cross_entropy(logits: &[f32], labels: &[f32]) -> (f32, Vec<f32>) {
    assert_eq!(logits.len(), labels.len(), "one label per logit");
    let scale = 1.0 / logits.len().max(1) as f32;
    // softplus(z) - y z, written so that neither sign of z overflows.
    let loss = |z: f32, y: f32| z.max(0.0) - z * y + (-z.abs()).exp().ln_1p();
    let sum: f64 = logits.iter().zip(labels).map(|(&z, &y)| f64::from(loss(z, y))).sum();
    let gradient = logits.iter().zip(labels).map(|(&z, &y)| scale * (probability_of_policy(z) - y)).collect();
    (sum as f32 * scale, gradient)
}

/// A perceptron on features of (state, action) with its optimiser.
#[derive(Clone, Debug, PartialEq)]
pub struct Discriminator {
    /// The network, `[features] -> [hidden] -> [1]`.
    pub network: Mlp,
    /// Its moments.
    pub adam: Adam,
}

impl Discriminator {
    /// A fresh discriminator of features of length `n_features`.
    pub fn new(n_features: usize, n_hidden: usize, learning_rate: f32, rng: &mut Rng) -> Self {
        let network = Mlp::new(&[n_features, n_hidden, 1], rng);
        let adam = Adam::new(AdamConfig::with_learning_rate(learning_rate), network.parameters.len());
        Self { network, adam }
    }

    /// The length of one row of features.
    pub fn n_features(&self) -> usize {
        self.network.sizes()[0]
    }

    /// One logit per row of `features: [rows, features]`; high means policy, low means expert.
    pub fn logits_policy_is_high(&self, features: &[f32]) -> Vec<f32> {
        self.network.apply(features)
    }

    /// One probability per row that the policy made the step.
    pub fn probabilities_of_policy(&self, features: &[f32]) -> Vec<f32> {
        self.logits_policy_is_high(features).into_iter().map(probability_of_policy).collect()
    }

    /// One gradient step on demonstrated and policy rows, both `[rows, features]`; returns the loss before it.
    ///
    /// # Errors
    /// When there are no rows, or a slice is not a whole number of rows.
    pub fn step(&mut self, demonstrated: &[f32], by_policy: &[f32]) -> Result<f32, RewardError> {
        let width = self.n_features();
        for rows in [demonstrated, by_policy] {
            check_length("features", rows.len().next_multiple_of(width), rows.len())?;
        }
        let rows = [demonstrated, by_policy].concat();
        if rows.is_empty() {
            return Err(RewardError::Empty("steps"));
        }
        let mut labels = vec![LABEL_DEMONSTRATION; demonstrated.len() / width];
        labels.resize(rows.len() / width, LABEL_POLICY);
        let trace = self.network.forward(&rows);
        let (loss, upstream) = binary_cross_entropy(trace.output(), &labels);
        let mut gradient = vec![0.0; self.network.parameters.len()];
        self.network.backward(&trace, &upstream, &mut gradient);
        self.adam.step(&mut self.network.parameters, &gradient);
        Ok(loss)
    }
}
