//! An expert's sessions: brought in from logged traces and ranked lists or collected, grounded in the catalogue,
//! and played in the train world.

mod controls;
mod demonstration;
mod demonstrator;
mod describe;
mod error;
mod expert;
mod grounding;
mod import;
mod show;
mod store;
mod title;

pub use controls::{Marked, corrupt, permute_users, popular_items, shuffle_items};
pub use demonstration::{Candidate, DemoStep, Demonstration, Explanation, Grounding, GroundingStatus};
pub use demonstrator::{
    AnswerRecord, CollectReport, Collected, Demonstrator, Finished, Playing, Shown, Sum, Told, begin, play,
};
pub use describe::{DemosDescription, GroundingCounts, describe};
pub use error::DemonstrationError;
pub use expert::{
    AgentAccount, Answer, BuiltinExpert, CallAccount, CatalogueExpert, CollectOptions, Expert, ExpertContext,
    ExpertSession, PolicyExpert, Reaction, collect,
};
pub use grounding::{
    Grounded, GroundingConfig, GroundingReport, GroundingTally, Hub, Metric, Nearest, TitleIndex, nearest,
};
pub use import::{
    Embed, Format, ImportOptions, ImportReport, Imported, LineProblem, Play, Recorded, RecordedStep,
    RecordedTraces, Scene, Source, TerminalFallback, import, import_with_vectors, read_billp, read_lists,
    read_sources,
};
pub use show::{show, show_within};
pub use store::{Cost, Demos, Inputs, Origin};

#[cfg(test)]
mod tests;
