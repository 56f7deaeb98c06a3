//! The films: genres, a tone, a quality, and a title that nobody else has.

use crate::people::normal;
use crate::words::{GENRES, N_TONES, NAMES, PAIRS, PLACES, TONES};
use mdp::Rng;
use rand::RngExt as _;
use std::collections::BTreeSet;

/// One film.
pub(crate) struct Film {
    pub(crate) title: String,
    /// Rows of the genre table, the main one first.
    pub(crate) genres: Vec<usize>,
    /// Row of the tone table; only the title tells.
    pub(crate) tone: usize,
    /// What everyone agrees on, about standard normal.
    pub(crate) quality: f64,
    /// How likely it is to be seen, relative to the others.
    pub(crate) popularity: f64,
}

/// Draws `n_items` films with distinct titles.
pub(crate) fn films(n_items: usize, rng: &mut Rng) -> Vec<Film> {
    let mut names = BTreeSet::new();
    let mut films = Vec::with_capacity(n_items);
    while films.len() < n_items {
        let genres = genres(rng);
        let tone = rng.random_range(0..N_TONES);
        let name = name(&genres, tone, rng);
        if !names.insert(name.clone()) {
            continue;
        }
        let quality = normal(rng);
        let age = rng.random::<f64>().powi(2);
        let year = 2024 - (age * 60.0) as u32;
        let popularity = (1.1 * normal(rng) + 0.35 * quality - 0.6 * age).exp();
        films.push(Film { title: format!("{name} ({year})"), genres, tone, quality, popularity });
    }
    films
}

/// One to three genres; the first by weight, the others mostly by affinity.
fn genres(rng: &mut Rng) -> Vec<usize> {
    let mut chosen = vec![by_weight(rng)];
    let n_more = [0.42, 0.83].iter().filter(|&&limit| rng.random::<f64>() > limit).count();
    for _ in 0..n_more {
        let main = GENRES[chosen[0]].name;
        let partners: Vec<&str> = PAIRS
            .iter()
            .filter_map(|&(a, b)| if a == main { Some(b) } else { (b == main).then_some(a) })
            .collect();
        let partner = if partners.is_empty() || rng.random::<f64>() < 0.3 {
            by_weight(rng)
        } else {
            let name = *pick(&partners, rng);
            GENRES.iter().position(|genre| genre.name == name).expect("pairs name genres of the table")
        };
        if !chosen.contains(&partner) {
            chosen.push(partner);
        }
    }
    chosen
}

fn by_weight(rng: &mut Rng) -> usize {
    let total: f64 = GENRES.iter().map(|genre| genre.weight).sum();
    let mut left = rng.random::<f64>() * total;
    for (row, genre) in GENRES.iter().enumerate() {
        left -= genre.weight;
        if left < 0.0 {
            return row;
        }
    }
    GENRES.len() - 1
}

/// A name whose adjective is of the tone and whose nouns are of the genres.
fn name(genres: &[usize], tone: usize, rng: &mut Rng) -> String {
    let adjective = *pick(TONES[tone], rng);
    let noun = *pick(GENRES[genres[0]].nouns, rng);
    let second = *pick(GENRES[*genres.last().expect("a film has a genre")].nouns, rng);
    let (place, person) = (*pick(&PLACES, rng), *pick(&NAMES, rng));
    let is_pair = second != noun;
    match rng.random_range(0..9u32) {
        0 | 1 => format!("The {adjective} {noun}"),
        2 => format!("{adjective} {noun}"),
        3 => format!("The {adjective} {noun} of {place}"),
        4 => format!("{person}'s {adjective} {noun}"),
        5 => format!("{adjective} {place}: The {noun}"),
        6 if is_pair => format!("{adjective} {noun}, {adjective} {second}"),
        7 if is_pair => format!("The {noun} and the {adjective} {second}"),
        _ => format!("{person} and the {adjective} {noun}"),
    }
}

fn pick<'a, T>(from: &'a [T], rng: &mut Rng) -> &'a T {
    &from[rng.random_range(0..from.len())]
}
