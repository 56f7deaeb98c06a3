//! Imports, datasets on disk, and splits.

mod shared_data;
