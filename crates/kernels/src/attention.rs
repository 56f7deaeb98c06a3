//! Attention within many short sessions at once, one head.
//!
//! A session has four or ten tokens: its scores are a handful of inner products of 64 numbers, too few for a matrix
//! product and too many for a function call each. Here one call does all sessions, and an inner product is four
//! multiplications and a sum across a register.

use crate::Isa;
use crate::isa::Kernel;
use crate::lanes::{Lanes, split, split_mut, sum};
use std::ops::Range;

/// Which tokens of a session are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Queries {
    /// Every one.
    #[default]
    All,
    /// The newest alone; an empty session has none.
    Last,
}

impl Queries {
    /// How many tokens of a session of this length are answered.
    pub fn of(self, length: usize) -> usize {
        match self {
            Queries::All => length,
            Queries::Last => length.min(1),
        }
    }

    /// Calls `f` with the rows of each session and how many of them, the last ones, are answered.
    #[inline(always)]
    pub fn for_sessions(self, lengths: &[usize], mut f: impl FnMut(Range<usize>, usize)) {
        let mut first = 0;
        for &length in lengths {
            f(first..first + length, self.of(length));
            first += length;
        }
    }
}

/// Sessions laid one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'a> {
    /// Queries, keys and values, `[tokens, 3 * width]`.
    pub qkv: &'a [f32],
    /// Tokens per session.
    pub lengths: &'a [usize],
    /// Which tokens are answered.
    pub queries: Queries,
    /// Factors of the probabilities (dropout), `[answered, tokens of the session]` for one session after the other.
    pub mask: &'a [f32],
}

impl Sessions<'_> {
    fn check(&self, width: usize, n_cells: usize, n_values: usize) {
        assert!(width > 0 && width.is_multiple_of(crate::lanes::LANES), "whole lanes");
        assert_eq!(self.qkv.len(), self.lengths.iter().sum::<usize>() * 3 * width, "tokens");
        let (mut cells, mut values) = (0, 0);
        self.queries.for_sessions(self.lengths, |tokens, n_queries| {
            cells += n_queries * tokens.len();
            values += n_queries * width;
        });
        assert!(cells == n_cells && cells == self.mask.len() && values == n_values, "answered tokens");
    }
}

/// Scaled dot-product attention: overwrites the probabilities before the mask (laid out as the mask) and the contexts,
/// `[answered, width]`.
///
/// # Panics
/// If the lengths do not fit or the width is not a multiple of 16.
pub fn attend(
    isa: Isa,
    sessions: Sessions<'_>,
    width: usize,
    probabilities: &mut [f32],
    contexts: &mut [f32],
) {
    sessions.check(width, probabilities.len(), contexts.len());
    isa.run(Attend { sessions, width, probabilities, contexts });
}

/// The way back: overwrites `d_qkv`, given the probabilities and the gradient of the contexts.
///
/// # Panics
/// If the lengths do not fit or the width is not a multiple of 16.
pub fn attend_backward(
    isa: Isa,
    sessions: Sessions<'_>,
    width: usize,
    (probabilities, d_contexts): (&[f32], &[f32]),
    d_qkv: &mut [f32],
) {
    sessions.check(width, probabilities.len(), d_contexts.len());
    assert_eq!(d_qkv.len(), sessions.qkv.len(), "one gradient per number");
    isa.run(AttendBackward { sessions, width, probabilities, d_contexts, d_qkv });
}

/// Sessions up to this length need no memory of their own on the way back.
const USUALLY_LONGEST: usize = 64;

struct Attend<'a> {
    sessions: Sessions<'a>,
    width: usize,
    probabilities: &'a mut [f32],
    contexts: &'a mut [f32],
}

impl Kernel for Attend<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { sessions: Sessions { qkv, lengths, queries, mask }, width, probabilities, contexts } =
            self;
        let scale = (width as f32).powf(-0.5);
        let (mut cell, mut contexts) = (0, contexts.chunks_exact_mut(width));
        queries.for_sessions(lengths, |tokens, n_queries| {
            for query in tokens.end - n_queries..tokens.end {
                let context = contexts.next().expect("one context per query");
                let cells = cell..cell + tokens.len();
                cell = cells.end;
                let probabilities = &mut probabilities[cells.clone()];
                let q = &qkv[part(width, query, 0)];
                for (p, key) in probabilities.iter_mut().zip(tokens.clone()) {
                    *p = scale * inner::<L>(q, &qkv[part(width, key, 1)]);
                }
                let max = probabilities.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                probabilities.iter_mut().for_each(|p| *p = (*p - max).exp());
                let inverse = 1.0 / probabilities.iter().sum::<f32>();
                context.fill(0.0);
                for ((p, mask), key) in probabilities.iter_mut().zip(&mask[cells]).zip(tokens.clone()) {
                    *p *= inverse;
                    add::<L>(context, *p * mask, &qkv[part(width, key, 2)]);
                }
            }
        });
    }
}

struct AttendBackward<'a> {
    sessions: Sessions<'a>,
    width: usize,
    probabilities: &'a [f32],
    d_contexts: &'a [f32],
    d_qkv: &'a mut [f32],
}

impl Kernel for AttendBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { sessions, width, probabilities, d_contexts, d_qkv } = self;
        let Sessions { qkv, lengths, queries, mask } = sessions;
        let scale = (width as f32).powf(-0.5);
        d_qkv.fill(0.0);
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let (mut on_stack, mut on_heap) = ([0.0; USUALLY_LONGEST], Vec::new());
        let scores = if longest <= USUALLY_LONGEST {
            &mut on_stack[..]
        } else {
            on_heap.resize(longest, 0.0);
            &mut on_heap[..]
        };
        let (mut cell, mut d_contexts) = (0, d_contexts.chunks_exact(width));
        queries.for_sessions(lengths, |tokens, n_queries| {
            for query in tokens.end - n_queries..tokens.end {
                let d_context = d_contexts.next().expect("one context per query");
                let cells = cell..cell + tokens.len();
                cell = cells.end;
                let (probabilities, mask) = (&probabilities[cells.clone()], &mask[cells]);
                let mut mean = 0.0;
                for (offset, key) in tokens.clone().enumerate() {
                    scores[offset] = mask[offset] * inner::<L>(d_context, &qkv[part(width, key, 2)]);
                    mean += scores[offset] * probabilities[offset];
                }
                for (offset, key) in tokens.clone().enumerate() {
                    let p = probabilities[offset];
                    add::<L>(&mut d_qkv[part(width, key, 2)], p * mask[offset], d_context);
                    let d = scale * p * (scores[offset] - mean);
                    add::<L>(&mut d_qkv[part(width, query, 0)], d, &qkv[part(width, key, 1)]);
                    add::<L>(&mut d_qkv[part(width, key, 1)], d, &qkv[part(width, query, 0)]);
                }
            }
        });
    }
}

/// Where a token's query, key or value lies.
#[inline(always)]
fn part(width: usize, token: usize, which: usize) -> Range<usize> {
    (token * 3 + which) * width..(token * 3 + which + 1) * width
}

#[inline(always)]
fn inner<L: Lanes>(a: &[f32], b: &[f32]) -> f32 {
    let pairs = split(a).iter().zip(split(b));
    sum(pairs.fold(L::splat(0.0), |total, (a, b)| L::load(a).mul_add(L::load(b), total)))
}

#[inline(always)]
fn add<L: Lanes>(target: &mut [f32], scale: f32, source: &[f32]) {
    let scale = L::splat(scale);
    for (target, source) in split_mut(target).iter_mut().zip(split(source)) {
        L::load(source).mul_add(scale, L::load(target)).store(target);
    }
}
