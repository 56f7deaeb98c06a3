//! Fully connected layers with ReLU between them and a linear output.

use crate::random::uniforms;
use kernels::{Layout, matmul};
use mdp::Rng;

/// A multi-layer perceptron. All parameters lie in one flat vector, layer by layer: weight `[in, out]`
/// row-major, then bias `[out]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    sizes: Vec<usize>,
    /// All parameters, in the order above.
    pub parameters: Vec<f32>,
}

/// What a forward pass leaves for the backward pass: the input and every layer's output.
#[derive(Clone, Debug, Default)]
pub struct MlpTrace {
    n_rows: usize,
    outputs: Vec<Vec<f32>>,
}

impl MlpTrace {
    /// The network's output, `[rows, sizes.last]`.
    pub fn output(&self) -> &[f32] {
        self.outputs.last().map_or(&[], Vec::as_slice)
    }
}

impl Mlp {
    /// Weights and biases uniform within one over the root of a layer's inputs, as PyTorch's `Linear` has them.
    /// `sizes` are input, hidden layers, output.
    ///
    /// # Panics
    /// If there are fewer than two sizes.
    pub fn new(sizes: &[usize], rng: &mut Rng) -> Self {
        assert!(sizes.len() >= 2, "an input and an output");
        let mut parameters = Vec::new();
        for pair in sizes.windows(2) {
            parameters.extend(uniforms((pair[0] + 1) * pair[1], (pair[0] as f32).powf(-0.5), rng));
        }
        Self { sizes: sizes.to_vec(), parameters }
    }

    /// Input, hidden and output widths.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// Offsets of each layer's weight and bias in the flat vector.
    fn layers(&self) -> impl DoubleEndedIterator<Item = (usize, usize, usize)> + ExactSizeIterator {
        let mut offset = 0;
        self.sizes
            .windows(2)
            .map(move |pair| {
                let start = offset;
                offset += (pair[0] + 1) * pair[1];
                (start, pair[0], pair[1])
            })
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Runs the network on `input: [rows, sizes[0]]`, keeping what [`Mlp::backward`] needs.
    ///
    /// # Panics
    /// If the input is not a whole number of rows.
    pub fn forward(&self, input: &[f32]) -> MlpTrace {
        assert_eq!(input.len() % self.sizes[0], 0, "whole rows");
        let n_rows = input.len() / self.sizes[0];
        let mut outputs = vec![input.to_vec()];
        let last = self.sizes.len() - 2;
        for (index, (start, n_in, n_out)) in self.layers().enumerate() {
            let (weight, bias) = self.parameters[start..start + (n_in + 1) * n_out].split_at(n_in * n_out);
            let mut out = bias.repeat(n_rows);
            let operands = ((outputs[index].as_slice(), Layout::Plain), (weight, Layout::Plain));
            matmul((n_rows, n_in, n_out), operands.0, operands.1, 1.0, &mut out);
            if index < last {
                out.iter_mut().for_each(|x| *x = x.max(0.0));
            }
            outputs.push(out);
        }
        MlpTrace { n_rows, outputs }
    }

    /// Only the output, `[rows, sizes.last]`.
    pub fn apply(&self, input: &[f32]) -> Vec<f32> {
        self.forward(input).outputs.pop().unwrap_or_default()
    }

    /// Adds the parameters' gradient to `gradient` (laid out as [`Mlp::parameters`]) and returns the input's
    /// gradient `[rows, sizes[0]]`, given the output's.
    ///
    /// # Panics
    /// If a length does not fit the trace.
    pub fn backward(&self, trace: &MlpTrace, output_gradient: &[f32], gradient: &mut [f32]) -> Vec<f32> {
        assert_eq!(gradient.len(), self.parameters.len(), "one gradient per parameter");
        let n_rows = trace.n_rows;
        let mut upstream = output_gradient.to_vec();
        let last = self.sizes.len() - 2;
        for (index, (start, n_in, n_out)) in self.layers().enumerate().rev() {
            let (input, output) = (&trace.outputs[index], &trace.outputs[index + 1]);
            if index < last {
                upstream.iter_mut().zip(output).for_each(|(g, &y)| *g = if y > 0.0 { *g } else { 0.0 });
            }
            let (weight_gradient, bias_gradient) =
                gradient[start..start + (n_in + 1) * n_out].split_at_mut(n_in * n_out);
            let shapes = (n_in, n_rows, n_out);
            matmul(shapes, (input, Layout::Transposed), (&upstream, Layout::Plain), 1.0, weight_gradient);
            for row in upstream.chunks_exact(n_out) {
                kernels::add_scaled(bias_gradient, 1.0, row);
            }
            let weight = &self.parameters[start..start + n_in * n_out];
            let mut downstream = vec![0.0; n_rows * n_in];
            let operands = ((upstream.as_slice(), Layout::Plain), (weight, Layout::Transposed));
            matmul((n_rows, n_out, n_in), operands.0, operands.1, 0.0, &mut downstream);
            upstream = downstream;
        }
        upstream
    }
}
