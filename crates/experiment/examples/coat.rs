//! Controls in the environment that EasyRL4Rec, DORL and ROLeR evaluate in on Coat, beside what was computed for them elsewhere.
//!
//! ```text
//! cargo run -p experiment --example coat -- FOLDER [DAMPING]
//! ```
//!
//! The folder has Coat's training log, its items and the complete matrix. `bench/runs/coat` has what it gave.

#![expect(clippy::print_stdout, reason = "an experiment tells what it found")]

use data::{Dataset, Format, ImportOptions, Source, import};
use environment::{Environment, Start, rollout};
use evaluation::{Expectations, Greedy, Oracle, Repeating, SessionPlanner, UniformRandom};
use experiment::EnvironmentSettings;
use mdp::{MeanModel, Policy, UserIdx};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use world_model::{MatrixSources, Side, World, WorldConfig};

const SEED: u64 = 2022;
const HORIZON: usize = 30;
const N_SESSIONS: u64 = 3_000;
/// The ratings at the overall mean that every item's own ratings are joined by.
const DAMPING: f32 = 5.0;

/// A row of the table: under a rule, a policy's return where repeats are allowed and where they are not, as computed elsewhere.
struct Row(&'static str, Who, [Option<f64>; 2]);

/// Who recommends.
#[derive(Clone, Copy)]
enum Who {
    Uniform,
    /// The item of the best mean rating in the training log.
    MeanRating,
    /// The same, planned with the rule.
    MeanRatingPlanned,
    /// What the user likes best, planned with the rule.
    Oracle,
}

const ROWS: [Row; 11] = [
    Row("coat", Who::Uniform, [Some(25.9), Some(29.3)]),
    Row("coat", Who::MeanRating, [Some(5.6), Some(21.6)]),
    Row("coat", Who::MeanRatingPlanned, [None, Some(78.4)]),
    Row("coat", Who::Oracle, [None, Some(88.2)]),
    Row("coat-sliced", Who::Uniform, [None, None]),
    Row("coat-sliced", Who::MeanRating, [None, None]),
    Row("coat-sliced", Who::MeanRatingPlanned, [None, None]),
    Row("coat-sliced", Who::Oracle, [None, None]),
    Row("none", Who::Uniform, [Some(67.6), Some(66.9)]),
    Row("none", Who::MeanRating, [Some(83.9), Some(78.4)]),
    Row("none", Who::Oracle, [Some(100.7), Some(88.2)]),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: coat FOLDER [DAMPING]")?);
    let damping = arguments.next().map_or(Ok(DAMPING), |text| text.parse())?;
    let log = training_log(&folder)?;
    let world = complete(&log, &folder.join("pseudo_ground_truth.ascii.gz"))?;
    let means = Arc::new(MeanRatings { n_users: world.n_users(), means: mean_ratings(&log, damping) });
    println!(
        "{} users, {} items; {N_SESSIONS} sessions of at most {HORIZON} steps, every user in turn; mean ratings of the training log \
         are joined by {damping} at the overall mean\n",
        world.n_users(),
        world.n_items()
    );
    println!("{:<13}{:<26}{:<50}repeats not allowed (NX_0)", "exit rule", "policy", "repeats allowed (FB)");
    for Row(rule, who, elsewhere) in ROWS {
        let settings =
            EnvironmentSettings { exit_rule: rule.to_owned(), horizon: HORIZON, ..Default::default() };
        let environment = settings.environment(&world, Side::Judge)?;
        let (name, policy) = who.policy(&world, &means, &environment);
        let both = [true, false]
            .map(|repeats| who.may(repeats, rule).then(|| sessions(&environment, &*policy, repeats)));
        let mut cells = Vec::new();
        for (found, elsewhere) in both.into_iter().zip(elsewhere) {
            cells.push(found.transpose()?.map_or_else(String::new, |found| found.told(elsewhere)));
        }
        println!("{rule:<13}{name:<26}{:<50}{}", cells[0], cells[1]);
    }
    Ok(())
}

/// What people chose to rate, 24 coats each.
fn training_log(folder: &Path) -> Result<Dataset, Box<dyn Error>> {
    let source = Source::new(Format::Csv, &folder.join("self_selected.csv.gz"));
    let options =
        ImportOptions { items: Some(folder.join("items.csv.gz")), ..ImportOptions::of(vec![source]) };
    Ok(import(&options)?.0)
}

/// A world of the complete matrix, on both sides.
fn complete(log: &Dataset, matrix: &Path) -> Result<World, Box<dyn Error>> {
    let (train, test) = (matrix.to_owned(), matrix.to_owned());
    let sources = MatrixSources { train, test, ..MatrixSources::default() };
    Ok(World::import_matrix(log, &sources, &WorldConfig::of_ratings(), SEED)?)
}

/// The mean rating of every item, `[items]`.
fn mean_ratings(log: &Dataset, damping: f32) -> Vec<f32> {
    let (mut sums, mut counts) = (vec![0.0; log.n_items()], vec![0.0; log.n_items()]);
    for row in log.histories().flat_map(|(_, rows)| rows) {
        sums[row.item.index()] += row.rating;
        counts[row.item.index()] += 1.0;
    }
    let overall = sums.iter().sum::<f32>() / counts.iter().sum::<f32>();
    sums.iter().zip(&counts).map(|(sum, n)| (sum + damping * overall) / (n + damping)).collect()
}

/// The same means for everybody.
struct MeanRatings {
    n_users: usize,
    /// `[items]`
    means: Vec<f32>,
}

impl MeanModel for MeanRatings {
    fn n_users(&self) -> usize {
        self.n_users
    }

    fn n_items(&self) -> usize {
        self.means.len()
    }

    fn predict(&self, _: UserIdx, item: mdp::ItemIdx) -> (f32, f32) {
        (self.means[item.index()], 0.0)
    }
}

impl Expectations for MeanRatings {
    fn n_items(&self) -> usize {
        self.means.len()
    }

    fn expected_row(&self, _: UserIdx, _: f32, rewards: &mut [f32], low: &mut [f32]) {
        rewards.copy_from_slice(&self.means);
        low.fill(0.0);
    }
}

impl Who {
    fn policy(
        self,
        world: &World,
        means: &Arc<MeanRatings>,
        environment: &Environment,
    ) -> (&'static str, Box<dyn Policy>) {
        match self {
            Self::Uniform => ("uniform", Box::new(UniformRandom)),
            Self::MeanRating => ("mean rating", Box::new(Greedy::new(means.clone()))),
            Self::MeanRatingPlanned => {
                ("mean rating, planned", Box::new(SessionPlanner::new(means.clone(), environment.clone())))
            }
            Self::Oracle if environment.rule().name() == "none" => {
                ("oracle", Box::new(Greedy::new(world.judge_means())))
            }
            Self::Oracle => ("oracle, planned", Box::new(Oracle::new(environment.clone()))),
        }
    }

    /// Plans are made of different items.
    fn may(self, repeat: bool, rule: &str) -> bool {
        !repeat || matches!(self, Self::Uniform | Self::MeanRating) || rule == "none"
    }
}

/// What sessions earned.
struct Found {
    mean: f64,
    /// Half the width of the mean's 95 % interval.
    half: f64,
    len: f64,
}

/// Plays every user in turn. Nobody has a history: every item may be shown.
fn sessions(environment: &Environment, policy: &dyn Policy, repeats: bool) -> Result<Found, Box<dyn Error>> {
    let n_users = environment.n_users() as u64;
    let start = |k: u64| Start { user: UserIdx((k % n_users) as u32), history: &[], stream: k / n_users };
    let starts: Vec<Start<'_>> = (0..N_SESSIONS).map(start).collect();
    let repeating = Repeating(policy);
    let played = rollout(environment, if repeats { &repeating } else { policy }, &starts, SEED)?;
    let n = played.len() as f64;
    let of = |session: &mdp::Trajectory| session.steps.iter().map(|step| f64::from(step.reward)).sum::<f64>();
    let returns: Vec<f64> = played.iter().map(of).collect();
    let mean = returns.iter().sum::<f64>() / n;
    let variance = returns.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let len = played.iter().map(|session| session.steps.len() as f64).sum::<f64>() / n;
    Ok(Found { mean, half: 1.96 * (variance / n).sqrt(), len })
}

impl Found {
    /// Return, its error, length, and how far it is from a number that was computed elsewhere.
    fn told(&self, elsewhere: Option<f64>) -> String {
        let Self { mean, half, len } = self;
        let beside = elsewhere.map_or_else(String::new, |other| {
            format!("; elsewhere {other:.1}: {:+.1} %", 100.0 * (mean / other - 1.0))
        });
        format!("{mean:.1} +-{half:.1}, {len:.1} steps{beside}")
    }
}
