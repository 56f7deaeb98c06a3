//! What is measured: time and peak memory of importing a CSV log of ten million rows (or as many as asked for) by
//! 200,000 users of 50,000 items (or as many), which is written first if it is not there.
//!
//! `cargo run --release -p data --example import_speed -- LOG.csv [ROWS [USERS ITEMS [OUT]]]`; run it under
//! `/usr/bin/time -v` for the memory. With OUT, the dataset is also saved there and opened again.

use std::io::Write as _;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: import_speed LOG.csv [ROWS [USERS ITEMS [OUT]]]")?;
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (n_rows, n_users, n_items) = (number(10_000_000)?, number(200_000)?, number(50_000)?);
    let path = Path::new(&path);
    if !path.exists() {
        write_log(path, n_rows, (n_users, n_items))?;
    }
    let start = std::time::Instant::now();
    let options = data::ImportOptions::new(data::Format::Csv, path);
    let (dataset, report) = data::import(&options)?;
    let seconds = start.elapsed().as_secs_f64();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} rows read, {} kept, {} users", report.rows_read, report.rows_kept, dataset.n_users())?;
    writeln!(out, "{seconds:.2} s, {:.2} million rows a second", report.rows_read as f64 / seconds / 1e6)?;
    let Some(out_path) = arguments.next() else {
        return Ok(());
    };
    let start = std::time::Instant::now();
    dataset.save(Path::new(&out_path), 0, serde_json::Value::Null)?;
    drop(dataset);
    let saved = start.elapsed().as_secs_f64();
    let (opened, _) = data::Dataset::open(Path::new(&out_path))?;
    let seconds = start.elapsed().as_secs_f64() - saved;
    writeln!(out, "{saved:.2} s to save, {seconds:.2} s to open {} rows", opened.n_interactions())?;
    Ok(())
}

/// Rows in the order of time, with skewed popularity.
fn write_log(path: &Path, n_rows: u64, (n_users, n_items): (u64, u64)) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(file, "userId,movieId,rating,timestamp")?;
    let mut state = 1u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for row in 0..n_rows {
        let (user, bound) = (next(n_users), 1 + next(n_items));
        let (item, half_stars) = (next(bound), 1 + next(10));
        writeln!(file, "{user},{item},{}.{},{}", half_stars / 2, half_stars % 2 * 5, 900_000_000 + row)?;
    }
    file.flush()
}
