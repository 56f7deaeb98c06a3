//! Stage `check`: is this world worth training in?

use super::domain::Domain;
use super::evaluate::{Court, EvaluationSettings};
use crate::failure::Failure;
use environment::Environment;
use evaluation::EvalRow;
use mdp::{RewardSource, UserIdx};
use report::{Explained, WorldCheckRow, WorldCheckSummary};
use world_model::Side;

/// Policies that are compared.
const REFERENCES: [&str; 5] = ["random", "popularity", "greedy", "greedy-diverse", "oracle"];

/// Popularity within this share of the oracle is a failing grade: nothing could be learned about recommending.
const NEAR_THE_ORACLE: f64 = 0.9;

/// An oracle below this multiple of a uniform policy says that choices hardly matter.
const FLAT: f64 = 1.2;

/// Below this share of the variance, what a user likes beyond averages is noise.
const LEAST_PAIR_SHARE: f64 = 0.02;

/// Users whose rows are looked at.
const N_USERS: usize = 300;

/// The rows, the variance, and the verdict.
pub(crate) fn check(
    domain: &Domain,
    environment: &Environment,
    seed: u64,
) -> Result<WorldCheckSummary, Failure> {
    let settings = EvaluationSettings { users: N_USERS, eval_seeds: 1, ..EvaluationSettings::default() };
    let court = Court::new(domain, environment, Side::Judge, &settings, seed);
    let rows: Vec<EvalRow> =
        REFERENCES.iter().map(|name| Ok(court.control(name)?.row)).collect::<Result<_, Failure>>()?;
    let explained = explained(environment.rewards().as_ref());
    let (verdict, is_sound) = verdict(&rows, &explained);
    let rows = rows
        .into_iter()
        .map(|row| WorldCheckRow { policy: row.policy, r_traj: row.r_traj.mean, len: row.len.mean })
        .collect();
    Ok(WorldCheckSummary { rows, explained, verdict, is_sound })
}

fn verdict(rows: &[EvalRow], explained: &Explained) -> (String, bool) {
    let r_traj = |name: &str| rows.iter().find(|row| row.policy == name).map_or(0.0, |row| row.r_traj.mean);
    let (random, popularity, oracle) = (r_traj("random"), r_traj("popularity"), r_traj("oracle"));
    let problems = [
        (
            oracle < FLAT * random,
            format!("flat: the oracle earns {oracle:.1}, uniform choice {random:.1}: choices hardly matter"),
        ),
        (
            popularity > NEAR_THE_ORACLE * oracle,
            format!("degenerate: popularity earns {popularity:.1} of the oracle's {oracle:.1}"),
        ),
        (
            explained.pair < LEAST_PAIR_SHARE,
            format!("impersonal: only {:.1} % of the variance is a matter of taste", 100.0 * explained.pair),
        ),
    ];
    let found: Vec<String> = problems.into_iter().filter(|(holds, _)| *holds).map(|(_, what)| what).collect();
    if found.is_empty() {
        let text = format!("sound: uniform {random:.1}, popularity {popularity:.1}, oracle {oracle:.1}");
        return (text, true);
    }
    (found.join("; "), false)
}

/// Two-way analysis of variance of the rewards of some users: shares of user, item, and what is left to the pair.
pub(crate) fn explained(rewards: &dyn RewardSource) -> Explained {
    let (n_users, n_items) = (rewards.n_users().min(N_USERS), rewards.n_items());
    let mut row = vec![0.0f32; n_items];
    let mut item_sums = vec![0.0f64; n_items];
    let (mut user_means, mut sum, mut squares) = (Vec::with_capacity(n_users), 0.0f64, 0.0f64);
    let stride = rewards.n_users() / n_users.max(1);
    for user in 0..n_users {
        rewards.fill_row(UserIdx((user * stride.max(1)) as u32), &mut row);
        let total: f64 = row.iter().map(|&x| f64::from(x)).sum();
        squares += row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
        item_sums.iter_mut().zip(&row).for_each(|(sum, &x)| *sum += f64::from(x));
        user_means.push(total / n_items as f64);
        sum += total;
    }
    let n = (n_users * n_items) as f64;
    let mean = sum / n;
    let total = (squares / n - mean * mean).max(f64::MIN_POSITIVE);
    let spread = |means: &mut dyn Iterator<Item = f64>, n: usize| {
        means.map(|m| (m - mean) * (m - mean)).sum::<f64>() / n as f64 / total
    };
    let user = spread(&mut user_means.iter().copied(), n_users);
    let item = spread(&mut item_sums.iter().map(|sum| sum / n_users as f64), n_items);
    Explained { user, item, pair: (1.0 - user - item).max(0.0) }
}
