//! Latency of the default policy by catalogue size, one session, one thread.

use crate::figure::{BenchError, Figure, median, on_threads};
use crate::robust_training::Domain;
use mdp::{ItemSet, SessionContext, rng_for};
use rand::RngExt as _;
use std::time::Instant;

const SIZES: [usize; 5] = [1_000, 3_000, 10_000, 30_000, 100_000];
const N_SESSIONS: usize = 12;
const N_STEPS: usize = 10;
/// Length of the vectors of the reference.
const WIDTH: usize = 64;

pub(crate) fn run() -> Result<Vec<Figure>, BenchError> {
    SIZES.iter().map(|&n_items| on_threads(1, || one_size(n_items))?).collect()
}

fn one_size(n_items: usize) -> Result<Figure, BenchError> {
    let domain = Domain::new(n_items)?;
    let (policy, _) = domain.train(64)?;
    let rng = &mut rng_for(0, &[5]);
    let table: Vec<f32> = (0..n_items * WIDTH).map(|_| rng.random::<f32>() - 0.5).collect();
    let (mut own, mut reference) = (Vec::new(), Vec::new());
    for (user, history) in domain.histories.iter().take(N_SESSIONS) {
        let mut session = policy.start(SessionContext { user: *user, history });
        let mut shown = ItemSet::empty(n_items);
        for step in 0..N_STEPS {
            let start = Instant::now();
            let item = session.choose(&shown, rng).item;
            session.observe(item, 4.0);
            own.push(start.elapsed().as_secs_f64() * 1e6);
            shown.insert(item);
            let start = Instant::now();
            std::hint::black_box(best_product(&table, &table[step * WIDTH..(step + 1) * WIDTH]));
            reference.push(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    let name = format!("one recommendation with feedback, p50, {n_items} items, 1 thread");
    Ok(Figure::micros(name, median(own), median(reference)))
}

/// The row with the largest inner product, as a factor model without sessions would choose.
fn best_product(table: &[f32], user: &[f32]) -> usize {
    let score = |row: &[f32]| row.iter().zip(user).map(|(x, y)| x * y).sum::<f32>();
    let scores = table.chunks_exact(WIDTH).map(score).enumerate();
    scores.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(row, _)| row)
}
