//! What is measured: one step of the item head (forward, backward, exact Adam of rows and biases), median milliseconds,
//! and the share of it that the pass forward takes.
//!
//! `cargo run --release -p kernels --example item_head -- [items] [batch] [width] [threads] [steps] [isa]`

use kernels::{Adam, AdamConfig, HeadLimits, HeadParameters, HeadPass, HeadScale, HeadTable, Isa};
use std::time::Instant;

#[expect(clippy::print_stdout, reason = "a bench reports")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = |at: usize, default: usize| std::env::args().nth(at).map_or(Ok(default), |a| a.parse());
    let (n_items, n_batch) = (argument(1, 13_864)?, argument(2, 256)?);
    let (width, n_threads, n_steps) = (argument(3, 64)?, argument(4, 2)?, argument(5, 40)?);
    let isa = match std::env::args().nth(6).as_deref() {
        Some("portable") => Isa::Portable,
        Some("avx2") => Isa::Avx2,
        Some("avx512") => Isa::Avx512,
        _ => Isa::detected(),
    };
    let number = |i: usize| ((i * 2_654_435_761) % 1000) as f32 * 2e-3 - 1.0;
    let mut rows: Vec<f32> = (0..n_items * width).map(|i| 0.125 * number(i)).collect();
    let (mut bias, hidden) = (vec![0.0; n_items], (0..n_batch * width).map(number).collect::<Vec<_>>());
    let actions: Vec<u32> = (0..n_batch).map(|i| (i * 7919 % n_items) as u32).collect();
    let scales = vec![HeadScale { action: 1.0 / n_batch as f32, entropy: 1e-5 }; n_batch];
    let config = AdamConfig::with_learning_rate(1e-3);
    let (mut rows_adam, mut bias_adam) = (Adam::new(config, rows.len()), Adam::new(config, n_items));
    let mut pass = HeadPass::new(isa, width, 10.0);
    let mut d_hidden = vec![0.0; hidden.len()];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build()?;
    let (mut whole, mut forward, mut loss) = (Vec::new(), Vec::new(), 0.0);
    pool.install(|| {
        for _ in 0..n_steps {
            let started = Instant::now();
            let statistics = pass.forward(HeadTable { rows: &rows, bias: &bias }, &hidden, &actions);
            loss = -statistics.iter().map(kernels::HeadRow::log_prob).sum::<f32>() / n_batch as f32;
            forward.push(started.elapsed().as_secs_f64() * 1e3);
            let parameters = HeadParameters {
                rows: &mut rows,
                bias: &mut bias,
                rows_adam: &mut rows_adam,
                bias_adam: &mut bias_adam,
                limits: HeadLimits::NONE,
            };
            pass.backward_and_step(parameters, &scales, &mut d_hidden);
            whole.push(started.elapsed().as_secs_f64() * 1e3);
        }
    });
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    println!(
        r#"{{"name": "item head step, {n_items} items, batch {n_batch}, width {width}, {n_threads} threads, {isa:?}", "value": {:.3}, "forward": {:.3}, "least": {:.3}, "unit": "ms", "loss": {loss}}}"#,
        median(&mut whole),
        median(&mut forward),
        whole[0]
    );
    Ok(())
}
