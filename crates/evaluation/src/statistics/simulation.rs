//! Two policies that differ by chance alone, to see how often a method is wrong about them.

use super::Draw;
use rand::RngExt as _;
use std::f64::consts::TAU;

/// Draws of two policies with the same expectation. A value is the sum of an effect of the world, of the policy's training
/// in this draw, of the user, and of the sessions; all are normal around zero, but for trainings that fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IdenticalPolicies {
    /// How many draws.
    pub n_draws: usize,
    /// How many users in every draw.
    pub n_users: usize,
    /// Deviation of worlds, the same for both policies.
    pub world: f64,
    /// Deviation of training: how far two trainings of one policy lie apart. Each policy has its own in every draw.
    pub training: f64,
    /// How likely a training fails: it then lies five of its deviations lower.
    pub failure: f64,
    /// Deviation of users, the same for both policies.
    pub user: f64,
    /// Deviation of a user's value for one policy in one draw.
    pub noise: f64,
}

impl IdenticalPolicies {
    /// The draws of both, in the same order; users are called by number and are the same in every draw.
    pub fn draws(&self, seed: u64) -> [Vec<Draw>; 2] {
        let mut rng = mdp::rng_for(seed, &[0x51_4D]);
        let mut failures = mdp::rng_for(seed, &[0x51_4D, 1]);
        let users: Vec<f64> = (0..self.n_users).map(|_| self.user * normal(&mut rng)).collect();
        let mut out = [Vec::new(), Vec::new()];
        for draw in 0..self.n_draws {
            let world = self.world * normal(&mut rng);
            for policy in &mut out {
                let failed = f64::from(failures.random::<f64>() < self.failure);
                let level = world + self.training * (normal(&mut rng) - 5.0 * failed);
                let value = |(number, user): (usize, &f64)| {
                    (number.to_string(), level + user + self.noise * normal(&mut rng))
                };
                let values = users.iter().enumerate().map(value).collect();
                policy.push(Draw { world: draw.to_string(), training_seed: draw as u64, values });
            }
        }
        out
    }
}

/// One standard normal draw (Box-Muller, the cosine half).
fn normal(rng: &mut mdp::Rng) -> f64 {
    let (radius, angle): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - radius).ln()).sqrt() * (TAU * angle).cos()
}
