//! How fast the main jobs are on this machine, each beside a reference that is measured in the same run.

mod figure;
mod import;
mod matrix_world;
mod plain_deepfm;
mod recommendation;
mod robust_training;
mod steps;
mod sweep;
mod world_model;

pub use figure::{BenchError, Figure};
pub use sweep::{Axis, PlotError, Point, plot, sweep};

/// One benchmark: what it is called and what it measures.
#[derive(Clone, Copy, Debug)]
pub struct Benchmark {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is measured, and beside what.
    pub about: &'static str,
    run: fn() -> Result<Vec<Figure>, BenchError>,
}

/// All benchmarks, in the order of the story.
pub const BENCHMARKS: [Benchmark; 5] = [
    Benchmark {
        name: "import",
        about: "rows a second of a CSV import, beside lines split at commas into hash maps",
        run: import::run,
    },
    Benchmark {
        name: "world-model",
        about: "rows a second of DeepFM training, beside the same network row by row in plain loops",
        run: world_model::run,
    },
    Benchmark {
        name: "environment",
        about: "environment steps a second of sessions stepped together, beside one session after another",
        run: steps::run,
    },
    Benchmark {
        name: "robust",
        about: "interactions a second of the default learner on all threads, beside one thread",
        run: robust_training::run,
    },
    Benchmark {
        name: "recommendation",
        about: "latency of one recommendation by catalogue size, beside 64-wide dot products and the largest",
        run: recommendation::run,
    },
];

impl Benchmark {
    /// Measures.
    ///
    /// # Errors
    /// When the machine refuses threads or a temporary file.
    pub fn run(&self) -> Result<Vec<Figure>, BenchError> {
        (self.run)()
    }
}

#[cfg(test)]
mod tests;
