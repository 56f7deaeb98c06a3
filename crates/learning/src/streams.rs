//! Which random streams are whose, so that no two that mean something else coincide.

use mdp::rng_for;
use rand::RngExt as _;

/// Sessions of [`environment::rollout`], which names a stream by user and by a number of the caller's. Under the run's own
/// seed those two would be read as purpose and round of [`Round::rng`](crate::Round::rng); so each kind of session has a
/// seed of its own, drawn from the run's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Streams {
    /// Of validation.
    Validation = 1,
    /// Of learning, by round.
    Learning = 2,
}

/// A purpose that no algorithm takes.
const SEEDS: u64 = u64::from_be_bytes(*b"sessions");

impl Streams {
    /// The seed of these sessions.
    pub(crate) fn seed(self, run: u64) -> u64 {
        rng_for(run, &[SEEDS, self as u64]).random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn sessions_and_rounds_share_no_stream() {
        const SEED: u64 = 3;
        let first = |seed, path: &[u64]| rng_for(seed, path).random::<u64>();
        let mut seen = BTreeSet::new();
        for (a, b) in (0..40).flat_map(|a| (0..40).map(move |b| (a, b))) {
            assert!(seen.insert(first(SEED, &[a, b])), "purpose {a}, round {b}");
            for streams in [Streams::Validation, Streams::Learning] {
                assert!(seen.insert(first(streams.seed(SEED), &[a, b])), "{streams:?}: user {a}, stream {b}");
            }
        }
    }
}
