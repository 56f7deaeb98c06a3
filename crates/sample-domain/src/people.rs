//! The people: tastes over genres and tones that drift as they grow older.

use crate::catalogue::Film;
use crate::words::{GENRES, N_TONES};
use mdp::Rng;
use rand::RngExt as _;

/// Tastes at one moment, in rating points.
#[derive(Clone)]
struct Taste {
    genres: [f64; GENRES.len()],
    tones: [f64; N_TONES],
}

/// Somebody.
pub(crate) struct Person {
    first: Taste,
    last: Taste,
    /// How generously they rate.
    pub(crate) bias: f64,
    /// How much the third film of a kind in a row annoys them, in rating points.
    pub(crate) tiring: f64,
}

/// How much of a taste is left at the end of the log (a correlation).
const TASTE_KEPT: f64 = 0.88;
const GENRE_SD: f64 = 0.95;
const TONE_SD: f64 = 0.6;

impl Person {
    /// Draws somebody.
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let first = Taste::draw(rng);
        let other = Taste::draw(rng);
        let last = first.blend(&other, TASTE_KEPT, (1.0 - TASTE_KEPT * TASTE_KEPT).sqrt());
        Self { first, last, bias: 0.3 * normal(rng), tiring: 0.2 + 0.3 * rng.random::<f64>() }
    }

    /// What they would think of a film at a moment (0 the beginning of the log, 1 its end), before fatigue and
    /// mood, in rating points around their average.
    pub(crate) fn liking(&self, film: &Film, moment: f64) -> f64 {
        let at = |first: f64, last: f64| (1.0 - moment) * first + moment * last;
        let genres = film.genres.iter().map(|&g| at(self.first.genres[g], self.last.genres[g])).sum::<f64>();
        let tone = at(self.first.tones[film.tone], self.last.tones[film.tone]);
        genres / (film.genres.len() as f64).sqrt() + tone + 0.4 * film.quality
    }
}

impl Taste {
    fn draw(rng: &mut Rng) -> Self {
        let mut genres = [0.0; GENRES.len()];
        let mut tones = [0.0; N_TONES];
        genres.iter_mut().for_each(|g| *g = GENRE_SD * normal(rng));
        tones.iter_mut().for_each(|t| *t = TONE_SD * normal(rng));
        Self { genres, tones }
    }

    fn blend(&self, other: &Self, share: f64, other_share: f64) -> Self {
        let mut blended = self.clone();
        blended.genres.iter_mut().zip(other.genres).for_each(|(a, b)| *a = share * *a + other_share * b);
        blended.tones.iter_mut().zip(other.tones).for_each(|(a, b)| *a = share * *a + other_share * b);
        blended
    }
}

/// A standard normal draw.
///
/// # Source
/// Box & Muller 1958.
pub(crate) fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}
