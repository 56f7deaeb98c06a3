//! The whole chain from one file: data, world, demonstrations, training, evaluation, report, each stage skipped
//! when nothing that it depends on has changed.

mod config;
mod draws;
mod error;
mod folder;
mod inputs;
mod ledger;
mod page;
mod recorder;
mod results;
mod run;
mod stages;
mod training;
mod values;
mod variants;
mod working;

pub use config::{
    AgentsSource, DataSettings, DemonstrationSource, RunConfig, RunEnvironmentSettings, SampleSettings,
    quickstart_config,
};
pub use draws::{DrawContrast, DrawRow, DrawsResults, Judged, RuleDraws, run_draws};
pub use error::PipelineError;
pub use folder::RunFolder;
pub use results::{AblationRow, RuleResults, RunResults, StageRecord};
pub use run::{Watcher, run, run_in, run_with};
pub use stages::stage_names;
pub use training::{
    PolicyDirectory, TrainingJob, TrainingRecord, Watch, demonstrated, made_of, named_demonstrations,
};
pub use variants::{Variant, ablation_names};
pub use working::{Found, Resume, Working};

#[cfg(test)]
mod tests;
