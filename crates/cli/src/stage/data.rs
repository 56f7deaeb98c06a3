//! Stage `data`: a log becomes a dataset directory.

use crate::failure::Failure;
use crate::progress::Progress;
use artefact::Claim;
use data::{Dataset, ImportOptions};

/// Imports and saves.
pub(crate) fn import(options: &ImportOptions, claim: &Claim, seed: u64) -> Result<Dataset, Failure> {
    let shown = Progress::new("data import");
    let (dataset, report) = data::import(options)?;
    drop(shown);
    tracing::info!("{} of {} rows kept", report.rows_kept, report.rows_read);
    let config = serde_json::to_value(options).expect("options are plain data");
    dataset.save(claim, seed, config)?;
    Ok(dataset)
}
