//! A writer may be killed at any step of a replacement.

use crate::staging::{Step, Swap};
use crate::*;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the child of the tests below writes, at which step it dies, and whether it may swap directories at once.
const PLACE: &str = "ILREC_TEST_KILLED_PLACE";
const DIES_AT: &str = "ILREC_TEST_KILLED_AT";

const STEPS: [(&str, Step); 3] =
    [("begins", Step::Begins), ("moved-aside", Step::MovedAside), ("installed", Step::Installed)];

fn written(target: &Path, text: &str, swap: &Swap<'_>) -> Result<Artefact, ArtefactError> {
    let draft = Draft::new(Kind::World, target, 0, serde_json::Value::Null)?;
    draft.write("text", text.as_bytes())?;
    draft.seal_by(swap)
}

fn text_of(target: &Path) -> String {
    let bytes = Artefact::open(Kind::World, target).unwrap().read("text").unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Run as a test it does nothing; run by the tests below it dies without a chance to tidy up.
#[test]
fn a_writer_that_dies() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let dies_at = std::env::var(DIES_AT).unwrap();
    let (how, dies_at) = dies_at.split_once(' ').unwrap();
    let told = |step: Step| {
        if STEPS.iter().any(|(name, own)| *own == step && *name == dies_at) {
            std::process::abort();
        }
    };
    let swap = Swap { may_exchange: how == "exchange", told: &told };
    let _ = written(Path::new(&place), "new", &swap);
}

fn killed(target: &Path, how: &str, step: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "tests::kills::a_writer_that_dies"]).stdout(Stdio::null()).stderr(Stdio::null());
    child.env(PLACE, target).env(DIES_AT, format!("{how} {step}"));
    child.status().unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

const USUAL: Swap<'static> = Swap { may_exchange: true, told: &|_| {} };

#[test]
fn a_kill_at_any_step_leaves_the_old_or_the_new_one() {
    for how in ["exchange", "renames"] {
        for (step, _) in STEPS {
            let dir = tempfile::tempdir().unwrap();
            let target = dir.path().join("world");
            written(&target, "old", &USUAL).unwrap();
            killed(&target, how, step);
            let found = text_of(&target);
            let is_installed = step == "installed" || (how, step) == ("exchange", "moved-aside");
            assert_eq!(found, if is_installed { "new" } else { "old" }, "{how}, {step}");
            written(&dir.path().join("other"), "other", &USUAL).unwrap();
            assert_eq!(text_of(&target), found, "the next writer removes nothing but rests: {how}, {step}");
            let mut left = names(dir.path());
            left.sort();
            assert_eq!(left, ["other", "world"], "{how}, {step}");
        }
    }
}

#[test]
fn what_was_moved_aside_is_moved_back_by_the_next_writer_of_a_neighbour() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("world");
    written(&target, "old", &USUAL).unwrap();
    killed(&target, "renames", "moved-aside");
    assert!(!target.exists(), "the kill came between the two renames");
    written(&dir.path().join("other"), "other", &USUAL).unwrap();
    assert_eq!(text_of(&target), "old");
}

#[test]
fn what_was_moved_aside_is_kept_where_somebody_took_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("world");
    written(&target, "old", &USUAL).unwrap();
    killed(&target, "renames", "moved-aside");
    std::fs::create_dir(&target).unwrap();
    std::fs::write(target.join("mine"), "mine").unwrap();
    assert!(written(&target, "new", &USUAL).is_err());
    assert_eq!(text_of(&dir.path().join("world.kept-1")), "old");
    assert_eq!(std::fs::read(target.join("mine")).unwrap(), b"mine");
}

#[test]
fn a_replacement_by_renames_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let target: PathBuf = dir.path().join("world");
    let renames = Swap { may_exchange: false, told: &|_| {} };
    for text in ["one", "two", "three"] {
        written(&target, text, &renames).unwrap();
        assert_eq!(text_of(&target), text);
        assert_eq!(names(dir.path()), ["world"]);
    }
}

#[test]
fn a_lock_goes_with_its_process() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("world");
    let claim = Claim::on(&target, Kind::World, "test", Replace::Cheap).unwrap();
    for _ in 0..3 {
        let second = Claim::on(&target, Kind::World, "test", Replace::Anything);
        assert!(matches!(second, Err(ArtefactError::Busy { path }) if path == target));
    }
    let neighbour = Claim::on(&dir.path().join("other"), Kind::World, "test", Replace::Cheap);
    assert!(neighbour.is_ok());
    drop((claim, neighbour));
    assert_eq!(names(dir.path()), [""; 0]);
    killed(&target, "exchange", "begins");
    assert!(Claim::on(&target, Kind::World, "test", Replace::Cheap).is_ok());
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn of_many_writers_of_one_target_each_is_whole_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("world");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let target = &target;
            scope.spawn(move || {
                for round in 0..20 {
                    match written(target, &format!("{writer}.{round}"), &USUAL) {
                        Ok(_) | Err(ArtefactError::Busy { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    assert!(text_of(&target).contains('.'));
    assert_eq!(names(dir.path()), ["world"]);
}

#[test]
fn names_as_long_as_can_be_are_written() {
    let dir = tempfile::tempdir().unwrap();
    for length in [180, 230, 255] {
        let target = dir.path().join("x".repeat(length));
        written(&target, "one", &USUAL).unwrap();
        killed(&target, "renames", "moved-aside");
        assert_eq!(text_of(&target), "one");
        written(&target, "two", &USUAL).unwrap();
        assert_eq!(text_of(&target), "two");
    }
}
