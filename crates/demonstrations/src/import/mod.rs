//! Importers: logged traces and ranked lists become demonstrations by being played in the train world.

mod billp;
mod lists;
mod options;
mod play;
mod recorded;
mod report;
mod scan;
mod source;

pub use billp::read_billp;
pub use lists::read_lists;
pub use options::{Format, ImportOptions, Play, TerminalFallback};
pub use play::Scene;
pub use recorded::{LineProblem, Recorded, RecordedStep, RecordedTraces};
pub use report::ImportReport;
pub use source::{Source, read_sources};

#[cfg(test)]
mod tests;

use crate::{Demonstration, DemonstrationError};

/// What an import gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The demonstrations, in the order of the source.
    pub demonstrations: Vec<Demonstration>,
    /// What became of every record and step.
    pub report: ImportReport,
}

/// Reads sources of one format and plays them in the scene's train world.
///
/// # Errors
/// When a file is malformed as a whole, the options contradict each other, or not one step could be used. Single
/// bad lines, users the dataset does not have and texts that mean no item are counted, not errors.
pub fn import(
    format: Format,
    sources: &[Source],
    scene: &Scene<'_>,
    options: &ImportOptions,
) -> Result<Imported, DemonstrationError> {
    options.check(format)?;
    let traces = match format {
        Format::Billp => read_billp(sources)?,
        Format::Lists => read_lists(sources)?,
    };
    let imported = play::play(format, traces, scene, options)?;
    if imported.demonstrations.is_empty() {
        return Err(DemonstrationError::Nothing(imported.report.summary()));
    }
    Ok(imported)
}
