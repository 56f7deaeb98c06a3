//! The kernels one by one, each beside its portable twin where it has one: `cargo bench -p kernels [NAME]`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use kernels::{
    Absence, Adam, AdamConfig, HeadLimits, HeadParameters, HeadPass, HeadScale, HeadTable, Isa, Precision,
    RowAdam, RowGradients, ScoringTable, affine_batch,
};

const WIDTH: usize = 64;
const N_ITEMS: usize = 13_864;
const N_BATCH: usize = 256;
/// The best instruction set of this machine, and the twin that every machine has.
const ISAS: [&str; 2] = ["detected", "portable"];

fn main() {
    divan::main();
}

fn isa(name: &str) -> Isa {
    if name == "portable" { Isa::Portable } else { Isa::detected() }
}

fn numbers(n: usize, scale: f32) -> Vec<f32> {
    (0..n).map(|i| scale * (((i * 2_654_435_761) % 1000) as f32 * 2e-3 - 1.0)).collect()
}

/// Forward, backward and exact Adam of the item head on all threads; counted in cells of `[batch, items]`.
#[divan::bench(args = ISAS, sample_count = 30)]
fn item_head_step(bencher: Bencher<'_, '_>, name: &str) {
    let (mut rows, mut bias) = (numbers(N_ITEMS * WIDTH, 0.125), vec![0.0; N_ITEMS]);
    let (hidden, mut d_hidden) = (numbers(N_BATCH * WIDTH, 1.0), vec![0.0; N_BATCH * WIDTH]);
    let actions: Vec<u32> = (0..N_BATCH).map(|i| (i * 7919 % N_ITEMS) as u32).collect();
    let scales = [HeadScale { action: 1.0 / N_BATCH as f32, entropy: 1e-5 }; N_BATCH];
    let config = AdamConfig::with_learning_rate(1e-3);
    let (mut rows_adam, mut bias_adam) = (Adam::new(config, rows.len()), Adam::new(config, N_ITEMS));
    let mut pass = HeadPass::new(isa(name), WIDTH, 10.0);
    bencher.counter(ItemsCount::new(N_BATCH * N_ITEMS)).bench_local(|| {
        pass.forward(HeadTable { rows: &rows, bias: &bias }, &hidden, &actions);
        let parameters = HeadParameters {
            rows: &mut rows,
            bias: &mut bias,
            rows_adam: &mut rows_adam,
            bias_adam: &mut bias_adam,
            limits: HeadLimits::NONE,
        };
        pass.backward_and_step(parameters, &scales, &mut d_hidden);
    });
}

/// A layer of the encoder over a batch; counted in multiplications.
#[divan::bench(args = ISAS)]
fn affine(bencher: Bencher<'_, '_>, name: &str) {
    let (input, mut output) = (numbers(N_BATCH * WIDTH, 1.0), vec![0.0; N_BATCH * WIDTH]);
    let (weight, bias) = (numbers(WIDTH * WIDTH, 0.125), numbers(WIDTH, 0.1));
    bencher
        .counter(ItemsCount::new(N_BATCH * WIDTH * WIDTH))
        .bench_local(|| affine_batch(isa(name), &input, (&weight, &bias), black_box(&mut output)));
}

/// The ten best items for one state; counted in items.
#[divan::bench(args = [Precision::Single, Precision::Half, Precision::Byte], consts = [0, 1])]
fn top<const PORTABLE: usize>(bencher: Bencher<'_, '_>, precision: Precision) {
    let (rows, bias, state) = (numbers(N_ITEMS * WIDTH, 1.0), numbers(N_ITEMS, 1.0), numbers(WIDTH, 1.0));
    let table =
        ScoringTable::new(isa(ISAS[PORTABLE]), precision, HeadTable { rows: &rows, bias: &bias }, WIDTH);
    bencher.counter(ItemsCount::new(N_ITEMS)).bench_local(|| table.top(black_box(&state), &[&[]], 10));
}

/// A draw from the softmax over all items; counted in items.
#[divan::bench(args = ISAS)]
fn draw(bencher: Bencher<'_, '_>, name: &str) {
    let (rows, bias, state) = (numbers(N_ITEMS * WIDTH, 0.125), vec![0.0; N_ITEMS], numbers(WIDTH, 1.0));
    let head = HeadTable { rows: &rows, bias: &bias };
    let table = ScoringTable::new(isa(name), Precision::Single, head, WIDTH);
    bencher
        .counter(ItemsCount::new(N_ITEMS))
        .bench_local(|| table.draw(black_box(&state), &[], 10.0, black_box(0.37)));
}

/// Adam on a table of which a batch touches 256 rows: exact for all rows, and only for those that are there.
#[divan::bench(args = [Absence::Moves, Absence::Rests])]
fn row_adam(bencher: Bencher<'_, '_>, absence: Absence) {
    let mut table = RowAdam::new(1e-3, WIDTH, numbers(N_ITEMS * WIDTH, 1.0)).with_absence(absence);
    let mut gradients = RowGradients::new(WIDTH);
    let (gradient, mut rows) = (numbers(WIDTH, 1e-3), Vec::new());
    let mut next = 0;
    bencher.counter(ItemsCount::new(N_BATCH)).bench_local(|| {
        gradients.clear();
        for _ in 0..N_BATCH {
            next = (next + 7_919) % N_ITEMS;
            gradients.add(next as u32, &gradient);
        }
        rows.clear();
        rows.extend(gradients.iter().map(|(&row, _)| row));
        table.catch_up_rows(&mut rows);
        table.step(&gradients);
    });
}
