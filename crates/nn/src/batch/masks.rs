//! Where the dropout of a batch comes from.

use crate::dropout::append;
use mdp::Rng;

/// Dropout of a batch of states.
#[derive(Debug)]
pub enum BatchDropout<'a> {
    /// Nothing is dropped: evaluation.
    Off,
    /// Masks follow from this seed and the place in the batch: a training step.
    Shared(u64),
    /// Every session draws from its own generator, in the order in which it would alone, so that its state does not
    /// depend on the batch around it.
    Own(&'a mut [Rng]),
}

/// Dropout of one shard.
pub(super) enum Masks<'a> {
    Off,
    Shared(&'a mut Rng),
    Own(&'a mut [Rng]),
}

impl Masks<'_> {
    /// Fills a mask that has so many values for each session.
    pub(super) fn fill(&mut self, rate: f32, lengths: impl Iterator<Item = usize>, mask: &mut Vec<f32>) {
        mask.clear();
        match self {
            Self::Off => mask.resize(lengths.sum(), 1.0),
            Self::Shared(rng) => append(rate, lengths.sum(), rng, mask),
            Self::Own(rngs) => {
                rngs.iter_mut().zip(lengths).for_each(|(rng, length)| append(rate, length, rng, mask));
            }
        }
    }
}
