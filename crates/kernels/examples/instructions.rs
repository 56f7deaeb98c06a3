//! What is measured: nothing here. `cargo xtask instructions` runs this under callgrind, with no round and with a few, and
//! compares the difference with the committed count.
//!
//! `instructions KERNEL ROUNDS`; the kernels run on AVX2, because callgrind knows no AVX-512.

use kernels::{
    Adam, AdamConfig, HeadLimits, HeadParameters, HeadPass, HeadScale, HeadTable, Isa, Precision, RowAdam,
    RowGradients, ScoringTable,
};

const WIDTH: usize = 64;
const N_ITEMS: usize = 1000;
const N_BATCH: usize = 64;

fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 2_654_435_761) % 1000) as f32 * 2e-3 - 1.0).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let usage = "usage: instructions KERNEL ROUNDS";
    let kernel = std::env::args().nth(1).ok_or(usage)?;
    let n_rounds: usize = std::env::args().nth(2).ok_or(usage)?.parse()?;
    let isa = Isa::Avx2;
    let (rows, bias, states) = (numbers(N_ITEMS * WIDTH), numbers(N_ITEMS), numbers(N_BATCH * WIDTH));
    match kernel.as_str() {
        "head" => head(isa, n_rounds, rows, bias, &states),
        "row-adam" => row_adam(n_rounds, rows),
        precision => {
            let precision = match precision {
                "top-single" => Precision::Single,
                "top-half" => Precision::Half,
                "top-byte" => Precision::Byte,
                _ => return Err(usage.into()),
            };
            let table = ScoringTable::new(isa, precision, HeadTable { rows: &rows, bias: &bias }, WIDTH);
            for state in states.chunks_exact(WIDTH).cycle().take(n_rounds) {
                std::hint::black_box(table.top(state, &[], 10));
            }
        }
    }
    Ok(())
}

/// Steps of the item head: forward, backward, Adam.
fn head(isa: Isa, n_rounds: usize, mut rows: Vec<f32>, mut bias: Vec<f32>, hidden: &[f32]) {
    let config = AdamConfig::with_learning_rate(1e-3);
    let (mut rows_adam, mut bias_adam) = (Adam::new(config, rows.len()), Adam::new(config, bias.len()));
    let actions: Vec<u32> = (0..N_BATCH).map(|i| (i * 7919 % N_ITEMS) as u32).collect();
    let scales = [HeadScale { action: 0.01, entropy: 1e-4 }; N_BATCH];
    let mut pass = HeadPass::new(isa, WIDTH, 10.0);
    let mut d_hidden = vec![0.0; hidden.len()];
    for _ in 0..n_rounds {
        pass.forward(HeadTable { rows: &rows, bias: &bias }, hidden, &actions);
        let parameters = HeadParameters {
            rows: &mut rows,
            bias: &mut bias,
            rows_adam: &mut rows_adam,
            bias_adam: &mut bias_adam,
            limits: HeadLimits::NONE,
        };
        pass.backward_and_step(parameters, &scales, &mut d_hidden);
    }
    std::hint::black_box(d_hidden);
}

/// Steps of a table of which few rows have a gradient, and one look at all of it.
fn row_adam(n_rounds: usize, values: Vec<f32>) {
    let gradient = numbers(WIDTH);
    let mut table = RowAdam::new(1e-3, WIDTH, values);
    for round in 0..n_rounds {
        let mut gradients = RowGradients::new(WIDTH);
        (0..16).for_each(|row| gradients.add((round as u32 * 37 + row * 61) % N_ITEMS as u32, &gradient));
        table.step(&gradients);
    }
    if n_rounds > 0 {
        std::hint::black_box(table.rows());
    }
}
