//! Stage `data`: a log becomes a dataset directory.

use crate::failure::Failure;
use crate::progress::Progress;
use data::{Dataset, ImportOptions};
use std::path::Path;

/// Imports and saves.
pub(crate) fn import(options: &ImportOptions, out: &Path, seed: u64) -> Result<Dataset, Failure> {
    let shown = Progress::new("data import");
    let (dataset, report) = data::import(options)?;
    drop(shown);
    tracing::info!("{} of {} rows kept", report.rows_kept, report.rows_read);
    let config = serde_json::to_value(options).expect("options are plain data");
    dataset.save(out, seed, config)?;
    Ok(dataset)
}
