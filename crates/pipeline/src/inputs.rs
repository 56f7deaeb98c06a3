//! Whether everything that a run reads is there, before it writes anything.

use crate::stages::Place;
use crate::{DataSettings, DemonstrationSource, PipelineError, RunConfig};
use std::path::Path;

/// Looks for every file and folder that a run's file names.
pub(crate) fn check(config: &RunConfig, place: &Place<'_>) -> Result<(), PipelineError> {
    if let DataSettings::Import(options) = &config.data {
        for source in &options.sources {
            is_there(place, &source.path)?;
            source.item_ids.iter().try_for_each(|map| is_there(place, &map.path))?;
        }
        options.items.iter().try_for_each(|path| is_there(place, path))?;
    }
    config.world_with_shown().shown.iter().try_for_each(|source| is_there(place, &source.path))?;
    config.demonstrations.iter().try_for_each(|source| match source {
        DemonstrationSource::Lists { path, .. } | DemonstrationSource::Billp { path } => {
            is_there(place, path)
        }
        DemonstrationSource::Agents(agents) => {
            agents.prompts.iter().try_for_each(|path| is_there(place, path))
        }
        DemonstrationSource::Builtin { .. } => Ok(()),
    })
}

fn is_there(place: &Place<'_>, path: &Path) -> Result<(), PipelineError> {
    let path = place.input(path);
    std::fs::metadata(&path).map(drop).map_err(|source| PipelineError::Read { path, source })
}
