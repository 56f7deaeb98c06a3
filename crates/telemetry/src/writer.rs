//! Both files behind one call.

use crate::TelemetryError;
use crate::events::{Event, EventFile, START, SessionLog, Summary, Value, What};
use crate::lines::{LinesFile, MetricsLine};
use std::path::Path;

/// When something was measured. The clock is the caller's: nothing here reads one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Rounds so far: what a run is cut back to, and the horizontal axis of TensorBoard. Unlike interactions, it grows in
    /// every kind of run.
    pub n_rounds: u64,
    /// Environment steps taken so far.
    pub n_env_steps: u64,
    /// Unix seconds.
    pub wall_seconds: f64,
}

/// Writes `metrics.jsonl` and a TensorBoard event file into a run's directory. Every record reaches the
/// operating system before the call returns, so a kill of the process loses nothing that was recorded.
pub struct MetricsWriter {
    lines: LinesFile,
    events: EventFile,
}

impl MetricsWriter {
    /// Starts over: earlier lines are dropped, and TensorBoard is told to forget earlier event files.
    ///
    /// # Errors
    /// If the directory cannot be created or written.
    pub fn create(directory: &Path, wall_seconds: f64) -> Result<Self, TelemetryError> {
        Self::open(directory, None, wall_seconds)
    }

    /// Continues after a checkpoint taken after `n_rounds`: what was recorded later will be recorded again, so it is
    /// dropped here, and so is a line that was being written when the run was killed.
    ///
    /// # Errors
    /// If the directory cannot be written or holds lines that are not ours.
    pub fn resume(directory: &Path, n_rounds: u64, wall_seconds: f64) -> Result<Self, TelemetryError> {
        Self::open(directory, Some(n_rounds), wall_seconds)
    }

    fn open(directory: &Path, last: Option<u64>, wall_time: f64) -> Result<Self, TelemetryError> {
        std::fs::create_dir_all(directory).map_err(TelemetryError::at(directory))?;
        let lines = LinesFile::open(directory, last)?;
        let mut events = EventFile::create_next(directory, wall_time)?;
        let what = Some(What::SessionLog(SessionLog { status: START }));
        events.append(&Event { wall_time, step: last.map_or(0, |round| round as i64 + 1), what })?;
        Ok(Self { lines, events })
    }

    /// Records values by name; a slash in a name groups charts in TensorBoard.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn record(&mut self, at: Moment, values: &[(&str, f64)]) -> Result<(), TelemetryError> {
        self.lines.append(&MetricsLine {
            n_rounds: at.n_rounds,
            n_env_steps: at.n_env_steps,
            wall_seconds: at.wall_seconds,
            values: values.iter().map(|&(name, x)| (name.to_owned(), x.is_finite().then_some(x))).collect(),
        })?;
        let value = |&(tag, x): &(&str, f64)| Value { tag: tag.to_owned(), simple_value: Some(x as f32) };
        let summary = Summary { value: values.iter().map(value).collect() };
        self.events.append(&Event {
            wall_time: at.wall_seconds,
            step: at.n_rounds as i64,
            what: Some(What::Summary(summary)),
        })
    }
}
