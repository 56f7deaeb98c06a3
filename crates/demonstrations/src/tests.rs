//! The folder of real data, shared by the tests of all modules.

use std::io::Read;
use std::path::PathBuf;

/// The path of a real file, or `None` (with a note on standard error) where the data folder is missing.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let full = PathBuf::from(root).join(path);
    if full.exists() {
        return Some(full);
    }
    let is_required = std::env::var_os("CI").is_some() || std::env::var_os("ILREC_REQUIRE_SHARED_DATA").is_some();
    assert!(!is_required, "../shared/data/{path} is required here");
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    {
        eprintln!("skipped: ../shared/data/{path} is not there");
    }
    None
}

/// A gzipped CSV of the data folder as rows of texts, header left out.
pub(crate) fn shared_csv(path: &str) -> Option<Vec<csv::StringRecord>> {
    let file = std::fs::File::open(shared(path)?).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect())
}

/// A catalogue of the data folder: columns of id, title and `|`-separated categories.
pub(crate) fn shared_catalogue(path: &str) -> Option<catalogue::Catalogue> {
    let rows = shared_csv(path)?;
    let split = |text: &str| text.split('|').filter(|t| !t.is_empty()).map(str::to_owned).collect();
    let rows = rows.iter().map(|r| (r[0].to_owned(), r[1].to_owned(), split(&r[2]))).collect();
    Some(catalogue::Catalogue::new(rows).0)
}
