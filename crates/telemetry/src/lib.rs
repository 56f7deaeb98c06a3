//! Metrics while training.
//!
//! JSON lines for scripts, TensorBoard event files for eyes; both are safe to continue after a kill.
//!
//! ```
//! # let directory = tempfile::tempdir()?;
//! use telemetry::{MetricsWriter, Moment, read_metrics};
//! let mut metrics = MetricsWriter::create(directory.path(), 0.0)?;
//! metrics.record(Moment { n_rounds: 1, n_env_steps: 512, wall_seconds: 3.5 }, &[("validation/r_traj", 41.5)])?;
//! let lines = read_metrics(directory.path())?;
//! assert_eq!(lines[0].value("validation/r_traj"), Some(41.5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod events;
mod lines;
mod writer;

pub use error::TelemetryError;
pub use lines::{MetricsLine, read_metrics};
pub use writer::{MetricsWriter, Moment};

#[cfg(test)]
mod tests;
