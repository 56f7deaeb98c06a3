//! Interaction logs: importers, datasets, splits.
