//! Weights as products read them: sixteen rows side by side, as many bits per weight as in the file.
//!
//! A tile is sixteen rows. Along the columns it consists of units; one with finer scales starts with its scales (and
//! minima), sixteen binary16 numbers each. Then follow blocks of 32 columns: the codes, then the block's scales and
//! minima, which are binary16, or bytes where the unit has its own. Codes lie in groups of four columns, sixteen rows
//! each (64 bytes if they had eight bits): two groups share the nibbles of 64 bytes; fifth bits follow as one 64-bit
//! mask per group, fifth and sixth bits as 64 bytes per four groups.

use rayon::prelude::*;

use super::LANES;
use super::quantisation::{Quantisation, Unit};
use crate::GgufError;

/// Columns of a block.
pub(super) const BLOCK: usize = 32;

/// A quantised matrix.
///
/// # Shapes
/// `[rows, columns]`: a product takes activations of `columns` to `rows`.
#[derive(Debug)]
pub(crate) struct Matrix {
    pub(super) quantisation: Quantisation,
    pub(super) n_columns: usize,
    pub(super) tile_bytes: usize,
    pub(super) bytes: Vec<u8>,
    n_rows: usize,
}

impl Matrix {
    /// From the bytes of a tensor of the file.
    pub(crate) fn pack(
        quantisation: Quantisation,
        n_columns: usize,
        n_rows: usize,
        bytes: &[u8],
    ) -> Result<Self, GgufError> {
        let row_bytes = quantisation.row_bytes(n_columns).filter(|_| n_columns.is_multiple_of(BLOCK));
        let row_bytes = row_bytes.filter(|row| row.checked_mul(n_rows) == Some(bytes.len()));
        let row_bytes = row_bytes.ok_or_else(|| GgufError::unfit(format!("a row of {n_columns} columns")))?;
        let packing = quantisation.in_products();
        let tile_bytes = tile_bytes(packing, n_columns);
        let mut packed = vec![0; tile_bytes * n_rows.div_ceil(LANES)];
        packed.par_chunks_mut(tile_bytes).zip(bytes.par_chunks(row_bytes * LANES)).for_each(
            |(tile, rows)| {
                let mut rows: Vec<Vec<Unit>> =
                    rows.chunks_exact(row_bytes).map(|row| quantisation.units(row)).collect();
                rows.resize(LANES, vec![Unit::empty(); rows[0].len()]);
                pack_tile(packing, &rows, tile);
            },
        );
        Ok(Self { quantisation: packing, n_columns, tile_bytes, bytes: packed, n_rows })
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub(crate) fn n_tiles(&self) -> usize {
        self.n_rows.div_ceil(LANES)
    }

    pub(super) fn tile(&self, tile: usize) -> &[u8] {
        &self.bytes[tile * self.tile_bytes..][..self.tile_bytes]
    }
}

/// Bytes of a block's codes.
pub(super) fn code_bytes(quantisation: Quantisation) -> usize {
    LANES * BLOCK * quantisation.bits() / 8
}

/// Bytes at the start of a unit with finer scales.
pub(super) fn unit_bytes(quantisation: Quantisation) -> usize {
    match (quantisation.has_super_scales(), quantisation.is_affine()) {
        (false, _) => 0,
        (true, false) => 2 * LANES,
        (true, true) => 4 * LANES,
    }
}

/// Bytes of a block's scales: two binary16, two bytes or one binary16 per row.
pub(super) fn scale_bytes(quantisation: Quantisation) -> usize {
    if quantisation.is_affine() && !quantisation.has_super_scales() { 4 * LANES } else { 2 * LANES }
}

fn tile_bytes(quantisation: Quantisation, n_columns: usize) -> usize {
    let n_units = n_columns / quantisation.unit_len();
    let n_blocks = n_columns / BLOCK;
    n_units * unit_bytes(quantisation) + n_blocks * (code_bytes(quantisation) + scale_bytes(quantisation))
}

fn pack_tile(quantisation: Quantisation, rows: &[Vec<Unit>], tile: &mut [u8]) {
    let mut out = tile;
    let mut put = |bytes: &[u8]| {
        let (head, tail) = std::mem::take(&mut out).split_at_mut(bytes.len());
        head.copy_from_slice(bytes);
        out = tail;
    };
    for unit in 0..rows[0].len() {
        let units: Vec<&Unit> = rows.iter().map(|row| &row[unit]).collect();
        let halves = |half: fn(&Unit) -> u16| -> Vec<u8> {
            units.iter().flat_map(|unit| half(unit).to_le_bytes()).collect()
        };
        let (scales, minima) = (halves(|unit| unit.d), halves(|unit| unit.minimum));
        if quantisation.has_super_scales() {
            put(&scales);
            if quantisation.is_affine() {
                put(&minima);
            }
        }
        for block in 0..quantisation.unit_len() / BLOCK {
            put(&pack_codes(quantisation.bits(), &units, block));
            let bytes =
                |byte: &dyn Fn(&Unit) -> u8| -> Vec<u8> { units.iter().map(|unit| byte(unit)).collect() };
            match (quantisation.has_super_scales(), quantisation.is_affine()) {
                (false, false) => put(&scales),
                (false, true) => {
                    put(&scales);
                    put(&minima);
                }
                (true, false) => {
                    put(&bytes(&|unit| unit.scales[2 * block]));
                    put(&bytes(&|unit| unit.scales[2 * block + 1]));
                }
                (true, true) => {
                    put(&bytes(&|unit| unit.scales[block]));
                    put(&bytes(&|unit| unit.minima[block]));
                }
            }
        }
    }
}

fn pack_codes(bits: usize, units: &[&Unit], block: usize) -> Vec<u8> {
    // Byte `place` of a group belongs to row `place / 4` and to the group's column `place % 4`.
    let code = |group: usize, place: usize| units[place / 4].codes[block * BLOCK + group * 4 + place % 4];
    if bits == 8 {
        return (0..8 * 64).map(|i| code(i / 64, i % 64)).collect();
    }
    let low = |group: usize, place: usize| code(group, place) & 15;
    let mut out: Vec<u8> =
        (0..4 * 64).map(|i| low(i / 64 * 2, i % 64) | low(i / 64 * 2 + 1, i % 64) << 4).collect();
    if bits == 5 {
        let fifth = |group: usize, place: usize| code(group, place) >> 4 & 1;
        out.extend((0..64).map(|i| (0..8).map(|bit| fifth(i / 8, i % 8 * 8 + bit) << bit).sum::<u8>()));
    }
    if bits == 6 {
        let upper = |group: usize, place: usize| code(group, place) >> 4 & 3;
        out.extend((0..128).map(|i| (0..4).map(|s| upper(i / 64 * 4 + s, i % 64) << (2 * s)).sum::<u8>()));
    }
    out
}
