//! The real logs: counts equal to what their descriptions say.

use crate::*;
use std::path::PathBuf;

/// A folder of real data; `None` (said on stderr) where the user does not have it.
fn folder(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(name);
    if path.is_dir() {
        return Some(path);
    }
    let is_required = std::env::var_os("CI").is_some()
        || std::env::var("ILREC_REQUIRE_SHARED_DATA").is_ok_and(|value| value == "1");
    assert!(!is_required, "{} is missing", path.display());
    skipped(name);
    None
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(name: &str) {
    eprintln!("skipped: shared/data/{name} is not here; the real data is not part of the repository");
}

#[test]
fn movielens_latest_small() {
    let Some(path) = folder("movielens-latest-small") else { return };
    let (dataset, report) = import(&ImportOptions::new(Format::Movielens, &path)).unwrap();
    assert_eq!((dataset.n_users(), dataset.n_items(), dataset.n_interactions()), (610, 9742, 100_836));
    assert!(report.adds_up() && report.dropped.is_empty() && report.warnings.is_empty(), "{report:?}");
    assert_eq!(report.sources[0].scale, RatingScale::Linear { lo: 0.5, hi: 5.0, declared: false });
    let described = describe(&dataset);
    assert_eq!(described.time_span, Some([828_124_615, 1_537_799_250]));
    assert_eq!((described.catalogue_coverage * 9742.0).round(), 9724.0);
}
