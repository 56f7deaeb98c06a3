//! Two policies of 13,864 items, trained on a generated log by the binary itself.

use crate::Outcome;
use crate::report::say;
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// As many as the Amazon-Book catalogue of the published runs.
const N_ITEMS: usize = 13_864;
const N_USERS: usize = 600;
const N_RATINGS: usize = 80;
const N_GENRES: usize = 60;
/// Different sets of genres. Shops file things under leaves of a tree: the Amazon-Book catalogue has 319.
const N_SETS: usize = 320;
/// Long enough that weights are learned ones, short enough for every run.
const SETTINGS: [&str; 2] = ["training.n_env_steps=1500", "training.n_validation_users=10"];

/// The artefacts of two seeds, made once a directory.
pub(crate) fn artefacts(ilrec: &Path, dir: &Path) -> Outcome<(PathBuf, PathBuf)> {
    let place = |name: &str| dir.join(name);
    let both = (place("artefact-0"), place("artefact-1"));
    if both.0.exists() && both.1.exists() {
        return Ok(both);
    }
    say("making two policies from a generated log");
    let (log, items) = tables();
    std::fs::write(place("log.csv"), log)?;
    std::fs::write(place("items.csv"), items)?;
    let run = |line: &str| -> Outcome<()> {
        let status = Command::new(ilrec).args(line.split(' ')).arg("--quiet").current_dir(dir).status()?;
        if status.success() { Ok(()) } else { Err(format!("ilrec {line}: {status}").into()) }
    };
    for old in ["data", "world", "demos", "policy-0", "policy-1", "artefact-0", "artefact-1"] {
        if place(old).exists() {
            std::fs::remove_dir_all(place(old))?;
        }
    }
    run("data import csv --input log.csv --items items.csv --out data")?;
    run("world train --data data --out world")?;
    run("demos collect --data data --world world --llm builtin:expert --episodes 40 --out demos")?;
    let settings: String = SETTINGS.iter().fold(String::new(), |mut all, one| {
        let _ = write!(all, " --set {one}");
        all
    });
    for seed in 0..2 {
        run(&format!(
            "train --data data --world world --demos demos --seed {seed} --out policy-{seed}{settings}"
        ))?;
        run(&format!("export --policy policy-{seed} --data data --demos demos --out artefact-{seed}"))?;
    }
    Ok(both)
}

/// A log of users who like some genres, and the items with up to three genres each. Popularity falls off as in shops.
fn tables() -> (String, String) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
    let mut items = String::from("item,title,genres\n");
    let mut genres_of = Vec::new();
    let mut sets: BTreeSet<BTreeSet<usize>> = BTreeSet::new();
    while sets.len() < N_SETS {
        let n = rng.random_range(1..=3);
        sets.insert((0..n).map(|_| rng.random_range(0..N_GENRES)).collect());
    }
    let sets: Vec<_> = sets.into_iter().collect();
    for item in 0..N_ITEMS {
        // Low numbers more often than high ones: common sets and rare ones.
        let genres = &sets[(rng.random::<f64>().powi(2) * N_SETS as f64) as usize];
        let names: Vec<String> = genres.iter().map(|genre| format!("Genre {genre}")).collect();
        let mut word = || WORDS[rng.random_range(0..WORDS.len())];
        let title = format!("The {} {} of {} {item}", word(), word(), word());
        let _ = writeln!(items, "{item},{title},{}", names.join("|"));
        genres_of.push(genres.clone());
    }
    let mut log = String::from("user,item,rating,time\n");
    for user in 0..N_USERS {
        let tastes: Vec<f64> = (0..N_GENRES).map(|_| rng.random::<f64>() * 4.0 - 2.0).collect();
        for time in 0..N_RATINGS {
            let item = (rng.random::<f64>().powi(2) * N_ITEMS as f64) as usize;
            let genres = &genres_of[item];
            let liking = genres.iter().map(|&genre| tastes[genre]).sum::<f64>() / genres.len() as f64;
            let rating = (3.2 + liking + rng.random::<f64>() - 0.5).round().clamp(1.0, 5.0);
            let _ = writeln!(log, "u{user},{item},{rating},{}", user * 1000 + time);
        }
    }
    (log, items)
}

const WORDS: [&str; 32] = [
    "Amber", "Anchor", "Autumn", "Beacon", "Bridge", "Candle", "Cedar", "Cliff", "Crown", "Delta", "Ember",
    "Falcon", "Forest", "Garden", "Harbour", "Island", "Journey", "Lantern", "Meadow", "Mirror", "Night",
    "Ocean", "Orchard", "Palace", "River", "Shadow", "Silver", "Stone", "Summer", "Tower", "Valley",
    "Winter",
];
