//! The best items, found while the scores pass by.

use super::panels::States;
use super::{PANEL, Scored, ScoringTable};
use crate::isa::Kernel;
use crate::lanes::{LANES, Lanes};
use crate::{HeadTable, dot};
use rayon::prelude::*;

/// States that share one reading of the table.
const SHARED: usize = 64;

impl ScoringTable {
    /// The `n_best` best items of each of `states: [states, width]`, best first, the lower item first among equals.
    /// `excluded` names items that a state must not get (none at all, or one list per state); fewer items come back
    /// where fewer are left, none where a state has a number that is not finite. States are divided over the threads of
    /// the caller's rayon pool.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn top(&self, states: &[f32], excluded: &[&[u32]], n_best: usize) -> Vec<Vec<Scored>> {
        let n_states = states.len() / self.width;
        assert!(excluded.is_empty() || excluded.len() == n_states, "one list per state");
        if n_states <= 1 {
            return self.best(states, excluded, n_best);
        }
        let shares = states.par_chunks(SHARED * self.width).enumerate().map(|(index, states)| {
            let first = (index * SHARED).min(excluded.len());
            let excluded = &excluded[first..(first + SHARED).min(excluded.len())];
            self.best(states, excluded, n_best)
        });
        shares.flatten_iter().collect()
    }

    /// As [`ScoringTable::top`], but the best `n_candidates` are scored again by the rows that the table was made from.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn top_refined(
        &self,
        table: HeadTable<'_>,
        states: &[f32],
        excluded: &[&[u32]],
        (n_candidates, n_best): (usize, usize),
    ) -> Vec<Vec<Scored>> {
        let mut answers = self.top(states, excluded, n_candidates.max(n_best));
        for (answer, state) in answers.iter_mut().zip(states.chunks_exact(self.width)) {
            for scored in answer.iter_mut() {
                let item = scored.item as usize;
                scored.score = dot(state, &table.rows[item * self.width..][..self.width]) + table.bias[item];
            }
            answer.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.item.cmp(&b.item)));
            answer.truncate(n_best);
        }
        answers
    }

    fn best(&self, states: &[f32], excluded: &[&[u32]], n_best: usize) -> Vec<Vec<Scored>> {
        let excluded = (0..states.len() / self.width).map(|state| {
            let mut items = excluded.get(state).map_or(Vec::new(), |items| items.to_vec());
            items.sort_unstable();
            items
        });
        let is_finite = |state: &[f32]| state.iter().all(|x| x.is_finite());
        let n_best =
            states.chunks_exact(self.width).map(|state| if is_finite(state) { n_best } else { 0 }).collect();
        let (excluded, states) = (excluded.collect(), self.states(states));
        self.isa.run(Top { table: self, states, excluded, n_best })
    }
}

struct Top<'a> {
    table: &'a ScoringTable,
    states: States<'a>,
    excluded: Vec<Vec<u32>>,
    n_best: Vec<usize>,
}

impl Kernel for Top<'_> {
    type Output = Vec<Vec<Scored>>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let Self { table, states, excluded, n_best } = self;
        let mut best: Vec<Best> = n_best.into_iter().map(Best::new).collect();
        let mut scores = vec![0.0; excluded.len() * PANEL];
        for index in 0..table.bias.len() / PANEL {
            table.panel::<L>(index, &states, &mut scores);
            for ((best, scores), excluded) in best.iter_mut().zip(scores.as_chunks_mut().0).zip(&excluded) {
                best.see::<L>((index * PANEL) as u32, scores, excluded);
            }
        }
        best.into_iter().map(|best| best.items).collect()
    }
}

/// The best so far, best first.
struct Best {
    items: Vec<Scored>,
    n_best: usize,
    /// What a score has to exceed.
    bar: f32,
}

impl Best {
    fn new(n_best: usize) -> Self {
        let bar = if n_best == 0 { f32::INFINITY } else { f32::NEG_INFINITY };
        Self { items: Vec::with_capacity(n_best + 1), n_best, bar }
    }

    /// Looks at a panel; almost always nothing is above the bar.
    #[inline(always)]
    fn see<L: Lanes>(&mut self, first: u32, scores: &mut [f32; PANEL], excluded: &[u32]) {
        let lanes = scores.as_chunks::<LANES>().0;
        let best = lanes[1..].iter().fold(L::load(&lanes[0]), |best, x| best.max(L::load(x)));
        if best.any_above(L::splat(self.bar)) {
            self.insert(first, scores, excluded);
        }
    }

    #[inline(never)]
    fn insert(&mut self, first: u32, scores: &[f32; PANEL], excluded: &[u32]) {
        for (item, &score) in (first..).zip(scores) {
            if score <= self.bar || excluded.binary_search(&item).is_ok() {
                continue;
            }
            let place = self.items.partition_point(|known| known.score >= score);
            self.items.insert(place, Scored { item, score });
            self.items.truncate(self.n_best);
            if self.items.len() == self.n_best {
                self.bar = self.items.last().map_or(f32::INFINITY, |worst| worst.score);
            }
        }
    }
}
