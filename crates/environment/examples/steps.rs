//! What is measured: environment steps a second on one thread, in a matrix world of Steam's size (12,000 users, 6,012
//! items, distances of all pairs) under the exit rule `ilrec` (low reward, distances to the last 4, horizon 100).
//! 4,096 sessions are stepped together by `VectorEnvironment`, beside one `Session` after another; both take the same
//! items, restart ended sessions and must arrive at the same sum of rewards and the same number of exits.
//!
//! `cargo run --release -p environment --example steps -- [MILLION_STEPS]`; `bench/reference/environment_steps.py` does
//! the same with NumPy.

use environment::{DistanceSource, Environment, ExitRule, ItemFeatures, VectorEnvironment};
use mdp::{ItemIdx, RewardSource, Rng, UserIdx, rng_for};
use rand::RngExt as _;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

const N_USERS: usize = 12_000;
const N_ITEMS: usize = 6_012;
const N_SESSIONS: usize = 4_096;
/// Rounds of items drawn beforehand and shown again and again, so that drawing is not measured.
const N_ROUNDS: usize = 61;
/// Under uniform items 8 % of the steps end by distance, as in the published rollouts.
const THRESHOLD: f32 = 2.0;

struct Matrix {
    n_columns: usize,
    cells: Vec<f32>,
}

impl RewardSource for Matrix {
    fn n_users(&self) -> usize {
        self.cells.len() / self.n_columns
    }
    fn n_items(&self) -> usize {
        self.n_columns
    }
    #[inline]
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        self.cells[user.index() * self.n_columns + item.index()]
    }
}

impl DistanceSource for Matrix {
    fn n_items(&self) -> usize {
        self.n_columns
    }
    fn distance(&self, a: ItemIdx, b: ItemIdx) -> f32 {
        self.cells[a.index() * self.n_columns + b.index()]
    }
}

/// What both ways must agree on.
#[derive(Debug, PartialEq)]
struct Tally {
    n_exits: u64,
    reward: f64,
}

fn world() -> Result<Environment, environment::EnvironmentError> {
    let rng = &mut rng_for(0, &[1]);
    let rewards = (0..N_USERS * N_ITEMS).map(|_| reward(rng)).collect();
    let mut distances = vec![0.0; N_ITEMS * N_ITEMS];
    for a in 0..N_ITEMS {
        for b in 0..a {
            let distance = 100.0 * rng.random::<f32>();
            (distances[a * N_ITEMS + b], distances[b * N_ITEMS + a]) = (distance, distance);
        }
    }
    let distances = Arc::new(Matrix { n_columns: N_ITEMS, cells: distances });
    let features = ItemFeatures::default().with_distances(distances);
    let rewards = Arc::new(Matrix { n_columns: N_ITEMS, cells: rewards });
    Environment::new(rewards, features, ExitRule::ilrec(THRESHOLD), 100)
}

/// Whole numbers 1 to 5; one in thirty is low.
fn reward(rng: &mut Rng) -> f32 {
    if rng.random_range(0..30) == 0 { 1.0 } else { rng.random_range(2..6) as f32 }
}

fn user_of(session: usize, n_restarts: u64) -> UserIdx {
    UserIdx(((session as u64 * 7 + n_restarts * 13) % N_USERS as u64) as u32)
}

fn together(environment: &Environment, items: &[Vec<ItemIdx>], n_rounds: usize) -> Tally {
    let users: Vec<UserIdx> = (0..N_SESSIONS).map(|session| user_of(session, 0)).collect();
    let mut sessions = VectorEnvironment::start(environment, &users).expect("users of the world");
    let mut tally = Tally { n_exits: 0, reward: 0.0 };
    let mut n_restarts = vec![0; N_SESSIONS];
    let mut ended = Vec::with_capacity(N_SESSIONS);
    for round in 0..n_rounds {
        let outcomes = sessions.step(&items[round % N_ROUNDS]).expect("items of the world");
        ended.clear();
        for (session, outcome) in outcomes.iter().enumerate() {
            tally.reward += f64::from(outcome.reward);
            if !outcome.end.continues() {
                ended.push(session);
            }
        }
        tally.n_exits += ended.len() as u64;
        for &session in &ended {
            n_restarts[session] += 1;
            sessions.restart(session, user_of(session, n_restarts[session])).expect("users of the world");
        }
    }
    tally
}

fn one_by_one(environment: &Environment, items: &[Vec<ItemIdx>], n_rounds: usize) -> Tally {
    let mut tally = Tally { n_exits: 0, reward: 0.0 };
    for (index, first) in (0..N_SESSIONS).map(|index| user_of(index, 0)).enumerate() {
        let mut n_restarts = 0;
        let mut session = environment.start(first).expect("users of the world");
        for round in 0..n_rounds {
            let outcome = session.step(items[round % N_ROUNDS][index]).expect("items of the world");
            tally.reward += f64::from(outcome.reward);
            if !outcome.end.continues() {
                tally.n_exits += 1;
                n_restarts += 1;
                session.restart(user_of(index, n_restarts)).expect("users of the world");
            }
        }
    }
    tally
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let n_steps = std::env::args().nth(1).map_or(Ok(20.0), |n| n.parse::<f64>())? * 1e6;
    let n_rounds = (n_steps as usize).div_ceil(N_SESSIONS);
    let environment = world()?;
    let rng = &mut rng_for(0, &[2]);
    let mut round = || (0..N_SESSIONS).map(|_| ItemIdx(rng.random_range(0..N_ITEMS as u32))).collect();
    let items: Vec<Vec<ItemIdx>> = (0..N_ROUNDS).map(|_| round()).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let mut tallies = Vec::new();
    type Way = fn(&Environment, &[Vec<ItemIdx>], usize) -> Tally;
    let ways: [(&str, Way); 2] = [("together", together), ("one by one", one_by_one)];
    let mut out = std::io::stdout().lock();
    for (name, way) in ways {
        let mut rates: Vec<f64> = Vec::new();
        for _ in 0..3 {
            let start = Instant::now();
            tallies.push(pool.install(|| way(&environment, &items, n_rounds)));
            rates.push((n_rounds * N_SESSIONS) as f64 / start.elapsed().as_secs_f64() / 1e6);
        }
        rates.sort_by(f64::total_cmp);
        writeln!(out, "{name:>12}: {:.2} million steps a second", rates[1])?;
    }
    assert!(tallies.windows(2).all(|pair| pair[0] == pair[1]), "both ways agree");
    let hazard = tallies[0].n_exits as f64 / (n_rounds * N_SESSIONS) as f64;
    writeln!(out, "{:.1} % of the steps end a session", 100.0 * hazard)?;
    Ok(())
}
