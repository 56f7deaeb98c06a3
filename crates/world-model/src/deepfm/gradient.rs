//! The backward pass of one DeepFM.

use super::network::{DeepFm, Trace};
use kernels::add_scaled;

/// Gradients of the dense parameters.
#[derive(Clone, Debug)]
pub(crate) struct DenseGradient {
    /// Laid out as the trunk's parameters.
    pub(crate) trunk: Vec<f32>,
    /// Laid out as the heads.
    pub(crate) heads: Vec<f32>,
}

/// Gradients of the rows that went in, each `[batch, embedding + 1]`.
#[derive(Clone, Debug)]
pub(crate) struct RowGradients {
    pub(crate) users: Vec<f32>,
    pub(crate) items: Vec<f32>,
}

impl DenseGradient {
    pub(crate) fn zero(network: &DeepFm) -> Self {
        Self { trunk: vec![0.0; network.trunk.parameters.len()], heads: vec![0.0; network.heads.len()] }
    }

    pub(crate) fn clear(&mut self) {
        self.trunk.fill(0.0);
        self.heads.fill(0.0);
    }
}

/// Adds to `dense` and returns the rows' gradients, given the loss's derivatives by mean and by (squashed)
/// log-variance, both `[batch]`.
pub(crate) fn backward(
    network: &DeepFm,
    trace: &Trace,
    by_mean: &[f32],
    by_log_variance: &[f32],
    dense: &mut DenseGradient,
) -> RowGradients {
    let head_width = network.head_width();
    let n_rows = by_mean.len();
    let by_raw: Vec<f32> = by_log_variance.iter().zip(&trace.squash_slopes).map(|(g, s)| g * s).collect();
    let (mean_head, variance_head) = network.heads[..2 * head_width].split_at(head_width);
    let (mean_gradient, rest) = dense.heads.split_at_mut(head_width);
    let (variance_gradient, bias_gradient) = rest.split_at_mut(head_width);
    bias_gradient[0] += by_mean.iter().sum::<f32>();
    let mut by_hidden = vec![0.0; n_rows * head_width];
    let rows = trace.hidden.chunks_exact(head_width).zip(by_hidden.chunks_exact_mut(head_width));
    for ((hidden, out), (&g_mean, &g_raw)) in rows.zip(by_mean.iter().zip(&by_raw)) {
        add_scaled(mean_gradient, g_mean, hidden);
        add_scaled(variance_gradient, g_raw, hidden);
        let weights = mean_head.iter().zip(variance_head);
        for ((out, &h), (mean, variance)) in out.iter_mut().zip(hidden).zip(weights) {
            *out = if h > 0.0 { g_mean * mean + g_raw * variance } else { 0.0 };
        }
    }
    let by_input = network.trunk.backward(&trace.trunk, &by_hidden, &mut dense.trunk);
    row_gradients(network, trace, by_mean, &by_input)
}

/// Adds the paths through the inner product and the first order to the trunk's.
fn row_gradients(network: &DeepFm, trace: &Trace, by_mean: &[f32], by_input: &[f32]) -> RowGradients {
    let dim = network.embedding_dim();
    let mut out = RowGradients { users: Vec::new(), items: Vec::new() };
    for (row, &g) in by_mean.iter().enumerate() {
        let span = row * 2 * dim..(row + 1) * 2 * dim;
        let (user, item) = trace.input[span.clone()].split_at(dim);
        let (by_user, by_item) = by_input[span].split_at(dim);
        out.users.extend(by_user.iter().zip(item).map(|(path, v)| path + g * v));
        out.users.push(g);
        out.items.extend(by_item.iter().zip(user).map(|(path, v)| path + g * v));
        out.items.push(g);
    }
    out
}
