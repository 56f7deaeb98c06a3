//! What is measured: answers in process, the ten best items of a catalogue for one hidden state or a batch of them; the
//! median of many, with the 99th percentile, for each precision of the table, and how many of the ten are those of
//! single precision. `bench/reference/inference.py` does the same in PyTorch.
//!
//! `cargo run --release -p kernels --example recommend -- [items] [batch] [threads] [answers]`

use kernels::{HeadTable, Isa, Precision, Scored, ScoringTable};
use std::time::Instant;

const WIDTH: usize = 64;
const N_BEST: usize = 10;
const N_CANDIDATES: usize = 24;

/// Roughly normal numbers: sums of four uniform ones.
fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let uniform = |i: u64| {
        let mut x = (i + (seed << 40) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x ^= x >> 29;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x ^= x >> 32;
        (x & 0xFF_FFFF) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..n as u64).map(|i| (0..4).map(|part| uniform(4 * i + part)).sum::<f32>() * 0.866).collect()
}

#[expect(clippy::print_stdout, reason = "a bench reports")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = |at: usize, default: usize| std::env::args().nth(at).map_or(Ok(default), |a| a.parse());
    let (n_items, n_batch) = (argument(1, 13_864)?, argument(2, 1)?);
    let (n_threads, n_answers) = (argument(3, 1)?, argument(4, 1000)?);
    let (rows, bias) = (numbers(n_items * WIDTH, 1), numbers(n_items, 2));
    let head = HeadTable { rows: &rows, bias: &bias };
    let states = numbers(n_batch * n_answers.min(400) * WIDTH, 3);
    let shown: Vec<u32> = (0..20).map(|i| (i * 31 % n_items) as u32).collect();
    let excluded = vec![&shown[..]; n_batch];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build()?;
    let tables = [Precision::Single, Precision::Half, Precision::Byte]
        .map(|precision| (precision, ScoringTable::new(Isa::detected(), precision, head, WIDTH)));
    let mut exact: Vec<Vec<Scored>> = Vec::new();
    for (precision, is_refined) in [
        (Precision::Single, false),
        (Precision::Half, false),
        (Precision::Byte, false),
        (Precision::Byte, true),
    ] {
        let table = &tables.iter().find(|(known, _)| *known == precision).ok_or("a table per precision")?.1;
        let (mut times, mut answers) = (Vec::new(), Vec::new());
        pool.install(|| {
            for index in 0..n_answers {
                let states = states.chunks_exact(n_batch * WIDTH).cycle().nth(index % 400).unwrap_or(&[]);
                let started = Instant::now();
                let answer = if is_refined {
                    table.top_refined(head, states, &excluded, (N_CANDIDATES, N_BEST))
                } else {
                    table.top(states, &excluded, N_BEST)
                };
                times.push(started.elapsed().as_secs_f64() * 1e6);
                if index < 400 {
                    answers.extend(answer);
                }
            }
        });
        if exact.is_empty() {
            exact.clone_from(&answers);
        }
        let found: usize = answers.iter().zip(&exact).map(|(got, want)| common(got, want)).sum();
        let recall = found as f64 / (N_BEST * answers.len()) as f64;
        times.sort_by(f64::total_cmp);
        let name = format!("{n_batch} x top {N_BEST} of {n_items} items, {precision:?}, {n_threads} threads");
        println!(
            r#"{{"name": "{name}{}", "value": {:.1}, "p99": {:.1}, "least": {:.1}, "unit": "us", "recall": {recall:.5}, "table_mb": {:.1}}}"#,
            if is_refined { ", refined" } else { "" },
            times[times.len() / 2],
            times[times.len() * 99 / 100],
            times[0],
            table.n_bytes() as f64 / 1e6,
        );
    }
    Ok(())
}

/// How many items two answers share.
fn common(got: &[Scored], want: &[Scored]) -> usize {
    want.iter().filter(|want| got.iter().any(|got| got.item == want.item)).count()
}
