//! A small network over columns: the hidden layer stays in registers.

use crate::Isa;
use crate::isa::Kernel;
use crate::lanes::{LANES, Lanes};

/// Vectors of rows that are worked on together, so that one weight is fetched for all of them.
const TOGETHER: usize = 4;
const BLOCK: usize = TOGETHER * LANES;

/// A perceptron with one hidden ReLU layer and one output, over columns: `out[i]` is its output for the inputs
/// `columns[0][i], columns[1][i], ...`.
///
/// # Shapes
/// `weights_in: [inputs, hidden]` row-major, `bias_in` and `weights_out: [hidden]`, columns and `out: [rows]`.
pub fn perceptron_over_columns(
    (weights_in, bias_in): (&[f32], &[f32]),
    (weights_out, bias_out): (&[f32], f32),
    columns: &[&[f32]],
    out: &mut [f32],
) {
    assert_eq!(weights_in.len(), columns.len() * bias_in.len(), "one weight per input and hidden unit");
    assert_eq!(weights_out.len(), bias_in.len(), "one weight per hidden unit");
    assert!(columns.iter().all(|c| c.len() == out.len()), "lengths");
    let network = Network { weights_in, bias_in, weights_out, bias_out };
    Isa::detected().run(Rows { network, columns, out });
}

#[derive(Clone, Copy)]
struct Network<'a> {
    weights_in: &'a [f32],
    bias_in: &'a [f32],
    weights_out: &'a [f32],
    bias_out: f32,
}

struct Rows<'a> {
    network: Network<'a>,
    columns: &'a [&'a [f32]],
    out: &'a mut [f32],
}

impl Kernel for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { network, columns, out } = self;
        let whole = out.len() / BLOCK * BLOCK;
        for start in (0..whole).step_by(BLOCK) {
            network.apply::<L, TOGETHER>(columns, start, &mut out[start..start + BLOCK]);
        }
        for start in (whole..out.len()).step_by(LANES) {
            let n = LANES.min(out.len() - start);
            let mut padded = vec![[0.0; LANES]; columns.len()];
            for (cells, column) in padded.iter_mut().zip(columns) {
                cells[..n].copy_from_slice(&column[start..start + n]);
            }
            let rest: Vec<&[f32]> = padded.iter().map(|cells| &cells[..]).collect();
            let mut last = [0.0; LANES];
            network.apply::<L, 1>(&rest, 0, &mut last);
            out[start..start + n].copy_from_slice(&last[..n]);
        }
    }
}

impl Network<'_> {
    /// `N` vectors of rows from `start` on.
    #[inline(always)]
    fn apply<L: Lanes, const N: usize>(&self, columns: &[&[f32]], start: usize, out: &mut [f32]) {
        let n_hidden = self.bias_in.len();
        let zero = L::splat(0.0);
        let mut sums = [L::splat(self.bias_out); N];
        for (unit, (&bias, &weight_out)) in self.bias_in.iter().zip(self.weights_out).enumerate() {
            let mut hidden = [L::splat(bias); N];
            for (column, weights) in columns.iter().zip(self.weights_in.chunks_exact(n_hidden)) {
                let weight = L::splat(weights[unit]);
                let cells = column[start..start + N * LANES].as_chunks::<LANES>().0;
                for (h, x) in hidden.iter_mut().zip(cells) {
                    *h = L::load(x).mul_add(weight, *h);
                }
            }
            let weight = L::splat(weight_out);
            for (sum, h) in sums.iter_mut().zip(hidden) {
                *sum = h.max(zero).mul_add(weight, *sum);
            }
        }
        for (cells, sum) in out.as_chunks_mut::<LANES>().0.iter_mut().zip(sums) {
            sum.store(cells);
        }
    }
}
