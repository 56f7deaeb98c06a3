//! Imports, datasets on disk, and splits.

mod accounting;
mod ahead;
mod categories;
mod formats;
mod hostile;
mod json;
mod malformed;
mod meaning;
mod numbers;
mod packed;
mod parquet_types;
mod shared_data;
mod shown;
mod splits;
mod stored;
mod tables;
mod times;

use crate::{DataError, Dataset, Format, ImportOptions, ImportReport, import};
use std::io::Write as _;
use std::path::PathBuf;

/// Files in a folder of their own.
struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Imports one file with everything recognised by itself.
fn import_text(format: Format, name: &str, content: &[u8]) -> Result<(Dataset, ImportReport), DataError> {
    let files = Files::new(&[(name, content)]);
    import(&ImportOptions::new(format, &files.path(name)))
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The rows of a dataset as (user, item, rating in hundredths, time).
fn rows(dataset: &Dataset) -> Vec<(&str, &str, i32, i64)> {
    let id = |item: mdp::ItemIdx| dataset.catalogue.item(item).id.as_str();
    dataset
        .histories()
        .flat_map(|(user, history)| history.iter().map(move |row| (user, row)))
        .map(|(user, row)| {
            (
                dataset.users[user.index()].as_str(),
                id(row.item),
                (row.rating * 100.0).round() as i32,
                row.time,
            )
        })
        .collect()
}
