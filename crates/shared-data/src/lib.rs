//! The real data and models that tests read, where somebody has them.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The script cannot assemble one file twice at once.
static ASSEMBLING: Mutex<()> = Mutex::new(());

/// A file or folder of the data beside the checkout; `None`, said on standard error, where it is missing.
///
/// # Panics
/// Where it is missing although `CI` is set or `ILREC_REQUIRE_SHARED_DATA` is 1.
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(!is_required(), "{} is missing", path.display());
    say_skipped("data", name);
    None
}

/// A model file or folder that `../shared/models/get-model NAME` assembles; `None`, said on standard error, where that script is
/// missing.
///
/// # Panics
/// As [`shared_data`], also where the script fails.
pub fn shared_model(name: &str) -> Option<PathBuf> {
    let script = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/models/get-model"));
    if !script.is_file() {
        assert!(!is_required(), "{} is missing", script.display());
        say_skipped("models", name);
        return None;
    }
    let _alone = ASSEMBLING.lock().unwrap_or_else(PoisonError::into_inner);
    let output = Command::new(&script).arg(name).output().expect("the script can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {name}: {said}", script.display());
    Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

fn is_required() -> bool {
    let is_demanded = std::env::var("ILREC_REQUIRE_SHARED_DATA").is_ok_and(|value| value == "1");
    is_demanded || std::env::var_os("CI").is_some()
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn say_skipped(folder: &str, name: &str) {
    eprintln!(
        "skipped: shared/{folder}/{name} is not here; real data and models are not part of the repository"
    );
}
