//! The run stands beside its result.

use super::*;

#[test]
fn the_rest_is_estimated_from_the_sessions_since_the_start() {
    let at = |sessions| ::agents::Progress { sessions, of_sessions: 40, ..Default::default() };
    let left = |sessions, first| time_left(&at(sessions), first, Duration::from_secs(60));
    assert_eq!(left(10, 10), "", "what an earlier run finished says nothing about the time");
    assert_eq!(left(20, 10), ", about 2 min left");
    assert_eq!(left(39, 0), ", about 1 min left");
}

#[test]
fn the_run_stands_beside_its_result() {
    assert_eq!(run_folder(Path::new("a/demos")), Path::new("a/demos.run"));
    assert_eq!(run_folder(Path::new("demos")), Path::new("demos.run"));
}
