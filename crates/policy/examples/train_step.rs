//! What is measured: one training step of the published network on a large batch (encoder, item head over the whole
//! catalogue, losses, exact Adam of all parameters, user and item tables included), median milliseconds of the steps
//! after 30 that are not counted. `bench/reference/train_step.py` takes the same steps in PyTorch and starts this
//! program for the comparison.
//!
//! `cargo run --release -p policy --example train_step -- [items] [window] [batch] [users] [threads] [steps]`; with
//! `serve` for steps, every line of input is a number of steps to take, answered by their times and losses.

use kernels::Isa;
use mdp::ItemIdx;
use nn::{BatchDropout, TrackerConfig};
use policy::{ActorConfig, ActorParts, ActorRow, LargeActor, LossConfig, PolicyRow, StateInput};
use std::io::BufRead as _;
use std::time::Instant;

const WIDTH: usize = 64;
const LAYERS: usize = 2;
const LIMIT: f32 = 15.0;

/// The shared generator: 64 random bits for each index of a stream.
fn bits(stream: u64, index: usize) -> u64 {
    let mut x = (index as u64).wrapping_add(stream << 40).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 32;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 29;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 32)
}

/// In `[-1, 1)`.
fn number(stream: u64, index: usize) -> f32 {
    (bits(stream, index) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

fn numbers(stream: u64, n: usize, scale: f32) -> Vec<f32> {
    (0..n).map(|index| scale * number(stream, index)).collect()
}

/// Parameters of the tracker: small numbers, one more for the gains of the norms.
fn tracker(window: usize) -> Vec<f32> {
    let layer = [3 * WIDTH * WIDTH, 3 * WIDTH, WIDTH * WIDTH, WIDTH, WIDTH, WIDTH];
    let layer = layer.into_iter().chain([WIDTH * WIDTH, WIDTH, WIDTH * WIDTH, WIDTH, WIDTH, WIDTH]);
    let layer = layer.zip([0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    let layers = std::iter::repeat_n(layer.collect::<Vec<_>>(), LAYERS).flatten();
    let parts =
        std::iter::once(((2 + window) * WIDTH, 0.0)).chain(layers).chain([(WIDTH, 1.0), (WIDTH, 0.0)]);
    let offsets: Vec<f32> = parts.flat_map(|(length, offset)| std::iter::repeat_n(offset, length)).collect();
    offsets.iter().enumerate().map(|(index, offset)| offset + 0.125 * number(3, index)).collect()
}

/// Sizes of a run.
struct Sizes {
    n_items: usize,
    window: usize,
    n_batch: usize,
    n_users: usize,
}

/// Takes `n` steps from number `first` on; their times in milliseconds and their losses.
fn run(actor: &mut LargeActor, sizes: &Sizes, first: usize, n: usize) -> (Vec<f64>, Vec<f32>) {
    let &Sizes { n_items, window, n_batch, n_users } = sizes;
    let loss = LossConfig { entropy: 0.01, imitation: 0.5, logit_limit: LIMIT };
    let below = |stream, index, end: usize| (bits(stream, index) >> 20) as usize % end;
    let (mut times, mut losses) = (Vec::new(), Vec::new());
    for step in first..first + n {
        let rows = step * n_batch..(step + 1) * n_batch;
        let cells = step * n_batch * window..(step + 1) * n_batch * window;
        let history: Vec<(ItemIdx, f32)> = cells
            .map(|cell| (ItemIdx(below(11, cell, n_items) as u32), (1 + below(12, cell, 5)) as f32))
            .collect();
        let batch: Vec<ActorRow<'_>> = rows
            .zip(history.chunks_exact(window))
            .map(|(row, steps)| ActorRow {
                state: StateInput { user_row: below(10, row, n_users) as u32, steps },
                loss: PolicyRow {
                    action: below(13, row, n_items),
                    advantage: number(14, row),
                    demo_weight: (row % 4 == 0).then(|| 1.0 + 0.5 * number(15, row)),
                },
            })
            .collect();
        let started = Instant::now();
        losses.push(actor.step(&batch, &loss, BatchDropout::Off).total);
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    (times, losses)
}

#[expect(clippy::print_stdout, reason = "a bench reports")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = |at: usize, default: usize| std::env::args().nth(at).map_or(Ok(default), |a| a.parse());
    let (n_items, window) = (argument(1, 13_864)?, argument(2, 4)?);
    let (n_batch, n_users, n_threads) = (argument(3, 256)?, argument(4, 10_000)?, argument(5, 2)?);
    let sizes = Sizes { n_items, window, n_batch, n_users };
    let config = ActorConfig {
        n_users,
        n_items,
        tracker: TrackerConfig { width: WIDTH, window, n_layers: LAYERS, dropout: 0.0 },
        logit_limit: LIMIT,
        learning_rate: 1e-3,
        row_norm_limit: f32::INFINITY,
        bias_limit: f32::INFINITY,
    };
    let tables = [numbers(1, n_users * WIDTH, 1.0), numbers(2, n_items * WIDTH, 1.0)];
    let (rows, mut head) = (numbers(4, n_items * WIDTH, 0.125), Vec::new());
    kernels::transpose(&rows, WIDTH, &mut head);
    head.extend(numbers(5, n_items, 0.125));
    let [users, items] = tables;
    let parts = ActorParts::fresh([users, items, tracker(window), head], WIDTH);
    let mut actor = LargeActor::from_parts(Isa::detected(), config, parts);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build()?;
    if std::env::args().nth(6).as_deref() == Some("serve") {
        let mut first = 0;
        for line in std::io::stdin().lock().lines() {
            let n: usize = line?.trim().parse()?;
            let (times, losses) = pool.install(|| run(&mut actor, &sizes, first, n));
            first += n;
            println!("{}", serde_json::json!({ "times": times, "losses": losses }));
        }
        return Ok(());
    }
    let n_steps = argument(6, 100)?;
    let (mut times, losses) = pool.install(|| {
        run(&mut actor, &sizes, 0, 30);
        run(&mut actor, &sizes, 30, n_steps)
    });
    times.sort_by(f64::total_cmp);
    let name =
        format!("training step, {n_items} items, window {window}, batch {n_batch}, {n_threads} threads");
    let value = serde_json::json!({ "name": name, "value": times[times.len() / 2], "unit": "ms", "least": times[0],
        "last_loss": losses.last() });
    println!("{value}");
    Ok(())
}
