//! One measured number, and how times are taken.

use serde::Serialize;
use std::time::Instant;

/// A number beside its reference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// What was measured, with the size of the work.
    pub name: String,
    /// Ours.
    pub value: f64,
    /// Of both numbers: a rate, where more is better, or microseconds, where less is.
    pub unit: &'static str,
    /// The reference's number in the same unit and the same run.
    pub reference: f64,
    /// How many times as fast as the reference.
    pub ratio: f64,
}

impl Figure {
    /// Two rates of work a second.
    pub(crate) fn rate(name: String, unit: &'static str, value: f64, reference: f64) -> Self {
        Self { name, value, unit, reference, ratio: value / reference }
    }

    /// Two latencies.
    pub(crate) fn micros(name: String, value: f64, reference: f64) -> Self {
        Self { name, value, unit: "us", reference, ratio: reference / value }
    }
}

/// Why a benchmark could not be run.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A temporary file.
    #[error("cannot write the benchmark's input: {0}")]
    Io(#[from] std::io::Error),
    /// The threads.
    #[error("cannot start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The import.
    #[error(transparent)]
    Data(#[from] data::DataError),
    /// The environment.
    #[error(transparent)]
    Environment(#[from] environment::EnvironmentError),
    /// The world model.
    #[error(transparent)]
    World(#[from] world_model::WorldError),
    /// The default learner.
    #[error(transparent)]
    Learning(#[from] learning::LearningError),
}

const N_ROUNDS: usize = 3;

/// Median seconds of two jobs, taken in turn so that both see the same neighbours on the machine.
pub(crate) fn paired_seconds<T>(
    mut ours: impl FnMut() -> Result<T, BenchError>,
    mut reference: impl FnMut() -> Result<T, BenchError>,
) -> Result<(f64, f64), BenchError> {
    let (mut own_times, mut reference_times) = (Vec::new(), Vec::new());
    for _ in 0..N_ROUNDS {
        let start = Instant::now();
        std::hint::black_box(ours()?);
        own_times.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        std::hint::black_box(reference()?);
        reference_times.push(start.elapsed().as_secs_f64());
    }
    Ok((median(own_times), median(reference_times)))
}

/// The middle value.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs on so many threads.
pub(crate) fn on_threads<T: Send>(n: usize, work: impl FnOnce() -> T + Send) -> Result<T, BenchError> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(n).build()?.install(work))
}
