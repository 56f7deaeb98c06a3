//! Two-way analysis of variance of a reward matrix.

use mdp::{MeanModel, Rng, UserIdx, rng_for};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

/// Shares of the variance of rewards; they sum to 1, or are all 0 in a world without variance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// Who rates.
    pub user: f64,
    /// What is rated.
    pub item: f64,
    /// Who meets what: taste, all that personalisation can gain.
    pub pair: f64,
    /// What even the model does not know: luck.
    pub noise: f64,
    /// Standard deviation of rewards, in rating units.
    pub deviation: f64,
}

const MOST_USERS: usize = 200;
const MOST_ITEMS: usize = 1000;

impl Explained {
    /// Analyses a block of randomly drawn users and items (all, if there are few). Components are the usual
    /// unbiased estimates: a mean square minus that of the pairs, over the number of cells behind it.
    pub fn of(means: &dyn MeanModel, seed: u64) -> Self {
        let rng = &mut rng_for(seed, &[0x6578_706c]);
        let users = sample(means.n_users(), MOST_USERS, rng);
        let items = sample(means.n_items(), MOST_ITEMS, rng);
        let (n_users, n_items) = (users.len(), items.len());
        if n_users < 2 || n_items < 2 {
            return Self::default();
        }
        let mut block = Vec::with_capacity(n_users * n_items);
        let mut noise = 0.0;
        let (mut row, mut variances) = (vec![0.0; means.n_items()], vec![0.0; means.n_items()]);
        for &user in &users {
            means.predict_row(UserIdx(user), &mut row, &mut variances);
            block.extend(items.iter().map(|&item| f64::from(row[item as usize])));
            noise += items.iter().map(|&item| f64::from(variances[item as usize])).sum::<f64>();
        }
        let (user, item, pair) = components(&block, n_users, n_items);
        let noise = noise / block.len() as f64;
        let total = user + item + pair + noise;
        if total < 1e-9 {
            return Self::default();
        }
        let share = |component: f64| component / total;
        Self {
            user: share(user),
            item: share(item),
            pair: share(pair),
            noise: share(noise),
            deviation: total.sqrt(),
        }
    }
}

/// Variance components (user, item, pair) of `block: [users, items]`.
fn components(block: &[f64], n_users: usize, n_items: usize) -> (f64, f64, f64) {
    let mean = block.iter().sum::<f64>() / block.len() as f64;
    let user_means: Vec<f64> =
        block.chunks_exact(n_items).map(|row| row.iter().sum::<f64>() / n_items as f64).collect();
    let mut item_means = vec![0.0; n_items];
    for row in block.chunks_exact(n_items) {
        item_means.iter_mut().zip(row).for_each(|(m, x)| *m += x / n_users as f64);
    }
    let spread = |means: &[f64]| means.iter().map(|m| (m - mean).powi(2)).sum::<f64>();
    let mut rest = 0.0;
    for (row, user_mean) in block.chunks_exact(n_items).zip(&user_means) {
        rest += row.iter().zip(&item_means).map(|(x, m)| (x - user_mean - m + mean).powi(2)).sum::<f64>();
    }
    let (u, i) = (n_users as f64, n_items as f64);
    let pair = rest / ((u - 1.0) * (i - 1.0));
    let user = (spread(&user_means) / (u - 1.0) - pair / i).max(0.0);
    let item = (spread(&item_means) / (i - 1.0) - pair / u).max(0.0);
    (user, item, pair)
}

/// So many distinct numbers below `n`, ascending.
fn sample(n: usize, most: usize, rng: &mut Rng) -> Vec<u32> {
    let mut chosen = Vec::with_capacity(most.min(n));
    for at in 0..n {
        // Selection sampling: each number is taken with the probability that it is still needed.
        let needed = most.min(n) - chosen.len();
        if rng.random::<f64>() * ((n - at) as f64) < needed as f64 {
            chosen.push(at as u32);
        }
    }
    chosen
}
