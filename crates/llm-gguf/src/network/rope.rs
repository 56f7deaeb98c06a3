//! Rotary position embedding.

use super::config::Pairing;

/// Cosines and sines of every position.
///
/// # Shapes
/// `[positions, rotated / 2]` pairs.
#[derive(Debug)]
pub(crate) struct Rope {
    turns: Vec<(f32, f32)>,
    half: usize,
    pairing: Pairing,
}

impl Rope {
    /// For positions below `context`, of `rotated` elements; `factors` divide the frequencies, if there are any.
    pub(crate) fn new(
        pairing: Pairing,
        rotated: usize,
        (base, scale): (f64, f64),
        context: usize,
        factors: Option<&[f32]>,
    ) -> Self {
        let half = rotated / 2;
        let frequency = |i: usize| {
            let factor = factors.and_then(|factors| factors.get(i)).map_or(1.0, |&factor| f64::from(factor));
            base.powf(-(i as f64) / half as f64) / factor / scale
        };
        let frequencies: Vec<f64> = (0..half).map(frequency).collect();
        let turn = |position: usize, frequency: f64| {
            let (sine, cosine) = (position as f64 * frequency).sin_cos();
            (cosine as f32, sine as f32)
        };
        let turns = (0..context).flat_map(|at| frequencies.iter().map(move |&frequency| turn(at, frequency)));
        Self { turns: turns.collect(), half, pairing }
    }

    /// Rotates one head in place.
    pub(crate) fn rotate(&self, position: usize, head: &mut [f32]) {
        let turns = &self.turns[position * self.half..][..self.half];
        for (i, (cosine, sine)) in turns.iter().enumerate() {
            let (a, b) = match self.pairing {
                Pairing::Neighbours => (2 * i, 2 * i + 1),
                Pairing::Halves => (i, i + self.half),
            };
            (head[a], head[b]) = (head[a] * cosine - head[b] * sine, head[a] * sine + head[b] * cosine);
        }
    }
}
