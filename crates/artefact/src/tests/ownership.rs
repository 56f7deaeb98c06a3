//! What is not ours, is of another kind, or took work, is not replaced without being asked to.

use crate::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// All files under a folder, with what is in them.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let inner = contents(&path);
            found.extend(inner.into_iter().map(|(inside, bytes)| (format!("{name}/{inside}"), bytes)));
        } else {
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
    found
}

fn made<'a>(kind: Kind, place: impl Into<Place<'a>>, cost: (f64, u64)) {
    let mut draft = Draft::new(kind, place, 1, serde_json::json!({})).unwrap();
    draft.write("part", b"1").unwrap();
    draft.spent(cost.0, cost.1);
    draft.seal().unwrap();
}

fn claim(path: &Path, kind: Kind, replace: Replace) -> Result<Claim, ArtefactError> {
    Claim::on(path, kind, "test", replace)
}

fn refusal(outcome: Result<Claim, ArtefactError>) -> (String, bool) {
    match outcome {
        Err(ArtefactError::Occupied { what, is_forceable, .. }) => (what, is_forceable),
        other => panic!("not refused: {other:?}"),
    }
}

const KINDS: [Kind; 6] =
    [Kind::Dataset, Kind::World, Kind::Demos, Kind::Policy, Kind::Evaluation, Kind::Served];

/// What a stranger's `manifest.json` may hold.
fn manifests() -> impl Strategy<Value = Option<Vec<u8>>> {
    let web = br#"{"name": "my app", "files": {"a.js": "1"}, "kind": "policy"}"#.to_vec();
    prop_oneof![
        Just(None),
        Just(Some(web)),
        Just(Some(b"{}".to_vec())),
        Just(Some(b"[]".to_vec())),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_strangers_folder_is_left_as_it_is(
        manifest in manifests(),
        files in proptest::collection::btree_map("[a-z.]{1,6}x", proptest::collection::vec(any::<u8>(), 0..9), 1..5),
        is_nested in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("theirs");
        let inner = if is_nested { folder.join("src") } else { folder.clone() };
        std::fs::create_dir_all(&inner).unwrap();
        for (name, bytes) in &files {
            std::fs::write(inner.join(name), bytes).unwrap();
        }
        if let Some(manifest) = manifest {
            std::fs::write(folder.join("manifest.json"), manifest).unwrap();
        }
        let before = contents(&folder);
        for replace in [Replace::Cheap, Replace::OwnWay] {
            let (what, is_forceable) = refusal(claim(&folder, Kind::Policy, replace));
            prop_assert!(what.contains("did not make") && is_forceable, "{}", what);
        }
        prop_assert!(Draft::new(Kind::Dataset, &folder, 0, ().into()).is_err());
        prop_assert_eq!(contents(&folder), before);
        prop_assert_eq!(dir.path().read_dir().unwrap().count(), 1);
        made(Kind::Policy, &claim(&folder, Kind::Policy, Replace::Anything).unwrap(), (0.0, 0));
        prop_assert!(Artefact::open(Kind::Policy, &folder).is_ok());
    }

    #[test]
    fn what_took_work_is_asked_about(seconds in 0.0..200.0f64, tokens in 0u64..3, is_same_way in any::<bool>(), row in 0..6usize) {
        let dir = tempfile::tempdir().unwrap();
        let (folder, kind) = (dir.path().join("out"), KINDS[row]);
        let way = if is_same_way { "test" } else { "another way" };
        made(kind, &Claim::on(&folder, kind, way, Replace::Cheap).unwrap(), (seconds, tokens));
        let is_cheap = seconds < 60.0 && tokens == 0 && (kind != Kind::Demos || is_same_way);
        prop_assert_eq!(claim(&folder, kind, Replace::Cheap).is_ok(), is_cheap);
        prop_assert_eq!(claim(&folder, kind, Replace::OwnWay).is_ok(), is_cheap || is_same_way);
        prop_assert!(claim(&folder, kind, Replace::Anything).is_ok());
        if tokens > 0 {
            let (what, _) = refusal(claim(&folder, kind, Replace::Cheap));
            let cost = format!("cost {tokens} tokens");
            prop_assert!(what.contains(&cost), "{}", what);
        }
    }
}

#[test]
fn another_kind_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for stands in KINDS {
        for wanted in KINDS.into_iter().filter(|wanted| *wanted != stands) {
            let folder = dir.path().join(format!("{stands:?}-{wanted:?}"));
            made(stands, &folder, (0.0, 0));
            let before = contents(&folder);
            for replace in [Replace::Cheap, Replace::OwnWay] {
                let (what, is_forceable) = refusal(claim(&folder, wanted, replace));
                assert!(what.contains(stands.word()) && is_forceable, "{what}");
            }
            assert_eq!(contents(&folder), before);
            made(wanted, &claim(&folder, wanted, Replace::Anything).unwrap(), (0.0, 0));
            assert!(Artefact::open(wanted, &folder).is_ok());
        }
    }
}

#[test]
fn a_directory_of_ours_with_somebodys_notes_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("policy");
    made(Kind::Policy, &folder, (0.0, 0));
    std::fs::write(folder.join(".DS_Store"), "").unwrap();
    assert!(claim(&folder, Kind::Policy, Replace::Cheap).is_ok(), "dust of a file manager");
    std::fs::write(folder.join("notes.txt"), "what I think of it").unwrap();
    let (what, is_forceable) = refusal(claim(&folder, Kind::Policy, Replace::OwnWay));
    assert!(what.contains("notes.txt") && is_forceable, "{what}");
}

#[test]
fn files_and_empty_folders() {
    let dir = tempfile::tempdir().unwrap();
    let (file, empty) = (dir.path().join("file"), dir.path().join("empty"));
    std::fs::write(&file, "mine").unwrap();
    std::fs::create_dir(&empty).unwrap();
    assert_eq!(refusal(claim(&file, Kind::World, Replace::Cheap)), ("a file".to_owned(), true));
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    for path in [&file, &empty] {
        made(Kind::World, &claim(path, Kind::World, Replace::Anything).unwrap(), (0.0, 0));
        assert!(Artefact::open(Kind::World, path).is_ok());
    }
    assert_eq!(dir.path().read_dir().unwrap().count(), 2);
}

#[test]
fn the_folder_that_a_command_runs_in_is_never_replaced() {
    let here = std::env::current_dir().unwrap();
    for path in [here.as_path(), here.parent().unwrap(), Path::new("."), Path::new(".."), Path::new("/")] {
        match claim(path, Kind::World, Replace::Anything) {
            Err(ArtefactError::Occupied { is_forceable: false, .. } | ArtefactError::Io { .. }) => {}
            other => panic!("{path:?}: {other:?}"),
        }
    }
}

#[test]
fn directories_of_older_versions_do_not_say_what_they_cost() {
    let dir = tempfile::tempdir().unwrap();
    let old = |kind: &str, seconds: Option<f64>| {
        let folder = dir.path().join(format!("{kind}-{seconds:?}"));
        std::fs::create_dir(&folder).unwrap();
        let mut files = BTreeMap::from([("part".to_owned(), "0".to_owned())]);
        std::fs::write(folder.join("part"), "1").unwrap();
        if let Some(seconds) = seconds {
            files.insert("training.json".to_owned(), "0".to_owned());
            std::fs::write(folder.join("training.json"), format!("{{\"seconds\": {seconds}}}")).unwrap();
        }
        let manifest = serde_json::json!({"kind": kind, "format_version": 1, "inputs": {}, "config": null,
            "seed": 0, "files": files});
        std::fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
        folder
    };
    for (kind, name, seconds, is_asked) in [
        (Kind::Dataset, "dataset", None, false),
        (Kind::World, "world", None, true),
        (Kind::Demos, "demos", None, true),
        (Kind::Policy, "policy", Some(3.0), false),
        (Kind::Policy, "policy", Some(300.0), true),
        (Kind::Policy, "policy", None, true),
    ] {
        let folder = old(name, seconds);
        assert_eq!(claim(&folder, kind, Replace::Cheap).is_err(), is_asked, "{name}, {seconds:?}");
        assert!(claim(&folder, kind, Replace::OwnWay).is_ok());
    }
}

#[test]
fn a_refused_or_abandoned_claim_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    drop(claim(&dir.path().join("a/b/c/policy"), Kind::Policy, Replace::Cheap).unwrap());
    assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    let draft = Draft::new(Kind::Policy, &dir.path().join("a/b/policy"), 0, ().into()).unwrap();
    draft.write("part", b"1").unwrap();
    drop(draft);
    assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    made(Kind::Policy, &dir.path().join("a/b/policy"), (0.0, 0));
    assert_eq!(contents(dir.path()).len(), 3);
}

#[cfg(unix)]
mod links {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_is_written_goes_where_a_link_leads_and_the_link_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (disk, link, again) =
            (dir.path().join("disk"), dir.path().join("link"), dir.path().join("again"));
        std::fs::create_dir(&disk).unwrap();
        symlink("disk/policy", &link).unwrap();
        symlink("link", &again).unwrap();
        for path in [&link, &again, &link.join("")] {
            // At first the links lead to nothing.
            made(Kind::Policy, path, (0.0, 0));
            assert!(link.is_symlink() && again.is_symlink());
            assert!(Artefact::open(Kind::Policy, &disk.join("policy")).is_ok());
            assert_eq!(contents(&disk).len(), 3, "nothing is left beside it");
        }
        let held = claim(&link, Kind::Policy, Replace::Cheap).unwrap();
        let direct = claim(&disk.join("policy"), Kind::Policy, Replace::Cheap);
        assert!(matches!(direct, Err(ArtefactError::Busy { .. })), "both names are one place");
        drop(held);
    }

    #[test]
    fn nothing_of_others_is_removed_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (theirs, link) = (dir.path().join("theirs"), dir.path().join("link"));
        std::fs::create_dir(&theirs).unwrap();
        std::fs::write(theirs.join("photo"), "1").unwrap();
        symlink(&theirs, &link).unwrap();
        let (what, is_forceable) = refusal(claim(&link, Kind::Policy, Replace::Anything));
        assert!(what.contains("behind a link") && !is_forceable, "{what}");
        // Nor through a link inside of what is replaced.
        let ours = dir.path().join("ours");
        std::fs::create_dir(&ours).unwrap();
        symlink(&theirs, ours.join("inside")).unwrap();
        made(Kind::Policy, &claim(&ours, Kind::Policy, Replace::Anything).unwrap(), (0.0, 0));
        assert_eq!(contents(&theirs).len(), 1);
    }

    #[test]
    fn links_in_circles_and_special_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let circle = dir.path().join("circle");
        symlink("circle", &circle).unwrap();
        let refused = claim(&circle, Kind::Policy, Replace::Anything);
        assert!(matches!(refused, Err(ArtefactError::Io { action: "follow", .. })));
        let (_, is_forceable) = refusal(claim(Path::new("/dev/null"), Kind::Policy, Replace::Anything));
        assert!(!is_forceable);
    }

    #[test]
    fn a_replaced_file_stays_behind_its_link_and_as_readable_as_it_was() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let (file, link, fresh) =
            (dir.path().join("page"), dir.path().join("link"), dir.path().join("fresh"));
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o604)).unwrap();
        symlink("page", &link).unwrap();
        replace_file(&link, b"new").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert!(link.is_symlink());
        assert_eq!((std::fs::read(&file).unwrap(), mode(&file)), (b"new".to_vec(), 0o604));
        // What the umask of this process lets others do, another new file says.
        replace_file(&fresh, b"1").unwrap();
        std::fs::write(dir.path().join("usual"), "1").unwrap();
        assert_eq!(mode(&fresh), mode(&dir.path().join("usual")));
    }
}
