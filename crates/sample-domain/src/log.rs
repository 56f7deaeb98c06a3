//! The log: who saw what when, and how they liked it.

use crate::catalogue::Film;
use crate::people::{Person, normal};
use mdp::Rng;
use rand::RngExt as _;
use std::collections::BTreeSet;

/// One rating.
pub(crate) struct Rating {
    pub(crate) film: usize,
    pub(crate) rating: u8,
    pub(crate) time: i64,
}

/// First second of the log: 2021-01-01.
const LOG_START: i64 = 1_609_459_200;
/// Four years.
const LOG_SECONDS: f64 = 4.0 * 365.25 * 86_400.0;
/// Of how many films somebody hears before choosing one.
const N_HEARD_OF: usize = 4;
/// How far back a film of the same kind still tires.
const N_REMEMBERED: usize = 5;

/// The ratings of one person, in order of time.
pub(crate) fn ratings(
    person: &Person,
    films: &[Film],
    by_popularity: &Popularity,
    rng: &mut Rng,
) -> Vec<Rating> {
    let n_ratings = (24.0 + 32.0 * (0.5 * normal(rng)).exp()).min(films.len() as f64 / 4.0) as usize;
    let joined = 0.25 * rng.random::<f64>();
    let left = 1.0 - 0.25 * rng.random::<f64>();
    let mut moments: Vec<f64> =
        (0..n_ratings).map(|_| joined + (left - joined) * rng.random::<f64>()).collect();
    moments.sort_by(f64::total_cmp);
    let mut seen = BTreeSet::new();
    let mut kinds: Vec<&[usize]> = Vec::new();
    let mut out = Vec::with_capacity(n_ratings);
    for moment in moments {
        let film = choose(person, films, by_popularity, &seen, moment, rng);
        seen.insert(film);
        let fatigue = person.tiring * overdone(&films[film].genres, &kinds);
        let mood = 0.55 * normal(rng);
        let felt = 3.1 + person.bias + person.liking(&films[film], moment) - fatigue + mood;
        out.push(Rating {
            film,
            rating: felt.round().clamp(1.0, 5.0) as u8,
            time: LOG_START + (moment * LOG_SECONDS) as i64,
        });
        kinds.push(&films[film].genres);
    }
    out
}

/// Of a few films heard of by popularity, mostly the one that promises most.
fn choose(
    person: &Person,
    films: &[Film],
    by_popularity: &Popularity,
    seen: &BTreeSet<usize>,
    moment: f64,
    rng: &mut Rng,
) -> usize {
    let mut best: Option<(f64, usize)> = None;
    let mut n_heard = 0;
    while n_heard < N_HEARD_OF {
        let film = by_popularity.draw(rng);
        if seen.contains(&film) {
            continue;
        }
        n_heard += 1;
        let promise = 0.45 * person.liking(&films[film], moment) + normal(rng);
        if best.is_none_or(|(value, _)| promise > value) {
            best = Some((promise, film));
        }
    }
    best.expect("films were heard of").1
}

/// How many of the last films beyond two share a genre, counting the genre most overdone.
fn overdone(genres: &[usize], kinds: &[&[usize]]) -> f64 {
    let recent = &kinds[kinds.len().saturating_sub(N_REMEMBERED)..];
    let most =
        genres.iter().map(|g| recent.iter().filter(|kind| kind.contains(g)).count()).max().unwrap_or(0);
    most.saturating_sub(1) as f64
}

/// Films in proportion to popularity.
pub(crate) struct Popularity {
    cumulated: Vec<f64>,
}

impl Popularity {
    /// Sums the films' popularities up.
    pub(crate) fn of(films: &[Film]) -> Self {
        let mut total = 0.0;
        let cumulated = films
            .iter()
            .map(|film| {
                total += film.popularity;
                total
            })
            .collect();
        Self { cumulated }
    }

    fn draw(&self, rng: &mut Rng) -> usize {
        let total = self.cumulated.last().copied().unwrap_or(0.0);
        let mark = rng.random::<f64>() * total;
        self.cumulated.partition_point(|&sum| sum <= mark).min(self.cumulated.len() - 1)
    }
}
