//! Environment steps, by sessions side by side and by threads.

use crate::figure::{BenchError, Figure, on_threads, paired_seconds};
use crate::matrix_world::matrix_world;
use environment::{Environment, VectorEnvironment};
use mdp::{ItemIdx, UserIdx, rng_for};
use rand::RngExt as _;

const N_USERS: usize = 12_000;
const N_ITEMS: usize = 6_012;
const N_STEPS: usize = 1 << 23;
/// Rounds of items drawn beforehand and shown again and again, so that drawing is not measured.
const N_ROUNDS: usize = 61;

pub(crate) fn run() -> Result<Vec<Figure>, BenchError> {
    let environment = matrix_world(N_USERS, N_ITEMS)?;
    let n_threads = rayon::current_num_threads();
    let mut out = Vec::new();
    for (n_sessions, threads) in [(4_096, 1), (256, 1), (65_536, 1), (65_536, n_threads)] {
        let rng = &mut rng_for(0, &[2]);
        let items: Vec<Vec<ItemIdx>> = (0..N_ROUNDS)
            .map(|_| (0..n_sessions).map(|_| ItemIdx(rng.random_range(0..N_ITEMS as u32))).collect())
            .collect();
        let ours = || on_threads(threads, || together(&environment, &items))?;
        let (own, reference) = paired_seconds(ours, || one_by_one(&environment, &items))?;
        let rate = |seconds: f64| (N_STEPS / n_sessions * n_sessions) as f64 / seconds;
        let plural = if threads == 1 { "" } else { "s" };
        let name = format!("environment steps, {n_sessions} sessions, {threads} thread{plural}");
        out.push(Figure::rate(name, "steps/s", rate(own), rate(reference)));
    }
    Ok(out)
}

fn user_of(session: usize, n_restarts: usize) -> UserIdx {
    UserIdx(((session * 7 + n_restarts * 13) % N_USERS) as u32)
}

/// How many sessions ended.
fn together(environment: &Environment, items: &[Vec<ItemIdx>]) -> Result<usize, BenchError> {
    let n_sessions = items[0].len();
    let users: Vec<UserIdx> = (0..n_sessions).map(|session| user_of(session, 0)).collect();
    let mut sessions = VectorEnvironment::start(environment, &users)?;
    let mut n_restarts = vec![0; n_sessions];
    let mut ended = Vec::with_capacity(n_sessions);
    for items in items.iter().cycle().take(N_STEPS / n_sessions) {
        let outcomes = sessions.step(items)?.iter().enumerate();
        ended.clear();
        ended.extend(outcomes.filter(|(_, outcome)| !outcome.end.continues()).map(|(session, _)| session));
        for &session in &ended {
            n_restarts[session] += 1;
            sessions.restart(session, user_of(session, n_restarts[session]))?;
        }
    }
    Ok(n_restarts.iter().sum())
}

fn one_by_one(environment: &Environment, items: &[Vec<ItemIdx>]) -> Result<usize, BenchError> {
    let n_sessions = items[0].len();
    let mut n_ended = 0;
    for index in 0..n_sessions {
        let mut n_restarts = 0;
        let mut session = environment.start(user_of(index, 0))?;
        for items in items.iter().cycle().take(N_STEPS / n_sessions) {
            if !session.step(items[index])?.end.continues() {
                n_restarts += 1;
                session.restart(user_of(index, n_restarts))?;
            }
        }
        n_ended += n_restarts;
    }
    Ok(n_ended)
}
