//! How the cost of the main jobs grows with items, users, batch and threads.

mod jobs;
mod plot;

use crate::figure::{BenchError, median, on_threads};
use serde::Serialize;
use std::time::Instant;

pub use plot::{PlotError, plot};

/// What grows while everything else stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Size of the catalogue.
    Items,
    /// Rows of the user table, or users of the log.
    Users,
    /// States in a training step or questions at once.
    Batch,
    /// Threads that share the same work.
    Threads,
}

/// One measurement of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// What grows.
    pub axis: Axis,
    /// What is done.
    pub job: &'static str,
    /// How large it is.
    pub size: usize,
    /// Median microseconds.
    pub micros: f64,
    /// The cost's growth since the size before over the size's: 1 where cost grows as the work does, 0 where it
    /// does not grow; nothing at the first size.
    pub growth: Option<f64>,
}

/// One job at one size: prepared once, then done again and again. Says how many units of work one round did, by which
/// its time is divided.
type Job = Box<dyn FnMut() -> Result<f64, BenchError> + Send>;

/// A job over sizes.
struct Series {
    axis: Axis,
    job: &'static str,
    sizes: Vec<usize>,
    n_threads: fn(usize) -> usize,
    prepare: fn(usize) -> Result<Job, BenchError>,
}

const FEWEST_ROUNDS: usize = 3;
const MOST_ROUNDS: usize = 200;
const LEAST_SECONDS: f64 = 0.3;

/// Measures everything; `heard` is told of every point at once.
///
/// # Errors
/// When the machine refuses threads or a job fails.
pub fn sweep(heard: &mut dyn FnMut(&Point)) -> Result<Vec<Point>, BenchError> {
    let mut points = Vec::new();
    for series in jobs::all() {
        let mut before: Option<(usize, f64)> = None;
        for &size in &series.sizes {
            let micros = on_threads((series.n_threads)(size), || measure((series.prepare)(size)?))??;
            let growth = before.map(|(small, then)| (micros / then).ln() / (size as f64 / small as f64).ln());
            before = Some((size, micros));
            let point = Point { axis: series.axis, job: series.job, size, micros, growth };
            heard(&point);
            points.push(point);
        }
    }
    Ok(points)
}

/// Median microseconds a unit of work, after one round that is not counted.
fn measure(mut job: Job) -> Result<f64, BenchError> {
    job()?;
    let mut times = Vec::new();
    let began = Instant::now();
    while times.len() < FEWEST_ROUNDS
        || (times.len() < MOST_ROUNDS && began.elapsed().as_secs_f64() < LEAST_SECONDS)
    {
        let started = Instant::now();
        let n_units = job()?;
        times.push(started.elapsed().as_secs_f64() * 1e6 / n_units);
    }
    Ok(median(times))
}
