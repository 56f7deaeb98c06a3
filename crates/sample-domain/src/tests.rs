//! The domain is deterministic, well formed, and has the structure it promises.

use crate::words::{GENRES, TONES};
use crate::*;
use std::collections::{BTreeMap, BTreeSet};

fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().skip(1).map(|line| line.split(',').collect()).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let small = SampleConfig { n_items: 150, n_users: 10 };
    assert_eq!(generate(&small, 7), generate(&small, 7));
    assert_ne!(generate(&small, 7), generate(&small, 8));
}

#[test]
fn titles_are_distinct_and_show_a_tone_and_a_genre() {
    let tables = generate(&SampleConfig::default(), 1);
    let mut titles = BTreeSet::new();
    for line in tables.movies.lines().skip(1) {
        let title = line.split('"').nth(1).unwrap();
        let genres: Vec<&str> = line.rsplit_once(',').unwrap().1.split('|').collect();
        assert!(titles.insert(title), "{title} twice");
        assert!((1..=3).contains(&genres.len()));
        assert!(TONES.iter().flat_map(|t| t.iter()).any(|word| title.contains(word)), "{title} has a tone");
        let main = GENRES.iter().find(|g| g.name == genres[0]).unwrap();
        assert!(main.nouns.iter().any(|noun| title.contains(noun)), "{title} hints at {}", main.name);
    }
    assert_eq!(titles.len(), 1_200);
}

#[test]
fn the_log_has_the_promised_size_and_shape() {
    let tables = generate(&SampleConfig::default(), 1);
    let ratings = rows(&tables.ratings);
    assert!((30_000..=42_000).contains(&ratings.len()), "{} ratings", ratings.len());
    let mut counts = BTreeMap::new();
    let mut pairs = BTreeSet::new();
    for row in &ratings {
        *counts.entry(row[2]).or_insert(0usize) += 1;
        assert!(pairs.insert((row[0], row[1])), "a pair twice");
    }
    let share = |rating: &str| counts[rating] as f64 / ratings.len() as f64;
    assert!((0.03..0.12).contains(&share("1")), "ones {}", share("1"));
    assert!((0.10..0.35).contains(&share("5")), "fives {}", share("5"));
    let mut per_film: BTreeMap<&str, usize> = BTreeMap::new();
    ratings.iter().for_each(|row| *per_film.entry(row[1]).or_default() += 1);
    let mut sizes: Vec<usize> = per_film.values().copied().collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let top_tenth: usize = sizes[..sizes.len() / 10].iter().sum();
    assert!((0.25..0.7).contains(&(top_tenth as f64 / ratings.len() as f64)), "popularity bias");
    assert!(per_film.len() > 1_000, "{} films are rated", per_film.len());
}

#[test]
fn tastes_are_personal_and_drift() {
    let tables = generate(&SampleConfig::default(), 1);
    let genre_of: BTreeMap<&str, &str> = tables
        .movies
        .lines()
        .skip(1)
        .map(|line| {
            (line.split(',').next().unwrap(), line.rsplit_once(',').unwrap().1.split('|').next().unwrap())
        })
        .collect();
    // Mean rating of a user's main-genre films in each half, against the user's own mean.
    let mut by_user: BTreeMap<&str, Vec<(&str, f64)>> = BTreeMap::new();
    for row in rows(&tables.ratings) {
        by_user.entry(row[0]).or_default().push((genre_of[row[1]], row[2].parse().unwrap()));
    }
    let (mut same, mut other) = (Vec::new(), Vec::new());
    let users: Vec<&Vec<(&str, f64)>> = by_user.values().collect();
    for (at, log) in users.iter().enumerate() {
        let (early, late) = log.split_at(log.len() / 2);
        let foreign = users[(at + 1) % users.len()];
        for genre in GENRES.iter().map(|g| g.name) {
            let Some(before) = mean_of(early, genre) else { continue };
            same.extend(mean_of(late, genre).map(|after| (before, after)));
            other.extend(mean_of(&foreign[foreign.len() / 2..], genre).map(|after| (before, after)));
        }
    }
    let (own, foreign) = (correlation(&same), correlation(&other));
    assert!((0.3..0.9).contains(&own), "own tastes carry over and drift: {own}");
    assert!(foreign < own - 0.25, "tastes are personal: {own} against {foreign}");
}

fn mean_of(log: &[(&str, f64)], genre: &str) -> Option<f64> {
    let ratings: Vec<f64> = log.iter().filter(|(g, _)| *g == genre).map(|(_, r)| *r).collect();
    (ratings.len() >= 3).then(|| ratings.iter().sum::<f64>() / ratings.len() as f64)
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (ma, mb) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
    let cov: f64 = pairs.iter().map(|p| (p.0 - ma) * (p.1 - mb)).sum();
    let va: f64 = pairs.iter().map(|p| (p.0 - ma).powi(2)).sum();
    let vb: f64 = pairs.iter().map(|p| (p.1 - mb).powi(2)).sum();
    cov / (va * vb).sqrt()
}
