//! A draw for every state of a batch from the softmax over all items, without a matrix of all scores.
//!
//! The first pass makes the scores of a tile for all states, the batch along the lanes, and keeps two numbers per tile
//! and state: the largest score, and the mass relative to it. The one tile in which a draw falls is then made again for
//! its state alone. What a state draws depends on its own numbers only, not on the batch around it.
//!
//! # Floor
//! One product of `2 * states * items * width` operations, 3.5 us a state at 6,012 x 32 on an AVX-512 core; a tangent and
//! an exponential per score, a third of that; 1/64 of the scores a second time.

use super::forward::{PANEL, fill_panels};
use super::{HeadTable, TILE};
use crate::isa::Kernel;
use crate::lanes::{LANES, Lanes, exp, tanh};
use crate::product::{Left, Start, product};
use crate::{Isa, clamp_logits, dot, exp_in_place};

/// The score of an item that must not be drawn: finite, so that a tile of nothing else has finite sums too.
const EXCLUDED: f32 = -1e30;

/// An item that was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// The item's row.
    pub item: u32,
    /// Natural logarithm of its probability.
    pub log_prob: f32,
}

/// The memory of draws from heads of one width; it is used again.
#[derive(Clone, Debug)]
pub struct HeadDraw {
    isa: Isa,
    width: usize,
    limit: f32,
    panels: Vec<f32>,
    /// One tile for a panel of states, `[TILE, PANEL]`.
    scores: Vec<f32>,
    /// The largest score of each tile, then of all, and masses, `[tiles, lanes]`.
    largest: Vec<f32>,
    top: Vec<f32>,
    masses: Vec<f32>,
}

impl HeadDraw {
    /// Draws from tables of this width, whose scores are clamped to ± `limit` (0: not at all).
    ///
    /// # Panics
    /// If the width is not a multiple of 16 or the machine lacks the instruction set.
    pub fn new(isa: Isa, width: usize, limit: f32) -> Self {
        assert!(width > 0 && width.is_multiple_of(LANES), "the width is a multiple of {LANES}");
        assert!(isa.is_available(), "{isa:?} is not an instruction set of this machine");
        let [panels, scores, largest, top, masses] = [const { Vec::new() }; 5];
        Self { isa, width, limit, panels, scores, largest, top, masses }
    }

    /// Appends one item per state to `out`. State `s` is `hidden[s]` of `[states, width]`; its draw is decided by the
    /// number `uniforms[s]` in `[0, 1)`. Bit `b` of `excluded(s, t)` keeps item `64 t + b` from being drawn.
    ///
    /// # Panics
    /// If the lengths do not fit or a state has no item left.
    pub fn draw(
        &mut self,
        table: HeadTable<'_>,
        hidden: &[f32],
        uniforms: &[f64],
        excluded: impl Fn(usize, usize) -> u64,
        out: &mut Vec<Drawn>,
    ) {
        let (width, n_states) = (self.width, uniforms.len());
        assert_eq!(table.rows.len(), table.bias.len() * width, "one row per bias");
        assert_eq!(hidden.len(), n_states * width, "one uniform number per state");
        fill_panels(hidden, width, &mut self.panels);
        let lanes = n_states.next_multiple_of(LANES);
        let n_cells = table.bias.len().div_ceil(TILE) * lanes;
        self.scores.resize(TILE * PANEL, 0.0);
        self.largest.resize(n_cells, 0.0);
        self.masses.resize(n_cells, 0.0);
        self.top.clear();
        self.top.resize(lanes, EXCLUDED);
        self.isa.run(Masses { draw: self, table, n_states, excluded: &excluded });
        for (state, &uniform) in uniforms.iter().enumerate() {
            out.push(self.pick(table, &hidden[state * width..][..width], (state, lanes), uniform, &excluded));
        }
    }

    /// The item in which the draw of a state falls.
    fn pick(
        &self,
        table: HeadTable<'_>,
        hidden: &[f32],
        (state, lanes): (usize, usize),
        uniform: f64,
        excluded: impl Fn(usize, usize) -> u64,
    ) -> Drawn {
        let mass = |tile: usize| f64::from(self.masses[tile * lanes + state]);
        let n_tiles = table.bias.len().div_ceil(TILE);
        let total: f64 = (0..n_tiles).map(mass).sum();
        let mut rest = uniform * total;
        // Rounding can leave a crumb behind the last tile: then the last one with any mass is meant.
        let mut chosen = None;
        for tile in (0..n_tiles).filter(|tile| self.largest[tile * lanes + state] > EXCLUDED) {
            chosen = Some(tile);
            if rest < mass(tile) {
                break;
            }
            rest -= mass(tile);
        }
        let tile = chosen.expect("an item is left");
        let bias = table.bias.chunks(TILE).nth(tile).expect("a tile of the table");
        let rows = table.rows[tile * TILE * self.width..].chunks_exact(self.width);
        let mut scores = [0.0; TILE];
        let cells = scores.iter_mut().zip(bias).zip(rows);
        cells.for_each(|((score, bias), row)| *score = bias + dot(hidden, row));
        let scores = &mut scores[..bias.len()];
        clamp_logits(scores, self.limit);
        let top = self.top[state];
        scores.iter_mut().for_each(|score| *score -= top);
        let mut shares = [0.0; TILE];
        let shares = &mut shares[..bias.len()];
        shares.copy_from_slice(scores);
        exp_in_place(shares);
        let out = excluded(state, tile);
        let mut item = 0;
        for (index, &share) in shares.iter().enumerate().filter(|(index, _)| out >> index & 1 == 0) {
            item = index;
            if rest < f64::from(share) {
                break;
            }
            rest -= f64::from(share);
        }
        let log_prob = (f64::from(scores[item]) - total.ln()) as f32;
        Drawn { item: (tile * TILE + item) as u32, log_prob }
    }
}

/// The first pass.
struct Masses<'a, F> {
    draw: &'a mut HeadDraw,
    table: HeadTable<'a>,
    n_states: usize,
    excluded: F,
}

impl<F: Fn(usize, usize) -> u64> Kernel for Masses<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { draw, table, n_states, excluded } = self;
        let HeadDraw {
            width,
            limit,
            ref panels,
            ref mut scores,
            ref mut largest,
            ref mut top,
            ref mut masses,
            ..
        } = *draw;
        let lanes = n_states.next_multiple_of(LANES);
        let tiles = table.rows.chunks(TILE * width).zip(table.bias.chunks(TILE));
        let kept = largest.chunks_exact_mut(lanes).zip(masses.chunks_exact_mut(lanes));
        for (tile, ((rows, bias), (largest, masses))) in tiles.zip(kept).enumerate() {
            // A tile's scores for 64 states at a time, so that they stay in the nearest cache.
            for (index, panel) in panels.chunks_exact(PANEL * width).enumerate() {
                let states = index * PANEL..lanes.min((index + 1) * PANEL);
                let size = (bias.len(), width, states.len());
                let out = (&mut scores[..], PANEL);
                product::<L>(size, Left::Rows(rows, width), (panel, PANEL), Start::PerRow(bias), out);
                let scores = &mut scores[..bias.len() * PANEL];
                clamp::<L>(scores, states.len(), limit);
                for state in states.start..states.end.min(n_states) {
                    let mut items = excluded(state, tile);
                    while items != 0 {
                        let cell = items.trailing_zeros() as usize * PANEL + state - states.start;
                        if let Some(score) = scores.get_mut(cell) {
                            *score = EXCLUDED;
                        }
                        items &= items - 1;
                    }
                }
                for first in states.clone().step_by(LANES) {
                    let state = [&mut largest[..], &mut masses[..], &mut top[..]];
                    let state = state.map(|values| values[first..].first_chunk_mut().expect("whole lanes"));
                    mass::<L>(&scores[first - states.start..], state);
                }
            }
        }
        for (largest, masses) in largest.chunks_exact(lanes).zip(masses.chunks_exact_mut(lanes)) {
            let (top, largest) = (top.as_chunks::<LANES>().0, largest.as_chunks::<LANES>().0);
            for ((mass, largest), top) in masses.as_chunks_mut::<LANES>().0.iter_mut().zip(largest).zip(top) {
                L::load(mass).mul(exp(L::load(largest).sub(L::load(top)))).store(mass);
            }
        }
    }
}

/// Clamps a tile of scores, `[items, PANEL]`, of which so many lanes are in use.
#[inline(always)]
fn clamp<L: Lanes>(scores: &mut [f32], lanes: usize, limit: f32) {
    if limit > 0.0 {
        let (scale, limit) = (L::splat(1.0 / limit), L::splat(limit));
        for cells in scores.chunks_mut(PANEL) {
            for cell in cells[..lanes].as_chunks_mut::<LANES>().0 {
                limit.mul(tanh(L::load(cell).mul(scale))).store(cell);
            }
        }
    }
}

/// The largest score of sixteen states in a tile, the mass relative to it, and the largest of all so far.
#[inline(always)]
fn mass<L: Lanes>(scores: &[f32], [largest, mass, top]: [&mut [f32; LANES]; 3]) {
    let column = |cells: &[f32]| L::load(cells.first_chunk().expect("whole lanes"));
    let mut now = L::splat(EXCLUDED);
    for cells in scores.chunks(PANEL) {
        now = column(cells).max(now);
    }
    let mut sum = L::splat(0.0);
    for cells in scores.chunks(PANEL) {
        sum = sum.add(exp(column(cells).sub(now)));
    }
    now.store(largest);
    sum.store(mass);
    now.max(L::load(top)).store(top);
}
