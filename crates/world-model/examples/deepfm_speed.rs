//! What is measured: rows a second of DeepFM training on a log of MovieLens 1M's size (1,000,000 rows, 6,040 users,
//! 3,706 items, 18 categories) with the default settings, two members on as many threads as there are, the pass over
//! the validation cells included; and the error on held-out cells, so that speed is not bought with quality. Ratings are
//! planted: offsets and products of three factors with noise of deviation 0.8, rounded to whole stars, popularity skewed.
//!
//! `cargo run --release -p world-model --example deepfm_speed -- [PASSES [MEMBERS]]`.

use catalogue::Catalogue;
use mdp::{ItemIdx, MeanModel, Rng, UserIdx, rng_for};
use nn::normal;
use rand::RngExt as _;
use std::io::Write as _;
use world_model::{DeepFmConfig, DeepFmEnsemble, ItemCategories, ItemContent, Rating, RatingTable};

const N_USERS: u32 = 6_040;
const N_ITEMS: u32 = 3_706;
const N_ROWS: usize = 1_000_000;
const N_HELD_OUT: usize = 50_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let n_epochs = arguments.next().map_or(Ok(2), |n| n.parse())?;
    let n_members = arguments.next().map_or(Ok(2), |n| n.parse())?;
    let (table, held_out) = log();
    let content = ItemCategories::of(&catalogue(), ItemContent::Categories);
    let config = DeepFmConfig { n_members, max_epochs: n_epochs, patience: 0, ..Default::default() };
    let start = std::time::Instant::now();
    let ensemble = DeepFmEnsemble::fit(&table, &held_out, &content, &config, 0)?.ensemble;
    let seconds = start.elapsed().as_secs_f64();
    let n_rows = n_members * n_epochs * table.cells.len();
    let errors = held_out.iter().map(|c| f64::from(ensemble.predict(c.user, c.item).0 - c.value).powi(2));
    let rmse = (errors.sum::<f64>() / held_out.len() as f64).sqrt();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{n_rows} rows in {seconds:.2} s: {:.0} rows a second", n_rows as f64 / seconds)?;
    writeln!(out, "root mean squared error on held-out cells: {rmse:.5}")?;
    Ok(())
}

fn catalogue() -> Catalogue {
    let rng = &mut rng_for(0, &[1]);
    let mut categories = || -> Vec<String> {
        (0..rng.random_range(1..4)).map(|_| format!("c{}", rng.random_range(0..18))).collect()
    };
    let rows = (0..N_ITEMS).map(|item| (item.to_string(), format!("Film {item}"), categories()));
    Catalogue::new(rows.collect()).0
}

fn log() -> (RatingTable, Vec<Rating>) {
    let rng = &mut rng_for(0, &[2]);
    let factors = |n: u32, rng: &mut Rng| -> Vec<[f32; 4]> {
        (0..n).map(|_| std::array::from_fn(|k| normal(rng) * if k == 0 { 0.4 } else { 0.45 })).collect()
    };
    let (users, items) = (factors(N_USERS, rng), factors(N_ITEMS, rng));
    let mut cells = (0..N_ROWS + N_HELD_OUT).map(|_| {
        let skewed = |n: u32, rng: &mut Rng| ((rng.random::<f32>().powi(2) * n as f32) as u32).min(n - 1);
        let (user, item) = (skewed(N_USERS, rng), skewed(N_ITEMS, rng));
        let (p, q) = (users[user as usize], items[item as usize]);
        let taste: f32 = (1..4).map(|k| p[k] * q[k]).sum();
        let value = (3.6 + p[0] + q[0] + taste + 0.8 * normal(rng)).round().clamp(1.0, 5.0);
        Rating { user: UserIdx(user), item: ItemIdx(item), value }
    });
    let held_out = cells.by_ref().take(N_HELD_OUT).collect();
    let table = RatingTable { n_users: N_USERS as usize, n_items: N_ITEMS as usize, cells: cells.collect() };
    (table, held_out)
}
