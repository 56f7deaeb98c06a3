//! How much a demonstrated step is worth imitating: its advantage and how expert-like it looks, fused
//! geometrically.

use crate::RewardError;

/// Settings of the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightConfig {
    beta: f32,
    alpha: f32,
    gamma_irl: f32,
    limits: (f32, f32),
}

impl WeightConfig {
    /// `beta` is the temperature of the advantage, `alpha` the exponent of the advantage's part (`1 - alpha` is
    /// the discriminator's), `gamma_irl` sharpens the discriminator's odds.
    ///
    /// # Errors
    /// Unless beta > 0, alpha lies in 0..=1 and gamma_irl >= 0.
    pub fn new(beta: f32, alpha: f32, gamma_irl: f32) -> Result<Self, RewardError> {
        let refuse = |name, expected, got| Err(RewardError::Setting { name, expected, got });
        if !(beta > 0.0 && beta.is_finite()) {
            return refuse("beta", "above 0", beta);
        }
        if !(0.0..=1.0).contains(&alpha) {
            return refuse("alpha", "between 0 and 1", alpha);
        }
        if !(gamma_irl >= 0.0 && gamma_irl.is_finite()) {
            return refuse("gamma_irl", "at least 0", gamma_irl);
        }
        Ok(Self { beta, alpha, gamma_irl, limits: (1e-6, 1e6) })
    }

    /// Replaces the limits 1e-6 and 1e6 of every part and of the result.
    ///
    /// # Errors
    /// Unless 0 < low <= high.
    pub fn with_limits(self, low: f32, high: f32) -> Result<Self, RewardError> {
        if !(low > 0.0 && low <= high) {
            return Err(RewardError::Setting {
                name: "low limit",
                expected: "above 0, at most high",
                got: low,
            });
        }
        Ok(Self { limits: (low, high), ..self })
    }

    /// The part that stays inside the limits.
    fn clip(&self, value: f32) -> f32 {
        value.clamp(self.limits.0, self.limits.1)
    }
}

/// exp(advantage / beta), within the limits: the environment's opinion of a step.
pub fn env_weight(advantage: f32, config: &WeightConfig) -> f32 {
    config.clip((advantage / config.beta).clamp(-80.0, 80.0).exp())
}

/// The odds that an expert made the step, (1/p - 1)^gamma_irl for p = the probability that the policy made it,
/// within the limits.
pub fn irl_weight(probability_of_policy: f32, config: &WeightConfig) -> f32 {
    // In f32 the upper bound rounds to 1; the limits then give the lowest weight, as in the published code.
    let p = probability_of_policy.clamp(1e-8, 1.0 - 1e-8);
    config.clip((1.0 / p - 1.0).powf(config.gamma_irl))
}

/// Weights of a batch of demonstrated steps, w_env^alpha * w_irl^(1 - alpha), scaled to mean 1 over the batch and
/// clipped again. Where the mean is not a usable number, every weight is 1.
///
/// # Shapes
/// `advantages` and `probabilities_of_policy` have one value per step.
///
/// # Panics
/// If the lengths differ.
///
/// # Source
/// The published code, `docs/spec/released-code.md#weights`; the paper gives the same formula without the limits.
pub fn fused_weights(advantages: &[f32], probabilities_of_policy: &[f32], config: &WeightConfig) -> Vec<f32> {
    assert_eq!(advantages.len(), probabilities_of_policy.len(), "one probability per advantage");
    let fuse = |(&advantage, &p): (&f32, &f32)| {
        let by_env = env_weight(advantage, config).powf(config.alpha);
        config.clip(by_env * irl_weight(p, config).powf(1.0 - config.alpha))
    };
    let raw: Vec<f32> = advantages.iter().zip(probabilities_of_policy).map(fuse).collect();
    let mean = raw.iter().map(|&w| f64::from(w)).sum::<f64>() / raw.len().max(1) as f64;
    if !mean.is_finite() || mean.abs() < 1e-8 {
        return vec![1.0; raw.len()];
    }
    raw.iter().map(|&w| config.clip((f64::from(w) / mean) as f32)).collect()
}
