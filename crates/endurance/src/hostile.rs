//! Attacks and bad days: damaged inputs, varied requests, slow readers, a proxy, stores that hang or evict, a wrong
//! clock, kills.
//!
//! What must hold in every one: no panic, no abort, no hang, no more than two gigabytes, nothing acknowledged lost, and
//! health answered throughout.

mod behind;
mod clock;
mod damage;
mod databases;
mod directories;
mod long;
mod matrices;
mod models;
mod readers;
mod redis;
mod small;
mod target;
mod varied;
mod watched;

use crate::report::{Figure, say};
use crate::{Bench, Outcome, kills};
use small::Small;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use watched::MOST_MEGABYTES;

/// One kind of attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Attack {
    /// Datasets, worlds, demonstrations, policies and artefacts, damaged and sealed again
    Directories,
    /// Reward matrices
    Matrices,
    /// Language models in files
    Models,
    /// Stores
    Databases,
    /// Requests that are almost right
    Varied,
    /// Clients that never read, or never finish
    Readers,
    /// Users with very many sessions, sessions with very many answers
    Long,
    /// A proxy in front, and pages of other sites
    Proxy,
    /// A shared store that hangs, and one that evicts
    Redis,
    /// A clock before 1970
    Clock,
    /// kill -9 under load
    Kills,
}

pub(crate) const ALL: [Attack; 11] = [
    Attack::Directories,
    Attack::Matrices,
    Attack::Models,
    Attack::Databases,
    Attack::Varied,
    Attack::Readers,
    Attack::Long,
    Attack::Proxy,
    Attack::Redis,
    Attack::Clock,
    Attack::Kills,
];

/// What all attacks need.
pub(crate) struct Attacked<'a> {
    pub(crate) bench: &'a Bench,
    pub(crate) small: Small,
    /// Where damaged copies are made; those that did harm stay there.
    pub(crate) place: PathBuf,
    /// Where to begin: the same number, the same attacks.
    pub(crate) seed: u64,
    started: Instant,
    faults: Mutex<Vec<String>>,
    worst: Mutex<Worst>,
}

/// The most that was seen of what is bounded.
#[derive(Clone, Copy, Debug, Default)]
struct Worst {
    megabytes: f64,
    health: Duration,
}

impl<'a> Attacked<'a> {
    /// Makes what is to be damaged.
    pub(crate) fn prepared(bench: &'a Bench, seed: u64) -> Outcome<Self> {
        let small = Small::made(&bench.ilrec, &bench.dir)?;
        let place = bench.dir.join("damaged");
        if place.exists() {
            std::fs::remove_dir_all(&place)?;
        }
        std::fs::create_dir_all(&place)?;
        let (faults, worst) = Default::default();
        Ok(Self { bench, small, place: place.canonicalize()?, seed, started: Instant::now(), faults, worst })
    }

    /// So many in full, so many where it has to be short.
    pub(crate) fn n(&self, full: usize, short: usize) -> usize {
        if self.bench.is_short { short } else { full }
    }

    /// How late health may be answered: machines that build and test beside this one stop everybody for a while.
    pub(crate) fn health_within(&self) -> Duration {
        Duration::from_secs(if self.bench.is_short { 5 } else { 1 })
    }

    /// Something that must not happen, happened.
    pub(crate) fn fault(&self, what: String) {
        say(&format!("FAULT {what}"));
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// A process had so much memory, and answered about its health after so long.
    pub(crate) fn saw(&self, megabytes: f64, health: Duration) {
        let mut worst = self.worst.lock().unwrap_or_else(PoisonError::into_inner);
        *worst = Worst { megabytes: worst.megabytes.max(megabytes), health: worst.health.max(health) };
    }

    /// What holds of all attacks together.
    pub(crate) fn overall(&self) -> [Figure; 3] {
        let worst = *self.worst.lock().unwrap_or_else(PoisonError::into_inner);
        [
            Figure::new("most memory of one process", worst.megabytes, "MB").at_most(MOST_MEGABYTES),
            Figure::new("slowest answer about health", worst.health.as_secs_f64(), "s")
                .at_most(self.health_within().as_secs_f64()),
            Figure::new("all attacks", self.started.elapsed().as_secs_f64(), "s"),
        ]
    }

    fn n_faults(&self) -> usize {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Does so many things on as many threads as the machine has, a few at most.
    pub(crate) fn each(&self, n: usize, work: impl Fn(usize) -> Outcome<()> + Sync) -> Outcome<()> {
        const MOST: usize = 4;
        self.each_on(std::thread::available_parallelism().map_or(1, usize::from).min(MOST), n, work)
    }

    /// Does so many things on so many threads: most of them wait.
    pub(crate) fn each_on(
        &self,
        n_threads: usize,
        n: usize,
        work: impl Fn(usize) -> Outcome<()> + Sync,
    ) -> Outcome<()> {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let run = || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= n {
                        return Ok(());
                    }
                    work(at)?;
                }
            };
            let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(run)).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("an attack does not panic"))
        })
    }

    /// Runs one attack.
    pub(crate) fn one(&self, attack: Attack) -> Outcome<Vec<Figure>> {
        let before = self.n_faults();
        let (name, n) = match attack {
            Attack::Directories => ("damaged directories", directories::attack(self)?),
            Attack::Matrices => ("damaged matrices", matrices::attack(self)?),
            Attack::Models => ("damaged models", models::attack(self)?),
            Attack::Databases => ("damaged stores", databases::attack(self)?),
            Attack::Varied => ("varied requests", varied::attack(self)?),
            Attack::Readers => ("clients that never read or never finish", readers::attack(self)?),
            Attack::Long => ("sessions of one user, and answers of one session", long::attack(self)?),
            Attack::Proxy => ("requests behind a proxy and from other sites", behind::attack(self)?),
            Attack::Redis => ("shared stores that hang or evict", redis::attack(self)?),
            Attack::Clock => ("commands and requests before 1970", clock::attack(self)?),
            Attack::Kills => return kills::some(&self.bench_of_small(), self.n(100, 3)),
        };
        let faults = (self.n_faults() - before) as f64;
        Ok(vec![
            Figure::new(name, n as f64, "tried"),
            Figure::new(format!("{name}: faults"), faults, "").must_be_none(),
        ])
    }

    fn bench_of_small(&self) -> Bench {
        Bench { artefact: self.small.artefact.clone(), ..self.bench.clone() }
    }
}

/// A copy of a directory of files.
pub(crate) fn copied(from: &Path, to: &Path) -> Outcome<()> {
    std::fs::create_dir_all(to)?;
    for entry in from.read_dir()? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Takes away a file or directory that did no harm.
pub(crate) fn clear(path: &Path) {
    // It may never have been made.
    let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
}

#[cfg(test)]
mod tests;
