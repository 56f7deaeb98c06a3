//! Several processes on one cassette, and killed ones. A test starts itself again as the other process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{parrot, record, recorded, texts};
use crate::tests::asks;
use crate::*;

/// Names the cassette to the other process; absent in the first one.
const CASSETTE: &str = "LLM_TEST_CASSETTE";

const N_CALLS: usize = 300;

/// Starts this test again as another process.
pub(crate) fn other_process(test: &str, cassette: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("cassette::tests::{test}")])
        .env(CASSETTE, cassette)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The cassette, if this is the other process.
pub(crate) fn told_cassette() -> Option<PathBuf> {
    std::env::var_os(CASSETTE).map(PathBuf::from)
}

#[test]
fn a_killed_run_pays_for_nothing_twice() {
    if let Some(path) = told_cassette() {
        let model = recorded(parrot("m"), &path);
        (0..1_000_000).for_each(|n| drop(model.generate(&asks(n..n + 1))));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let mut child = other_process("processes::a_killed_run_pays_for_nothing_twice", &path);
    let cassette = Cassette::open(&path).unwrap();
    while cassette.n_calls().unwrap() < 100 {
        assert!(child.try_wait().unwrap().is_none(), "the other process ended by itself");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let n_recorded = cassette.n_calls().unwrap() as usize;
    let inner = parrot("m");
    texts(recorded(&inner, &path).generate(&asks(0..n_recorded + 50)));
    assert_eq!(inner.n_asked(), 50);
}

#[test]
fn two_processes_record_at_once_and_agree() {
    if let Some(path) = told_cassette() {
        let model = recorded(parrot("m"), &path);
        (0..N_CALLS).for_each(|n| assert!(model.generate(&asks(n..n + 1))[0].is_ok()));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let children =
        [(); 2].map(|()| other_process("processes::two_processes_record_at_once_and_agree", &path));
    let here = record(&path, N_CALLS);
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(Cassette::open(&path).unwrap().n_calls().unwrap() as usize, N_CALLS);
    assert_eq!(texts(Replay::open(&path, None).unwrap().generate(&asks(0..N_CALLS))), here);
}

#[test]
fn the_first_of_two_answers_stays_for_both() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    let slower = {
        let path = path.clone();
        Scripted::new("m", move |_| {
            let first = Scripted::new("m", |_| "first".to_owned());
            recorded(first, &path).generate(&asks(0..1));
            "second".to_owned()
        })
    };
    let answers = texts(recorded(slower, &path).generate(&asks(0..1)));
    assert_eq!(answers[0].text, "first");
}
