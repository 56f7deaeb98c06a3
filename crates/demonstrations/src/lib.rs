//! An expert's sessions: brought in from logged traces and ranked lists, grounded in the catalogue, and played in
//! the train world.

mod demonstration;
mod error;
mod grounding;
mod import;
mod title;

pub use demonstration::{DemoStep, Demonstration, Grounding, GroundingStatus};
pub use error::DemonstrationError;
pub use grounding::{
    Grounded, GroundingConfig, GroundingReport, Hub, Metric, Nearest, TitleIndex, nearest,
};
pub use import::{
    Format, ImportOptions, ImportReport, Imported, LineProblem, Play, Recorded, RecordedStep, RecordedTraces, Scene,
    Source, TerminalFallback, import, read_billp, read_lists, read_sources,
};

#[cfg(test)]
mod tests;
