//! Chance in a session: it follows from the session's seed, its user and the step, and from nothing else.

use mdp::{UserIdx, rng_for};
use rand::RngExt as _;

/// What the chance of a session follows from. Sessions of equal seeds see equal draws, whatever is shown in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionSeed {
    /// The seed of the run.
    pub seed: u64,
    /// Names the session among those of its user.
    pub stream: u64,
}

/// The purpose of these draws among those of a seed.
const LEAVING: u64 = 0x6c65_6176;

/// What decides where something is only likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chance {
    /// Draws.
    Seeded(SessionSeed),
    /// What is more likely than not happens.
    Likeliest,
}

impl Chance {
    /// That of the session that follows with the same memory: far from the streams that whoever runs sessions counts.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Seeded(seed) => {
                Self::Seeded(SessionSeed { stream: seed.stream.wrapping_add(1 << 32), ..seed })
            }
            Self::Likeliest => Self::Likeliest,
        }
    }

    /// Whether what happens with this probability happens at the step after so many. Certainty takes no draw.
    pub(crate) fn happens(self, probability: f32, user: UserIdx, n_shown: usize) -> bool {
        match self {
            _ if probability <= 0.0 || probability >= 1.0 => probability >= 1.0,
            Self::Likeliest => probability >= 0.5,
            Self::Seeded(SessionSeed { seed, stream }) => {
                let path = [LEAVING, stream, u64::from(user.0), n_shown as u64];
                rng_for(seed, &path).random::<f32>() < probability
            }
        }
    }
}
