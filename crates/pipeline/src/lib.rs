//! The whole chain from one file: data, world, demonstrations, training, evaluation, report, each stage skipped
//! when nothing that it depends on has changed.

mod config;
mod error;
mod folder;
mod inputs;
mod learners;
mod ledger;
mod page;
mod recorder;
mod results;
mod run;
mod stages;
mod working;

pub use config::{
    AgentsSource, DataSettings, DemonstrationSource, RunConfig, RunEnvironmentSettings, SampleSettings,
    quickstart_config,
};
pub use error::PipelineError;
pub use folder::RunFolder;
pub use learners::{Variant, learner_config};
pub use recorder::{Recorder, Watch};
pub use results::{AblationRow, RuleResults, RunResults, StageRecord};
pub use run::{Watcher, run, run_in, run_with};
pub use stages::stage_names;
pub use working::{Found, Resume, TrainingState, Working, unix_seconds};

#[cfg(test)]
mod tests;
