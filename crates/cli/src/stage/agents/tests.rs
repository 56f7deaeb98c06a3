//! The run stands beside its result.

use super::watch::{by_calls, by_sessions};
use super::*;
use std::time::Duration;

#[test]
fn the_rest_is_estimated_from_the_sessions_since_the_start() {
    let at = |sessions| ::agents::Progress { sessions, of_sessions: 40, ..Default::default() };
    let left = |sessions, first| by_sessions(&at(sessions), first, Duration::from_secs(60));
    assert_eq!(left(10, 10), "", "what an earlier run finished says nothing about the time");
    assert_eq!(left(20, 10), ", about 2 min left");
    assert_eq!(left(39, 0), ", about 1 min left");
    assert_eq!(by_calls(300, 20, Duration::from_secs(60)), ", about 300 calls to go, about 15 min left");
}

#[test]
fn the_run_stands_beside_its_result() {
    assert_eq!(run_folder(Path::new("a/demos")), Path::new("a/demos.run"));
    assert_eq!(run_folder(Path::new("demos")), Path::new("demos.run"));
}
