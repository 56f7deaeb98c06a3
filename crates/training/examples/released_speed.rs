//! What is measured: episodes per second of the presets with Steam's values on a synthetic matrix world of Steam's size
//! (6,012 items, 12,000 users, integer rewards, exits by low reward and by near items), rollouts, updates and everything
//! else included. `released` plays one episode after another and has work for one thread only.
//!
//! `cargo run --release -p training --example released_speed -- [episodes] [threads] [preset ...]`; without presets,
//! `released` and `vectorised` one after the other.

use catalogue::Catalogue;
use environment::{DistanceSource, Environment, ExitRule, ItemFeatures};
use mdp::{ExitReason, ItemIdx, RewardSource, Step, StepEnd, Trajectory, UserIdx};
use std::sync::Arc;
use training::{
    Observer, Preset, Progress, PublishedDataset, RunOptions, Trainer, TrainingConfig, TrainingInputs,
};

const N_USERS: usize = 12_000;
const N_ITEMS: usize = 6_012;

/// Integer rewards from a hash of the cell: 3 to 5, but one in 30 is low.
struct Hashed;

fn hash(a: u32, b: u32) -> u32 {
    let mut x = (u64::from(a) << 32 | u64::from(b)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x >> 33) as u32
}

impl RewardSource for Hashed {
    fn n_users(&self) -> usize {
        N_USERS
    }
    fn n_items(&self) -> usize {
        N_ITEMS
    }
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        match hash(user.0, item.0) % 30 {
            0 => 1.0,
            draw => 3.0 + (draw % 3) as f32,
        }
    }
}

struct Printer;

#[expect(clippy::print_stderr, reason = "a bench reports")]
impl Observer for Printer {
    fn progress(&mut self, p: &Progress) {
        eprintln!(
            "{:>7} episodes  {:>6.0}/s  return {:>7.2}  length {:>6.2}  actor {:>8.4}  entropy {:.4}  critic {:.4}",
            p.n_episodes,
            p.episodes_per_second,
            p.train_return,
            p.train_length,
            p.actor_loss,
            p.entropy,
            p.critic_loss
        );
    }
}

#[expect(clippy::print_stderr, reason = "a bench reports")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let n_episodes = arguments.next().map_or(Ok(5000), |n| n.parse::<u64>())?;
    let n_threads = arguments.next().map_or(Ok(2), |n| n.parse::<usize>())?;
    let mut names: Vec<String> = arguments.collect();
    if names.is_empty() {
        names = [Preset::Released, Preset::Vectorised].map(|preset| preset.name().to_owned()).into();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build()?;
    let mut rates = Vec::new();
    for name in &names {
        let presets = [Preset::Released, Preset::Vectorised, Preset::Paper];
        let preset = presets.into_iter().find(|preset| preset.name() == name).ok_or("no such preset")?;
        eprintln!("{name}, {n_threads} threads");
        rates.push(pool.install(|| measure(preset, n_episodes).map_err(|error| error.to_string()))?);
    }
    for (name, rate) in names.iter().zip(&rates) {
        eprintln!(
            "{name}: {rate:.0} episodes/s, 100,000 take {:.1} s, {:.2} times {}",
            1e5 / rate,
            rate / rates[0],
            names[0]
        );
    }
    Ok(())
}

/// Episodes per second of one preset.
#[expect(clippy::print_stderr, reason = "a bench reports")]
fn measure(preset: Preset, n_episodes: u64) -> Result<f64, Box<dyn std::error::Error>> {
    let raw = TrainingConfig::from_toml(preset.text())?.raw().clone();
    let config = TrainingConfig::try_from(raw.with_published_values(PublishedDataset::Steam))?;
    let rows = (0..N_ITEMS).map(|i| (i.to_string(), format!("Game number {i}"), Vec::new())).collect();
    let (catalogue, _) = Catalogue::new(rows);
    let environment = world()?;
    let users: Vec<UserIdx> = (0..N_USERS as u32).map(UserIdx).collect();
    let demonstrations = demonstrations(&environment);
    let inputs = TrainingInputs {
        environment: &environment,
        catalogue: &catalogue,
        dataset: "steam",
        users: users.into(),
        histories: Arc::new([]),
        demonstrations: demonstrations.into(),
        validation_users: Arc::new([]),
    };
    let started = std::time::Instant::now();
    let mut trainer = Trainer::new(config, inputs, 0)?;
    eprintln!(
        "prepared in {:.1} s, {} demonstrated steps",
        started.elapsed().as_secs_f64(),
        trainer.demonstrations().len()
    );
    let options = RunOptions { report_interval: (n_episodes / 5).max(1), ..RunOptions::default() };
    trainer.run_until(n_episodes, &options, &mut Printer)?;
    let seconds = started.elapsed().as_secs_f64();
    eprintln!("{} episodes, {} updates in {seconds:.1} s", trainer.n_episodes(), trainer.n_updates());
    eprintln!("parameter hash {}", trainer.policy(preset.name()).parameter_hash());
    Ok(trainer.n_episodes() as f64 / seconds)
}

/// One pair of items in 300 is near, by a hash.
struct HashedDistance;

impl DistanceSource for HashedDistance {
    fn n_items(&self) -> usize {
        N_ITEMS
    }
    fn distance(&self, a: ItemIdx, b: ItemIdx) -> f32 {
        let pair = hash(a.0.min(b.0) + 1_000_000, a.0.max(b.0));
        if a == b || pair.is_multiple_of(300) { 0.0 } else { 100.0 }
    }
}

fn world() -> Result<Environment, environment::EnvironmentError> {
    let features = ItemFeatures::default().with_distances(Arc::new(HashedDistance));
    Environment::new(Arc::new(Hashed), features, ExitRule::ilrec(50.0), 100)
}

/// One hundred sessions of 18 steps each, as many as the published Steam demonstrations have.
fn demonstrations(environment: &Environment) -> Vec<Trajectory> {
    let session = |user: u32| {
        let user = UserIdx(user * 100);
        let step = |n: u32| {
            let item = ItemIdx(hash(n, user.0 + 7) % N_ITEMS as u32);
            let end = if n == 17 { StepEnd::Terminated(ExitReason::LowReward) } else { StepEnd::Continues };
            Step { item, reward: environment.rewards().reward(user, item), log_prob_behavior: 0.0, end }
        };
        Trajectory { user, steps: (0..18).map(step).collect() }
    };
    (0..100).map(session).collect()
}
