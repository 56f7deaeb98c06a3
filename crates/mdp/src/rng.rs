//! All randomness comes from a seed through an argument.

use rand::SeedableRng;

/// The one random number generator of the project.
pub type Rng = rand_xoshiro::Xoshiro256PlusPlus;

/// A generator for one purpose: the run's seed and a path of numbers (purpose, user, episode, ...) that names
/// the stream. Equal paths give equal streams; different paths are independent for all practical purposes, so
/// work can be spread over threads without changing a result.
pub fn rng_for(seed: u64, path: &[u64]) -> Rng {
    let mut state = splitmix(seed);
    for &part in path {
        state = splitmix(state ^ splitmix(part.wrapping_add(0x9E37_79B9_7F4A_7C15)));
    }
    Rng::seed_from_u64(state)
}

/// The finaliser of SplitMix64 (Steele et al. 2014): mixes one word.
fn splitmix(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
