//! The published losses on plain slices, with their gradients.

use kernels::{HeadLoss, head_gradient, softmax_row};

/// Coefficients of the policy loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossConfig {
    /// Of the entropy, which is subtracted.
    pub entropy: f32,
    /// Of the imitation loss.
    pub imitation: f32,
    /// The clamp that the logits went through; 0 for none.
    pub logit_limit: f32,
}

/// What a row of a policy batch contributes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyRow {
    /// The item that was shown.
    pub action: usize,
    /// Its advantage.
    pub advantage: f32,
    /// The weight of a demonstrated row; none for a row of the environment.
    pub demo_weight: Option<f32>,
}

/// The parts of the loss, each a mean over its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PolicyLoss {
    /// -mean of log-probability times advantage.
    pub actor: f32,
    /// Mean entropy.
    pub entropy: f32,
    /// -mean over demonstrated rows of weight times log-probability; 0 without any.
    pub imitation: f32,
    /// actor - entropy coefficient * entropy + imitation coefficient * imitation.
    pub total: f32,
}

/// Computes the loss of a batch and turns its clamped logits `[rows, items]` into the gradient by the logits before
/// the clamp. `probabilities` is scratch of the same size.
///
/// # Panics
/// If the lengths do not fit or an action has no column.
///
/// # Source
/// `docs/spec/released-code.md#policy-loss`. No importance correction: replayed rows count as if the current policy
/// had made them.
pub fn policy_loss(
    logits: &mut [f32],
    probabilities: &mut [f32],
    rows: &[PolicyRow],
    config: &LossConfig,
) -> PolicyLoss {
    let n_items = logits.len() / rows.len().max(1);
    assert!(logits.len() == n_items * rows.len() && probabilities.len() == logits.len(), "whole rows");
    let share = 1.0 / rows.len() as f32;
    let n_demos = rows.iter().filter(|row| row.demo_weight.is_some()).count();
    let demo_share = 1.0 / n_demos.max(1) as f32;
    let mut loss = PolicyLoss::default();
    let cells = logits.chunks_exact_mut(n_items).zip(probabilities.chunks_exact_mut(n_items));
    for ((z, p), row) in cells.zip(rows) {
        let statistics = softmax_row(z, p);
        let log_prob = z[row.action] - statistics.log_sum;
        let imitation_scale = row.demo_weight.map_or(0.0, |weight| demo_share * weight);
        loss.actor -= share * row.advantage * log_prob;
        loss.entropy += share * statistics.entropy;
        loss.imitation -= imitation_scale * log_prob;
        let head = HeadLoss {
            action: row.action,
            action_scale: share * row.advantage + config.imitation * imitation_scale,
            entropy_scale: share * config.entropy,
            limit: config.logit_limit,
        };
        head_gradient(z, p, statistics, head);
    }
    loss.total = loss.actor - config.entropy * loss.entropy + config.imitation * loss.imitation;
    loss
}

/// Centres advantages and divides by their population standard deviation (at least 1e-8), if there is more than one,
/// then clips them to `[-limit, limit]`.
pub fn normalise_advantages(advantages: &mut [f32], limit: f32) {
    let n = advantages.len() as f64;
    if advantages.len() > 1 {
        let mean = advantages.iter().map(|&a| f64::from(a)).sum::<f64>() / n;
        let variance = advantages.iter().map(|&a| (f64::from(a) - mean).powi(2)).sum::<f64>() / n;
        let scale = 1.0 / variance.sqrt().max(1e-8);
        advantages.iter_mut().for_each(|a| *a = ((f64::from(*a) - mean) * scale) as f32);
    }
    advantages.iter_mut().for_each(|a| *a = a.clamp(-limit, limit));
}

/// reward + discount * value of the next state, or the reward alone where the session ended.
pub fn temporal_difference_target(reward: f32, next_value: Option<f32>, discount: f32) -> f32 {
    reward + discount * next_value.unwrap_or(0.0)
}
