//! A planted world for tests.

use crate::{Rating, RatingTable};
use mdp::{ItemIdx, UserIdx, rng_for};
use nn::normal;
use rand::RngExt as _;

/// Ratings 3.5 + b_u + b_i + <p_u, q_i> + noise of which about `density` are known; a tenth of these is held out.
pub(crate) fn planted(
    n_users: u32,
    n_items: u32,
    density: f32,
    noise: f32,
    seed: u64,
) -> (RatingTable, Vec<Rating>) {
    let rng = &mut rng_for(seed, &[99]);
    let mut rows = |n: u32| -> Vec<[f32; 3]> {
        (0..n).map(|_| [0.4 * normal(rng), 0.9 * normal(rng), 0.9 * normal(rng)]).collect()
    };
    let (users, items) = (rows(n_users), rows(n_items));
    let rng = &mut rng_for(seed, &[98]);
    let (mut cells, mut held_out) = (Vec::new(), Vec::new());
    for user in 0..n_users {
        for item in 0..n_items {
            if rng.random::<f32>() >= density {
                continue;
            }
            let (p, q) = (users[user as usize], items[item as usize]);
            let value = 3.5 + p[0] + q[0] + p[1] * q[1] + p[2] * q[2] + noise * normal(rng);
            let cell = Rating { user: UserIdx(user), item: ItemIdx(item), value };
            if rng.random::<f32>() < 0.1 { held_out.push(cell) } else { cells.push(cell) }
        }
    }
    (RatingTable { n_users: n_users as usize, n_items: n_items as usize, cells }, held_out)
}
