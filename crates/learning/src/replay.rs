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

/// Draws batches; its memory is used again.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    batch: Vec<Draw>,
    /// Rows of the environment that are taken, ascending.
    env_taken: Vec<usize>,
    demos_taken: Vec<(usize, f64)>,
    rows: Vec<usize>,
}

impl Replay {
    /// Draws `n` rows without replacement: an environment row has priority `env_priority`, a demonstrated one its
    /// weight. Fewer rows come out only if there are fewer with any priority. The tree is used for book-keeping and
    /// left as it was.
    ///
    /// # Source
    /// `global_priority` of the published code, `docs/spec/released-code.md#replay`, at O(log demonstrations + log n)
    /// a draw instead of a sum over all.
    pub fn draw(
        &mut self,
        n_env: usize,
        demos: &mut SumTree,
        env_priority: f64,
        n: usize,
        rng: &mut Rng,
    ) -> &[Draw] {
        self.batch.clear();
        self.env_taken.clear();
        self.demos_taken.clear();
        for _ in 0..n.min(n_env + demos.len()) {
            let (env_left, demos_left) = (n_env - self.env_taken.len(), demos.len() - self.demos_taken.len());
            let env_mass = env_priority * env_left as f64;
            let total = env_mass + demos.total();
            if total <= 0.0 && demos_left == 0 {
                break;
            }
            let env_is_drawn = total > 0.0 && rng.random::<f64>() * total < env_mass;
            let from_env = env_left > 0 && (env_is_drawn || demos_left == 0);
            if from_env {
                let row = nth_free(rng.random_range(0..env_left), &self.env_taken);
                self.env_taken.insert(self.env_taken.partition_point(|&taken| taken < row), row);
                self.batch.push(Draw::Environment(row));
            } else {
                let row = self.draw_demo(demos, rng);
                self.demos_taken.push((row, demos.weight(row)));
                demos.set(row, 0.0);
                self.batch.push(Draw::Demonstration(row));
            }
        }
        for &(row, weight) in &self.demos_taken {
            demos.set(row, weight);
        }
        for end in (1..self.batch.len()).rev() {
            self.batch.swap(end, rng.random_range(0..=end));
        }
        &self.batch
    }

    /// A demonstration by weight, or any that is left if no weight is.
    fn draw_demo(&mut self, demos: &SumTree, rng: &mut Rng) -> usize {
        if demos.total() > 0.0 {
            return demos.find(rng.random::<f64>() * demos.total());
        }
        self.rows.clear();
        self.rows.extend(self.demos_taken.iter().map(|&(row, _)| row));
        self.rows.sort_unstable();
        nth_free(rng.random_range(0..demos.len() - self.rows.len()), &self.rows)
    }
}

/// The n-th number that is not in the ascending list `taken`: n and as many as are taken before it.
fn nth_free(n: usize, taken: &[usize]) -> usize {
    // Before the taken number at place i lie taken[i] - i free ones, which never gets less with i.
    let (mut low, mut high) = (0, taken.len());
    while low < high {
        let middle = low.midpoint(high);
        if taken[middle] - middle <= n {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    n + low
}
