//! How often an interval calls two identical policies different.
//!
//! ```text
//! cargo run --release -p evaluation --example false_positives
//! ```
//!
//! What it gave is in `docs/statistics.md`.

#![expect(clippy::print_stdout, reason = "an experiment tells what it found")]

use evaluation::statistics::{Draw, IdenticalPolicies, contrast};
use evaluation::{
    BootstrapPlan, EvaluationError, Interval, TrainingSeedMeans, UserMean, UserTable, paired_difference,
};
use mdp::UserIdx;
use rayon::prelude::*;

const N_COMPARISONS: u64 = 1000;
const N_USERS: usize = 30;
const WORLD: f64 = 10.0;
const FAILURE: f64 = 0.1;

fn main() -> Result<(), EvaluationError> {
    println!("| draws | training | t | t, some fail | BCa | one run |");
    println!("|---|---|---|---|---|---|");
    for n_draws in [3, 5, 10, 20] {
        for training in [0.0, 5.0, 15.0, 40.0] {
            let pair = |world, failure| IdenticalPolicies {
                n_draws,
                n_users: N_USERS,
                world,
                training,
                failure,
                user: 20.0,
                noise: 10.0,
            };
            let pairs = [pair(WORLD, 0.0), pair(WORLD, FAILURE), pair(0.0, 0.0)];
            let found: Vec<[bool; 4]> = (0..N_COMPARISONS)
                .into_par_iter()
                .map(|seed| called_different(pairs, seed))
                .collect::<Result<_, _>>()?;
            let rate = |method: usize| {
                let n_called = found.iter().filter(|called| called[method]).count();
                format!("{:.1} %", n_called as f64 * 100.0 / N_COMPARISONS as f64)
            };
            let rates: Vec<String> = (0..4).map(rate).collect();
            println!("| {n_draws} | {training} | {} |", rates.join(" | "));
        }
    }
    Ok(())
}

/// Whether zero is outside the interval: of t, of t where trainings fail, of BCa, and of t over users and
/// trainings where all draws share a world.
fn called_different(pairs: [IdenticalPolicies; 3], seed: u64) -> Result<[bool; 4], EvaluationError> {
    let plan = BootstrapPlan { n_resamples: 1000, seed, ..BootstrapPlan::default() };
    let is_outside = |interval: Interval| interval.lo > 0.0 || interval.hi < 0.0;
    let over = |[a, b]: &[Vec<Draw>; 2]| contrast(("a", a), ("b", b), &plan).map(|found| found.difference);
    let one_run = |[a, b]: &[Vec<Draw>; 2]| {
        let found = paired_difference(("a", &table(a)), ("b", &table(b)));
        found.map(|difference| is_outside(difference.r_traj))
    };
    let [plain, failing, one_world] = pairs.map(|pair| pair.draws(seed));
    let found = over(&plain)?;
    Ok([
        is_outside(found.student_t),
        is_outside(over(&failing)?.student_t),
        is_outside(found.bca),
        one_run(&one_world)?,
    ])
}

/// Draws as training seeds of one world.
fn table(draws: &[Draw]) -> UserTable {
    let means = |draw: &Draw| draw.values.values().map(|&r_traj| UserMean { r_traj, len: 1.0 }).collect();
    let seeds = draws
        .iter()
        .map(|draw| TrainingSeedMeans { training_seed: Some(draw.training_seed), means: means(draw) });
    UserTable { users: (0..N_USERS as u32).map(UserIdx).collect(), seeds: seeds.collect() }
}
