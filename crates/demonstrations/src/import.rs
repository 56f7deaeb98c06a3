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

/// Turns texts into vectors of one width, or says why not.
pub type Embed<'a> = &'a dyn Fn(&[String]) -> Result<Vec<Vec<f32>>, String>;

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
    import_with_vectors(format, sources, scene, options, None)
}

/// As [`import`]; texts that letters leave open are grounded by other vectors than those of character n-grams, where
/// somebody gives them.
///
/// # Errors
/// As [`import`], and where the vectors cannot be had.
pub fn import_with_vectors(
    format: Format,
    sources: &[Source],
    scene: &Scene<'_>,
    options: &ImportOptions,
    embed: Option<Embed<'_>>,
) -> Result<Imported, DemonstrationError> {
    options.check(format)?;
    let traces = match format {
        Format::Billp => read_billp(sources)?,
        Format::Lists => read_lists(sources)?,
    };
    let imported = play::play(format, traces, scene, options, embed)?;
    if imported.demonstrations.is_empty() {
        return Err(DemonstrationError::Nothing(imported.report.summary()));
    }
    Ok(imported)
}
