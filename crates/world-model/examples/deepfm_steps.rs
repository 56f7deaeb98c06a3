//! What is measured: gradient steps of one DeepFM member (default settings, batch 256, one thread) on a log of
//! MovieLens 1M's size, for `bench/reference/deepfm.py`, which starts this program and takes the same steps in PyTorch.
//!
//! `deepfm_steps FOLDER touched|all` writes the start (`users`, `items`, `categories`, `trunk`, `heads`: little-endian
//! f32; `of_item`: three category numbers per item, u32; `sizes`: JSON) into the folder; then every line of input is a
//! number of steps to take, answered by their losses and the seconds of all of them.

use catalogue::Catalogue;
use mdp::{ItemIdx, UserIdx};
use std::io::BufRead as _;
use std::path::Path;
use std::time::Instant;
use world_model::{DeepFmConfig, DeepFmSteps, ItemCategories, ItemContent, Rating, RatingTable, RowUpdate};

const N_USERS: usize = 6_040;
const N_ITEMS: usize = 3_706;
const N_CATEGORIES: usize = 18;
const BATCH: usize = 256;

/// The shared generator: 64 random bits for each index of a stream.
fn bits(stream: u64, index: usize) -> u64 {
    let mut x = (index as u64).wrapping_add(stream << 40).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 32;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 29;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 32)
}

/// Row number `index` of the log: anybody, anything, one to five stars.
fn cell(index: usize) -> Rating {
    let below = |stream, end: usize| ((bits(stream, index) >> 20) as usize % end) as u32;
    Rating {
        user: UserIdx(below(1, N_USERS)),
        item: ItemIdx(below(2, N_ITEMS)),
        value: (1 + below(3, 5)) as f32,
    }
}

/// Three different categories for each item.
fn categories_of(item: usize) -> [usize; 3] {
    [0, 1, 2].map(|k| (item + k * (1 + item % 5)) % N_CATEGORIES)
}

#[expect(clippy::print_stdout, reason = "a bench reports")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, rows] = arguments.as_slice() else {
        return Err("usage: deepfm_steps FOLDER touched|all".into());
    };
    let row_update = if rows == "all" { RowUpdate::All } else { RowUpdate::Touched };
    let config = DeepFmConfig { row_update, ..Default::default() };
    let named = |item: usize| categories_of(item).iter().map(|c| format!("c{c:02}")).collect();
    let items = (0..N_ITEMS).map(|item| (item.to_string(), format!("Film {item}"), named(item)));
    let catalogue = Catalogue::new(items.collect()).0;
    let content = ItemCategories::of(&catalogue, ItemContent::Categories);
    let cells = (0..100_000).map(cell).collect();
    let table = RatingTable { n_users: N_USERS, n_items: N_ITEMS, cells };
    let mut steps = DeepFmSteps::new(&table, &content, &config, 0);
    write_start(Path::new(folder), &steps, &catalogue)?;
    let mut n_done = 0;
    for line in std::io::stdin().lock().lines() {
        let n: usize = line?.trim().parse()?;
        let batches: Vec<Vec<Rating>> =
            (n_done..n_done + n).map(|step| (step * BATCH..(step + 1) * BATCH).map(cell).collect()).collect();
        let started = Instant::now();
        let losses: Vec<f64> = batches.iter().map(|batch| steps.step(batch)).collect();
        let seconds = started.elapsed().as_secs_f64();
        n_done += n;
        println!("{}", serde_json::json!({ "seconds": seconds, "losses": losses }));
    }
    Ok(())
}

fn write_start(folder: &Path, steps: &DeepFmSteps<'_>, catalogue: &Catalogue) -> std::io::Result<()> {
    let start = steps.parameters();
    let parts = [
        ("users", start.users),
        ("items", start.items),
        ("categories", start.categories),
        ("trunk", start.trunk),
        ("heads", start.heads),
    ];
    for (name, values) in parts {
        std::fs::write(folder.join(name), bytemuck::cast_slice(values))?;
    }
    let of_item: Vec<u32> =
        catalogue.items().iter().flat_map(|item| item.categories.iter().map(|&c| u32::from(c))).collect();
    std::fs::write(folder.join("of_item"), bytemuck::cast_slice(&of_item))?;
    let sizes =
        serde_json::json!({ "users": N_USERS, "items": N_ITEMS, "categories": N_CATEGORIES, "batch": BATCH });
    std::fs::write(folder.join("sizes"), sizes.to_string())
}
