//! The pass forward: logits, clamp, and the statistics of every row.

use super::{Group, HeadPass, HeadRow, HeadTable, TILE, stride};
use crate::isa::Kernel;
use crate::lanes::{LANES, Lanes, exp, tanh};
use crate::product::{Left, Start, product};
use rayon::prelude::*;

/// Rows of a panel of hidden states.
pub(super) const PANEL: usize = 4 * LANES;

impl HeadPass {
    /// Statistics of a batch: `hidden: [batch, width]`, one action per row.
    ///
    /// # Panics
    /// If the lengths do not fit or an action is not an item.
    pub fn forward(&mut self, table: HeadTable<'_>, hidden: &[f32], actions: &[u32]) -> &[HeadRow] {
        let width = self.width;
        (self.n_items, self.n_batch) = (table.bias.len(), actions.len());
        assert_eq!(table.rows.len(), self.n_items * width, "one row per bias");
        assert_eq!(hidden.len(), self.n_batch * width, "one hidden state per action");
        assert!(actions.iter().all(|&action| (action as usize) < self.n_items), "actions are items");
        self.keep(hidden, actions);
        let (size, lanes, limit, isa) = (self.group_size(), self.lanes(), self.limit, self.isa);
        self.groups.resize_with(self.n_items.div_ceil(size), Group::default);
        let panels = &self.panels;
        let tables = table.rows.par_chunks(size * width).zip(table.bias.par_chunks(size));
        self.groups.par_iter_mut().zip(tables).for_each(|(group, (rows, bias))| {
            isa.run(Forward { group, rows, bias, panels, width, limit, lanes });
        });
        self.collect();
        &self.rows
    }

    /// Copies the batch: as it is, and with its rows along the lanes.
    fn keep(&mut self, hidden: &[f32], actions: &[u32]) {
        self.hidden.clear();
        self.hidden.extend_from_slice(hidden);
        self.actions.clear();
        self.actions.extend_from_slice(actions);
        self.by_action.clear();
        self.by_action.extend(0..actions.len() as u32);
        self.by_action.sort_unstable_by_key(|&row| (actions[row as usize], row));
        fill_panels(hidden, self.width, &mut self.panels);
    }

    /// Adds up the groups, in order.
    fn collect(&mut self) {
        let (size, stride) = (self.group_size(), stride(self.lanes()));
        self.rows.clear();
        for (row, &action) in self.actions.iter().enumerate() {
            let largest =
                self.groups.iter().map(|group| group.largest[row]).fold(f32::NEG_INFINITY, f32::max);
            let (mut sum, mut weighted) = (0.0f64, 0.0f64);
            for group in &self.groups {
                let scale = f64::from(group.largest[row] - largest).exp();
                sum += scale * f64::from(group.sums[row]);
                weighted += scale * f64::from(group.weighted[row]);
            }
            let log_sum = f64::from(largest) + sum.ln();
            let group = &self.groups[action as usize / size];
            self.rows.push(HeadRow {
                log_sum: log_sum as f32,
                entropy: (log_sum - weighted / sum) as f32,
                action_logit: group.logits[action as usize % size * stride + row],
            });
        }
    }
}

/// Hidden states with the batch along the lanes: panels `[width, PANEL]`, the last one filled up with zeros.
pub(super) fn fill_panels(hidden: &[f32], width: usize, panels: &mut Vec<f32>) {
    panels.clear();
    panels.resize((hidden.len() / width).next_multiple_of(PANEL) * width, 0.0);
    for (row, state) in hidden.chunks_exact(width).enumerate() {
        let panel = &mut panels[row / PANEL * PANEL * width..][..PANEL * width];
        for (cells, &value) in panel.chunks_exact_mut(PANEL).zip(state) {
            cells[row % PANEL] = value;
        }
    }
}

/// One group's share.
struct Forward<'a> {
    group: &'a mut Group,
    rows: &'a [f32],
    bias: &'a [f32],
    panels: &'a [f32],
    width: usize,
    limit: f32,
    lanes: usize,
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { group, rows, bias, panels, width, limit, lanes } = self;
        let stride = stride(lanes);
        group.logits.resize(bias.len() * stride, 0.0);
        group.largest.clear();
        group.largest.resize(lanes, f32::NEG_INFINITY);
        group.sums.clear();
        group.sums.resize(lanes, 0.0);
        group.weighted.clear();
        group.weighted.resize(lanes, 0.0);
        let tiles = rows.chunks(TILE * width).zip(bias.chunks(TILE));
        for ((rows, bias), logits) in tiles.zip(group.logits.chunks_mut(TILE * stride)) {
            for (index, panel) in panels.chunks_exact(PANEL * width).enumerate() {
                let first = index * PANEL;
                let size = (bias.len(), width, PANEL.min(lanes - first));
                let out = (&mut logits[first..], stride);
                product::<L>(size, Left::Rows(rows, width), (panel, PANEL), Start::PerRow(bias), out);
            }
            for first in (0..lanes).step_by(LANES) {
                let state = [&mut group.largest, &mut group.sums, &mut group.weighted];
                let state = state.map(|values| values[first..].first_chunk_mut().expect("whole lanes"));
                statistics::<L>(&mut logits[first..], stride, limit, state);
            }
        }
    }
}

/// Clamps sixteen columns of a tile and adds them to the statistics: largest logit, sum and weighted sum.
#[inline(always)]
fn statistics<L: Lanes>(
    logits: &mut [f32],
    stride: usize,
    limit: f32,
    [largest, sums, weighted]: [&mut [f32; LANES]; 3],
) {
    let before = L::load(largest);
    let mut now = before;
    if limit > 0.0 {
        let (scale, limit) = (L::splat(1.0 / limit), L::splat(limit));
        for cells in logits.chunks_mut(stride) {
            let cells = cells.first_chunk_mut().expect("whole lanes");
            let z = limit.mul(tanh(L::load(cells).mul(scale)));
            z.store(cells);
            now = z.max(now);
        }
    } else {
        for cells in logits.chunks(stride) {
            now = L::load(cells.first_chunk().expect("whole lanes")).max(now);
        }
    }
    // The first tile of a group finds minus infinity and zero sums: any finite scale does.
    let shrink = exp(before.sub(now));
    let (mut sum, mut product) = (L::splat(0.0), L::splat(0.0));
    for cells in logits.chunks(stride) {
        let z = L::load(cells.first_chunk().expect("whole lanes"));
        let e = exp(z.sub(now));
        sum = sum.add(e);
        product = e.mul_add(z, product);
    }
    now.store(largest);
    L::load(sums).mul_add(shrink, sum).store(sums);
    L::load(weighted).mul_add(shrink, product).store(weighted);
}
