//! Draws for initial weights.

use mdp::Rng;
use rand::RngExt as _;

/// One standard normal draw (Box-Muller, the cosine half).
pub fn normal(rng: &mut Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    (radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()) as f32
}

/// Draws from a normal with mean 0.
pub fn normals(n: usize, deviation: f32, rng: &mut Rng) -> Vec<f32> {
    (0..n).map(|_| deviation * normal(rng)).collect()
}

/// Draws uniform in `[-limit, limit)`.
pub fn uniforms(n: usize, limit: f32, rng: &mut Rng) -> Vec<f32> {
    (0..n).map(|_| limit * (2.0 * rng.random::<f32>() - 1.0)).collect()
}
