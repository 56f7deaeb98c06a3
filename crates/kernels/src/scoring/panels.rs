//! The scores of a panel of items, whatever its precision.

use super::bytes::{ByteState, ByteWeights};
use super::{PANEL, ScoringTable, Weights};
use crate::lanes::{LANES, Lanes};
use crate::product::{Left, Start, product};

/// States in the forms that the precisions need.
pub(super) struct States<'a> {
    plain: &'a [f32],
    bytes: Vec<ByteState>,
}

impl ScoringTable {
    /// Prepares `states: [states, width]`.
    pub(super) fn states<'a>(&self, states: &'a [f32]) -> States<'a> {
        assert!(states.len().is_multiple_of(self.width), "whole states");
        let bytes = match &self.weights {
            Weights::Byte(_) => states.chunks_exact(self.width).map(ByteState::new).collect(),
            _ => Vec::new(),
        };
        States { plain: states, bytes }
    }

    /// The scores of a panel, `[states, PANEL]`.
    #[inline(always)]
    pub(super) fn panel<L: Lanes>(&self, index: usize, states: &States<'_>, scores: &mut [f32]) {
        let (width, n_states) = (self.width, states.plain.len() / self.width);
        let bias = &self.bias[index * PANEL..][..PANEL];
        let cells = index * PANEL * width..(index + 1) * PANEL * width;
        match &self.weights {
            Weights::Single(weights) => {
                let left = Left::Rows(states.plain, width);
                let (right, start) = ((&weights[cells], PANEL), Start::PerColumn(bias));
                product::<L>((n_states, width, PANEL), left, right, start, (scores, PANEL));
            }
            Weights::Half(weights) if n_states == 1 => {
                half_panel::<L>(&weights[cells], states.plain, bias, scores);
            }
            Weights::Half(weights) => {
                let mut single = vec![0.0; PANEL * width];
                let pairs = single.as_chunks_mut().0.iter_mut().zip(weights[cells].as_chunks().0);
                pairs.for_each(|(single, half)| L::load_half(half).store(single));
                let left = Left::Rows(states.plain, width);
                let start = Start::PerColumn(bias);
                product::<L>((n_states, width, PANEL), left, (&single, PANEL), start, (scores, PANEL));
            }
            Weights::Byte(weights) => {
                for (state, scores) in states.bytes.iter().zip(scores.chunks_exact_mut(PANEL)) {
                    byte_panel::<L>(weights, index, state, bias, scores);
                }
            }
        }
    }
}

/// One state against a panel of half-precision weights, converted on their way to the multiplier.
#[inline(always)]
fn half_panel<L: Lanes>(panel: &[u16], state: &[f32], bias: &[f32], scores: &mut [f32]) {
    let bias = bias.as_chunks::<LANES>().0;
    let mut sums = [L::load(&bias[0]), L::load(&bias[1]), L::load(&bias[2]), L::load(&bias[3])];
    for (cells, &x) in panel.chunks_exact(PANEL).zip(state) {
        let (cells, x) = (cells.as_chunks::<LANES>().0, L::splat(x));
        for c in 0..4 {
            sums[c] = x.mul_add(L::load_half(&cells[c]), sums[c]);
        }
    }
    let out = scores.as_chunks_mut::<LANES>().0;
    (0..4).for_each(|c| sums[c].store(&mut out[c]));
}

/// One state against a panel of bytes: exact integer sums, then one factor and the bias.
#[inline(always)]
fn byte_panel<L: Lanes>(
    weights: &ByteWeights,
    index: usize,
    state: &ByteState,
    bias: &[f32],
    scores: &mut [f32],
) {
    let mut sums = [0; PANEL];
    weights.sums(index, &state.values, &mut sums);
    let singles = sums.map(|sum| sum as f32);
    let scale = L::splat(state.scale);
    let parts = singles.as_chunks::<LANES>().0.iter().zip(weights.scales(index).as_chunks::<LANES>().0);
    let parts = parts.zip(bias.as_chunks::<LANES>().0).zip(scores.as_chunks_mut::<LANES>().0);
    for (((sum, factor), bias), out) in parts {
        L::load(sum).mul_add(L::load(factor).mul(scale), L::load(bias)).store(out);
    }
}
