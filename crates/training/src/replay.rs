//! Batches from environment steps and demonstrated steps, by one priority for all.

use crate::SumTree;
use mdp::Rng;
use rand::RngExt as _;

/// Where a row of a batch comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Draw {
    /// A row of the environment's log.
    Environment(usize),
    /// A row of the demonstrations.
    Demonstration(usize),
}

/// Draws `n` rows without replacement: an environment row has priority `env_priority`, a demonstrated one its weight.
/// Fewer rows come out only if there are fewer
/// with any priority. The tree is used for book-keeping and left as it was.
///
/// # Source
/// `global_priority` of the published code, spec G.4, at O(log demonstrations) a draw instead of a sum over all.
pub fn draw_batch(
    n_env: usize,
    demos: &mut SumTree,
    env_priority: f64,
    n: usize,
    rng: &mut Rng,
) -> Vec<Draw> {
    let mut env_taken: Vec<usize> = Vec::with_capacity(n);
    let mut demos_taken: Vec<(usize, f64)> = Vec::with_capacity(n);
    let mut batch = Vec::with_capacity(n);
    for _ in 0..n.min(n_env + demos.len()) {
        let (env_left, demos_left) = (n_env - env_taken.len(), demos.len() - demos_taken.len());
        let env_mass = env_priority * env_left as f64;
        let total = env_mass + demos.total();
        if total <= 0.0 && demos_left == 0 {
            break;
        }
        let env_is_drawn = total > 0.0 && rng.random::<f64>() * total < env_mass;
        let from_env = env_left > 0 && (env_is_drawn || demos_left == 0);
        if from_env {
            let row = nth_free(rng.random_range(0..env_left), &env_taken);
            env_taken.insert(env_taken.partition_point(|&taken| taken < row), row);
            batch.push(Draw::Environment(row));
        } else {
            let row = draw_demo(demos, &demos_taken, rng);
            demos_taken.push((row, demos.weight(row)));
            demos.set(row, 0.0);
            batch.push(Draw::Demonstration(row));
        }
    }
    for (row, weight) in demos_taken {
        demos.set(row, weight);
    }
    for end in (1..batch.len()).rev() {
        batch.swap(end, rng.random_range(0..=end));
    }
    batch
}

/// A demonstration by weight, or any that is left if no weight is.
fn draw_demo(demos: &SumTree, taken: &[(usize, f64)], rng: &mut Rng) -> usize {
    if demos.total() > 0.0 {
        return demos.find(rng.random::<f64>() * demos.total());
    }
    let mut rows: Vec<usize> = taken.iter().map(|&(row, _)| row).collect();
    rows.sort_unstable();
    nth_free(rng.random_range(0..demos.len() - rows.len()), &rows)
}

/// The n-th number that is not in the ascending list `taken`.
fn nth_free(n: usize, taken: &[usize]) -> usize {
    taken.iter().fold(n, |row, &t| row + usize::from(t <= row))
}
