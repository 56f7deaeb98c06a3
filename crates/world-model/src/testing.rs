//! A planted world for tests.

use crate::{Rating, RatingTable};
use catalogue::Catalogue;
use data::{Clock, Dataset};
use mdp::{Interaction, ItemIdx, UserIdx, rng_for};
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

/// Every user chooses an eighth of the items (all of ten or fewer): popular ones more often than others, and those of the user's
/// own kind `taste` times as often. Ratings are drawn, and say nothing.
pub(crate) fn chosen(n_users: u32, n_items: u32, taste: f32, seed: u64) -> Dataset {
    const N_KINDS: u32 = 4;
    let rows =
        (0..n_items).map(|i| (format!("i{i}"), format!("Item {i}"), vec![format!("c{}", i % N_KINDS)]));
    let n_choices = if n_items > 10 { n_items / 8 } else { n_items };
    let of_user = |user: u32| {
        let rng = &mut rng_for(seed, &[97, u64::from(user)]);
        // Of all items, those with the least exponential waiting times (Efraimidis & Spirakis 2006).
        let mut waiting: Vec<(f32, u32)> = (0..n_items)
            .map(|item| {
                let popularity = 1.0 / (5.0 + (item / N_KINDS) as f32);
                let liking = if item % N_KINDS == user % N_KINDS { taste } else { 1.0 };
                (-rng.random::<f32>().max(1e-9).ln() / (popularity * liking), item)
            })
            .collect();
        waiting.sort_by(|a, b| a.0.total_cmp(&b.0));
        let history = waiting.iter().take(n_choices as usize).enumerate().map(|(time, (_, item))| {
            Interaction { item: ItemIdx(*item), rating: rng.random_range(3..=5u8).into(), time: time as i64 }
        });
        (format!("u{user}"), history.collect())
    };
    let histories = (0..n_users).map(of_user).collect();
    Dataset::new(Catalogue::new(rows.collect()).0, histories, Clock::Unordered).expect("the log is sound")
}
