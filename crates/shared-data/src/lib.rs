//! The real data that tests read, where somebody has them.

use std::path::PathBuf;

/// A file or folder of the data beside the checkout; `None`, said on standard error, where it is missing.
///
/// # Panics
/// Where it is missing although `CI` is set or `ILREC_REQUIRE_SHARED_DATA` is 1.
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(name);
    if path.exists() {
        return Some(path);
    }
    let is_required = std::env::var_os("CI").is_some()
        || std::env::var("ILREC_REQUIRE_SHARED_DATA").is_ok_and(|value| value == "1");
    assert!(!is_required, "{} is missing", path.display());
    say_skipped(name);
    None
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn say_skipped(name: &str) {
    eprintln!("skipped: shared/data/{name} is not here; the real data is not part of the repository");
}
