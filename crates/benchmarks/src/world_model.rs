//! DeepFM training on a log of MovieLens 1M's size.

use crate::figure::{BenchError, Figure, paired_seconds};
use crate::plain_deepfm::PlainDeepFm;
use catalogue::Catalogue;
use mdp::{ItemIdx, UserIdx, rng_for};
use rand::RngExt as _;
use world_model::{DeepFmConfig, DeepFmEnsemble, ItemCategories, ItemContent, Rating, RatingTable};

const N_USERS: u32 = 6_040;
const N_ITEMS: u32 = 3_706;
const N_ROWS: usize = 1_000_000;
/// Rows that the plain twin, which is slower, is timed on.
const N_PLAIN_ROWS: usize = 20_000;

pub(crate) fn run() -> Result<Vec<Figure>, BenchError> {
    let table = log();
    let rows = (0..N_ITEMS).map(|item| (item.to_string(), format!("Film {item}"), Vec::new())).collect();
    let content = ItemCategories::of(&Catalogue::new(rows).0, ItemContent::None);
    let n_members = rayon::current_num_threads();
    let config = DeepFmConfig { n_members, max_epochs: 1, patience: 0, ..Default::default() };
    let ours = || Ok(DeepFmEnsemble::fit(&table, &table.cells[..1000], &content, &config, 0)?.n_epochs.len());
    let plain = || {
        let mut network = PlainDeepFm::new(N_USERS as usize, N_ITEMS as usize, &mut rng_for(0, &[3]));
        table.cells[..N_PLAIN_ROWS].iter().for_each(|cell| network.learn(cell));
        Ok(1)
    };
    let (own, reference) = paired_seconds(ours, plain)?;
    // The twin runs on one thread; every thread of ours trains one member.
    let name = format!("DeepFM training, 1,000,000 rows, 6,040 x 3,706, {n_members} members at once");
    let own = (n_members * N_ROWS) as f64 / own;
    Ok(vec![Figure::rate(name, "rows/s", own, N_PLAIN_ROWS as f64 / reference)])
}

fn log() -> RatingTable {
    let rng = &mut rng_for(0, &[2]);
    let mut skewed = |n: u32| ((rng.random::<f32>().powi(2) * n as f32) as u32).min(n - 1);
    let cells = (0..N_ROWS).map(|_| {
        let (user, item) = (skewed(N_USERS), skewed(N_ITEMS));
        Rating { user: UserIdx(user), item: ItemIdx(item), value: 1.0 + ((user + 3 * item) % 5) as f32 }
    });
    RatingTable { n_users: N_USERS as usize, n_items: N_ITEMS as usize, cells: cells.collect() }
}
