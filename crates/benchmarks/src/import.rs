//! CSV import beside the plainest program that reads the same file.

use crate::figure::{BenchError, Figure, paired_seconds};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;

const N_ROWS: u64 = 1_000_000;

pub(crate) fn run() -> Result<Vec<Figure>, BenchError> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("log.csv");
    write_log(&path)?;
    let options = data::ImportOptions::new(data::Format::Csv, &path);
    let ours = || Ok(data::import(&options)?.0.n_users());
    let (own, reference) = paired_seconds(ours, || Ok(plain(&path)?))?;
    let rate = |seconds: f64| N_ROWS as f64 / seconds;
    Ok(vec![Figure::rate("CSV import, 1,000,000 rows".into(), "rows/s", rate(own), rate(reference))])
}

/// Lines split at commas, ids through hash maps, histories as one list per user; nothing is checked, nothing sorted.
fn plain(path: &Path) -> std::io::Result<usize> {
    let mut users: HashMap<String, u32> = HashMap::new();
    let mut items: HashMap<String, u32> = HashMap::new();
    let mut histories: Vec<Vec<(u32, f32, i64)>> = Vec::new();
    for line in BufReader::new(std::fs::File::open(path)?).lines().skip(1) {
        let line = line?;
        let mut fields = line.split(',');
        let mut next = || fields.next().unwrap_or("");
        let n = users.len() as u32;
        let user = *users.entry(next().to_owned()).or_insert(n);
        let n = items.len() as u32;
        let item = *items.entry(next().to_owned()).or_insert(n);
        histories.resize(users.len(), Vec::new());
        let row = (item, next().parse().unwrap_or(0.0), next().parse().unwrap_or(0));
        histories[user as usize].push(row);
    }
    Ok(histories.len())
}

/// Rows of 20,000 users and 10,000 items in the order of time, with skewed popularity.
fn write_log(path: &Path) -> std::io::Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    writeln!(file, "userId,movieId,rating,timestamp")?;
    let rng = &mut mdp::rng_for(0, &[1]);
    let mut below = |n: u64| rand::RngExt::random_range(rng, 0..n);
    for row in 0..N_ROWS {
        let (user, bound) = (below(20_000), 1 + below(10_000));
        let (item, half_stars) = (below(bound), 1 + below(10));
        writeln!(file, "{user},{item},{}.{},{}", half_stars / 2, half_stars % 2 * 5, 900_000_000 + row)?;
    }
    file.flush()
}
