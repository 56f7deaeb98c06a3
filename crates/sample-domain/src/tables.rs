//! The domain as the tables an importer reads.

use crate::catalogue::{Film, films};
use crate::log::{Popularity, ratings};
use crate::people::Person;
use crate::words::GENRES;
use mdp::rng_for;
use std::fmt::Write as _;

/// Streams of the seed.
const FILMS: u64 = 1;
const PEOPLE: u64 = 2;

/// How large the domain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleConfig {
    /// How many films; at least 100, at most 5,000 (the titles must not run out).
    pub n_items: usize,
    /// How many people.
    pub n_users: usize,
}

impl Default for SampleConfig {
    fn default() -> Self {
        Self { n_items: 1_200, n_users: 600 }
    }
}

/// The domain in MovieLens' layout: what an outsider can know, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleTables {
    /// `movies.csv`: `movieId,title,genres`, genres separated by `|`.
    pub movies: String,
    /// `ratings.csv`: `userId,movieId,rating,timestamp`, whole ratings from 1 to 5, unix seconds.
    pub ratings: String,
}

impl SampleTables {
    /// The tables with the file names an importer of MovieLens' layout looks for.
    pub fn files(&self) -> [(&'static str, &str); 2] {
        [("movies.csv", &self.movies), ("ratings.csv", &self.ratings)]
    }
}

/// Generates the domain. The same size and seed give the same bytes.
///
/// People like genres and tones (a tone shows in a title's adjective and nowhere else), their tastes drift over
/// the four years of the log, the third film of a kind in a row tires them, and popular films are seen more.
pub fn generate(config: &SampleConfig, seed: u64) -> SampleTables {
    let films = films(config.n_items.clamp(100, 5_000), &mut rng_for(seed, &[FILMS]));
    let popularity = Popularity::of(&films);
    let mut log = String::from("userId,movieId,rating,timestamp\n");
    for user in 0..config.n_users {
        let mut rng = rng_for(seed, &[PEOPLE, user as u64]);
        let person = Person::draw(&mut rng);
        for rating in ratings(&person, &films, &popularity, &mut rng) {
            let (user, film) = (user + 1, rating.film + 1);
            writeln!(log, "{user},{film},{},{}", rating.rating, rating.time)
                .expect("a string takes any text");
        }
    }
    SampleTables { movies: movies_csv(&films), ratings: log }
}

fn movies_csv(films: &[Film]) -> String {
    let mut out = String::from("movieId,title,genres\n");
    for (row, film) in films.iter().enumerate() {
        let genres: Vec<&str> = film.genres.iter().map(|&g| GENRES[g].name).collect();
        let (id, title, genres) = (row + 1, &film.title, genres.join("|"));
        writeln!(out, "{id},\"{title}\",{genres}").expect("a string takes any text");
    }
    out
}
