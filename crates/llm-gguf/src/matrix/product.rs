//! Products of matrices with activations, spread over threads by tiles.

use rayon::prelude::*;

use super::activations::groups;
use super::packed::Matrix;
use super::portable::Group;
use super::{Activations, LANES};

/// The result of a product: sixteen rows of one token lie together.
///
/// # Shapes
/// `[tiles, tokens, 16]`
#[derive(Debug, Default)]
pub(crate) struct Panels {
    values: Vec<[f32; LANES]>,
    n_tokens: usize,
}

impl Panels {
    /// Sixteen rows of one token.
    pub(crate) fn piece(&self, tile: usize, token: usize) -> &[f32; LANES] {
        &self.values[tile * self.n_tokens + token]
    }

    /// The pieces of one token in the order of the rows.
    pub(crate) fn row(&self, token: usize) -> impl Iterator<Item = &[f32; LANES]> {
        self.values.iter().skip(token).step_by(self.n_tokens.max(1))
    }
}

/// All rows of several matrices times the same activations.
pub(crate) fn products<const N: usize>(matrices: [&Matrix; N], activations: &Activations) -> [Panels; N] {
    let n_tokens = activations.n_tokens();
    let mut panels: [Panels; N] = std::array::from_fn(|i| Panels {
        values: vec![[0.0; LANES]; matrices[i].n_tiles() * n_tokens],
        n_tokens,
    });
    let jobs = panels.iter_mut().zip(matrices).flat_map(|(panels, matrix)| {
        panels.values.chunks_mut(n_tokens.max(1)).enumerate().map(move |(tile, out)| (matrix, tile, out))
    });
    let jobs: Vec<_> = jobs.collect();
    run(jobs, activations);
    panels
}

/// The rows of some tiles only: `[tiles.len(), tokens, 16]`.
pub(crate) fn products_of_tiles(matrix: &Matrix, tiles: &[usize], activations: &Activations) -> Panels {
    let n_tokens = activations.n_tokens();
    let mut values = vec![[0.0; LANES]; tiles.len() * n_tokens];
    let jobs =
        values.chunks_mut(n_tokens.max(1)).zip(tiles).map(|(out, &tile)| (matrix, tile, out)).collect();
    run(jobs, activations);
    Panels { values, n_tokens }
}

fn run(jobs: Vec<(&Matrix, usize, &mut [[f32; LANES]])>, activations: &Activations) {
    // A few pieces of work per thread: enough to even out, few enough to cost nothing.
    let least = jobs.len() / (rayon::current_num_threads() * 4) + 1;
    jobs.into_par_iter().with_min_len(least).for_each(|(matrix, tile, out)| {
        assert_eq!(matrix.n_columns, activations.n_columns, "columns");
        for (first, t) in groups(activations.n_tokens()) {
            tile_times_group(matrix, tile, activations.group(first, t), &mut out[first..first + t]);
        }
    });
}

fn tile_times_group(matrix: &Matrix, tile: usize, group: Group<'_>, out: &mut [[f32; LANES]]) {
    #[cfg(target_arch = "x86_64")]
    if super::avx512::tile_times_group(matrix.quantisation, matrix.tile(tile), group, out)
        || super::avx2::tile_times_group(matrix.quantisation, matrix.tile(tile), group, out)
    {
        return;
    }
    super::portable::tile_times_group(matrix.quantisation, matrix.tile(tile), group, out);
}
