//! The whole chain from one file: data, world, demonstrations, training, evaluation, report, each stage skipped
//! when nothing that it depends on has changed.

mod config;
mod error;
mod folder;
mod inputs;
mod judging;
mod ledger;
mod nouns;
mod page;
mod recorder;
mod results;
mod run;
mod stages;
mod training;
mod variants;
mod working;
mod worlds;

pub use config::{
    AgentsSource, DataSettings, DemonstrationSource, EnvironmentSettings, EvaluationSettings, RunConfig,
    SampleSettings, quickstart_config,
};
pub use error::PipelineError;
pub use folder::RunFolder;
pub use judging::{CONTROLS, Contestant, Judging, UNIFORM};
pub use nouns::with_nouns;
pub use results::{AblationRow, RuleResults, RunResults, StageRecord};
pub use run::{Watcher, run, run_in, run_with};
pub use stages::stage_names;
pub use training::{PolicyDirectory, TrainingJob, TrainingRecord, Watch, demonstrated};
pub use variants::{DemonstrationChange, Variant, ablation_names};
pub use working::{Found, Resume, Working};
pub use worlds::{rule_by_name, training_environment};

#[cfg(test)]
mod tests;
