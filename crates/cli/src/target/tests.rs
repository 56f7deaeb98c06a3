//! What is said when the disk refuses, and which files are ours.

use super::*;
use miette::Diagnostic as _;
use std::io::{Error, ErrorKind};

fn help(failure: &Failure) -> String {
    failure.help().map(|help| help.to_string()).unwrap_or_default()
}

#[test]
fn who_may_not_write_is_told_of_permissions_wherever_the_error_comes_from() {
    let path = Path::new("there/data/.lock");
    for action in ["create directory", "create", "write", "replace"] {
        for kind in [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem] {
            let error = || ArtefactError::io(action, path)(Error::from(kind));
            let failures: [Failure; 4] = [
                error().into(),
                data::DataError::from(error()).into(),
                world_model::WorldError::from(error()).into(),
                pipeline::PipelineError::from(error()).into(),
            ];
            for failure in failures {
                let (text, help) = (failure.to_string(), help(&failure));
                assert!(text.starts_with(&format!("cannot {action}: ")) && text.ends_with(".lock"), "{text}");
                assert!(help.contains("permissions") && help.contains("there/data"), "{help}");
            }
        }
    }
    let full = Failure::from(ArtefactError::io("write", path)(Error::from(ErrorKind::StorageFull)));
    assert!(help(&full).contains("make room"));
}

#[test]
fn a_file_is_written_where_there_is_none_or_one_of_ours() {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        global: Global,
    }
    let global = |line: &[&str]| <Line as clap::Parser>::parse_from([&["ilrec"], line].concat()).global;
    let (usual, forced) = (global(&[]), global(&["--force"]));
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name);
    std::fs::write(place("ours"), "ours, and more").unwrap();
    std::fs::write(place("theirs"), "theirs").unwrap();
    let is_ours = |begin: &[u8]| begin.starts_with(b"ours");
    for (name, is_taken) in [("new", true), ("ours", true), ("theirs", false)] {
        assert_eq!(usual.claim_file(&place(name), is_ours).is_ok(), is_taken, "{name}");
        assert!(forced.claim_file(&place(name), is_ours).is_ok(), "{name}");
    }
    assert!(forced.claim_file(dir.path(), is_ours).is_err(), "a folder");
    let held = usual.claim_file(&place("new"), is_ours).unwrap();
    assert!(forced.claim_file(&place("new"), is_ours).is_err(), "somebody else writes it");
    drop(held);
    assert_eq!(std::fs::read(place("theirs")).unwrap(), b"theirs");
    assert_eq!(dir.path().read_dir().unwrap().count(), 2);
}
