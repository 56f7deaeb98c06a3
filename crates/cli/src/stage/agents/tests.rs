//! The run stands beside its result.

use super::*;

#[test]
fn the_run_stands_beside_its_result() {
    assert_eq!(run_folder(Path::new("a/demos")), Path::new("a/demos.run"));
    assert_eq!(run_folder(Path::new("demos")), Path::new("demos.run"));
}
