//! A draw from the softmax over all items in two passes: the first keeps one mass per panel, the second makes the scores
//! of the one panel in which the draw falls again.

use super::panels::States;
use super::{PANEL, ScoringTable};
use crate::isa::Kernel;
use crate::lanes::{LANES, Lanes, exp, tanh};

impl ScoringTable {
    /// Draws an item for `state: [width]` by one uniform number in `[0, 1)`, from the softmax of scores clamped to ±
    /// `limit` (0: not at all), without the items in `excluded`; returns it with the natural logarithm of its
    /// probability.
    ///
    /// # Panics
    /// If the state has another width or no item is left.
    pub fn draw(&self, state: &[f32], excluded: &[u32], limit: f32, uniform: f64) -> (u32, f32) {
        assert_eq!(state.len(), self.width, "one state");
        let mut excluded = excluded.to_vec();
        excluded.sort_unstable();
        self.isa.run(Draw { table: self, states: self.states(state), excluded, limit, uniform })
    }
}

struct Draw<'a> {
    table: &'a ScoringTable,
    states: States<'a>,
    excluded: Vec<u32>,
    limit: f32,
    uniform: f64,
}

/// Largest score of a panel and its mass relative to that.
#[derive(Clone, Copy)]
struct Mass {
    largest: f32,
    sum: f32,
}

impl Kernel for Draw<'_> {
    type Output = (u32, f32);

    #[inline(always)]
    fn run<L: Lanes>(self) -> (u32, f32) {
        let mut scores = [0.0; PANEL];
        let mut masses = Vec::with_capacity(self.table.bias.len() / PANEL);
        for index in 0..masses.capacity() {
            self.scores::<L>(index, &mut scores);
            masses.push(mass::<L>(&mut scores));
        }
        let largest = masses.iter().fold(f32::NEG_INFINITY, |largest, mass| largest.max(mass.largest));
        assert!(largest > f32::NEG_INFINITY, "no item is available");
        let weight = |mass: &Mass| f64::from(mass.largest - largest).exp() * f64::from(mass.sum);
        let total: f64 = masses.iter().map(weight).sum();
        let mut rest = self.uniform * total;
        // Rounding can leave a crumb behind the last panel: then the last one with any mass is meant.
        let mut chosen = 0;
        for (index, mass) in masses.iter().enumerate().filter(|(_, mass)| mass.sum > 0.0) {
            chosen = index;
            if rest < weight(mass) {
                break;
            }
            rest -= weight(mass);
        }
        self.scores::<L>(chosen, &mut scores);
        let logits = scores;
        mass::<L>(&mut scores);
        let mut rest = rest / f64::from(masses[chosen].largest - largest).exp();
        let mut item = 0;
        for (index, &e) in scores.iter().enumerate().filter(|(_, e)| **e > 0.0) {
            item = index;
            if rest < f64::from(e) {
                break;
            }
            rest -= f64::from(e);
        }
        let log_prob = f64::from(logits[item] - largest) - total.ln();
        ((chosen * PANEL + item) as u32, log_prob as f32)
    }
}

impl Draw<'_> {
    /// A panel's clamped scores; minus infinity where an item must not be drawn.
    #[inline(always)]
    fn scores<L: Lanes>(&self, index: usize, scores: &mut [f32; PANEL]) {
        self.table.panel::<L>(index, &self.states, scores);
        if self.limit > 0.0 {
            let (scale, limit) = (L::splat(1.0 / self.limit), L::splat(self.limit));
            for cells in scores.as_chunks_mut::<LANES>().0 {
                limit.mul(tanh(L::load(cells).mul(scale))).store(cells);
            }
        }
        let first = index * PANEL;
        let bias = &self.table.bias[first..][..PANEL];
        let withdrawn = scores.iter_mut().zip(bias).filter(|(_, bias)| **bias == f32::NEG_INFINITY);
        withdrawn.for_each(|(score, _)| *score = f32::NEG_INFINITY);
        let start = self.excluded.partition_point(|&item| (item as usize) < first);
        let own = self.excluded[start..].iter().take_while(|&&item| (item as usize) < first + PANEL);
        own.for_each(|&item| scores[item as usize - first] = f32::NEG_INFINITY);
    }
}

/// Turns scores into exponentials relative to the largest, 0 for minus infinity.
#[inline(always)]
fn mass<L: Lanes>(scores: &mut [f32; PANEL]) -> Mass {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if largest == f32::NEG_INFINITY {
        scores.fill(0.0);
        return Mass { largest, sum: 0.0 };
    }
    let shift = L::splat(largest);
    for cells in scores.as_chunks_mut::<LANES>().0 {
        let masked = cells.map(|score| score == f32::NEG_INFINITY);
        exp(L::load(cells).sub(shift)).store(cells);
        cells.iter_mut().zip(masked).filter(|(_, masked)| *masked).for_each(|(cell, _)| *cell = 0.0);
    }
    Mass { largest, sum: scores.iter().sum() }
}
