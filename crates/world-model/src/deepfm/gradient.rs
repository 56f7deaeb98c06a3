//! The backward pass of one DeepFM.

use super::network::{DeepFm, Trace};
use kernels::{Layout, add_scaled, matmul};

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
    let shapes = (head_width, n_rows, 1);
    let hidden = (trace.hidden.as_slice(), Layout::Transposed);
    let (mean_gradient, rest) = dense.heads.split_at_mut(head_width);
    matmul(shapes, hidden, (by_mean, Layout::Plain), 1.0, mean_gradient);
    matmul(shapes, hidden, (&by_raw, Layout::Plain), 1.0, &mut rest[..head_width]);
    rest[head_width] += by_mean.iter().sum::<f32>();
    let mut by_hidden = vec![0.0; n_rows * head_width];
    for (row, out) in by_hidden.chunks_exact_mut(head_width).enumerate() {
        add_scaled(out, by_mean[row], mean_head);
        add_scaled(out, by_raw[row], variance_head);
    }
    by_hidden.iter_mut().zip(&trace.hidden).for_each(|(g, &h)| *g = if h > 0.0 { *g } else { 0.0 });
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
