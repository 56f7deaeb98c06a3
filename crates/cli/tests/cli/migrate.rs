//! What earlier versions wrote. `golden/` holds one small directory of each kind as the first versions wrote them: their
//! manifests have no seal, and the policy's record says `curve` and `family`.

use crate::program::{fails, ilrec, json, scratch};
use artefact::{Kind, Manifest};
use serde_json::Value;
use std::path::{Path, PathBuf};

const KINDS: [(&str, &str); 6] = [
    ("data", "dataset"),
    ("demos", "demos"),
    ("evaluation", "evaluation"),
    ("policy", "policy"),
    ("served", "serving artefact"),
    ("world", "world"),
];

const DISK: &str = "the scratch directory can be written and read";

/// A copy of the goldens, with a run and what a collection leaves.
fn goldens(dir: &Path) -> PathBuf {
    let out = dir.join("old");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"), &out);
    let calls = Path::new(env!("CARGO_MANIFEST_DIR")).join("../agents/tests/replay/catalogue.jsonl");
    std::fs::copy(calls, out.join("calls.jsonl")).expect(DISK);
    drop(llm::Cassette::open(&out.join("calls.sqlite")).expect(DISK));
    std::fs::write(out.join("notes.txt"), "not ours").expect(DISK);
    out
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect(DISK);
    for entry in from.read_dir().expect(DISK) {
        let entry = entry.expect(DISK);
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect(DISK);
        }
    }
}

fn row<'a>(answer: &'a Value, path: &str) -> &'a Value {
    let rows = answer["findings"].as_array().expect("there is a list");
    rows.iter().find(|row| row["path"] == path).unwrap_or_else(|| panic!("{path} in {answer:#}"))
}

#[test]
fn what_the_first_versions_wrote_opens_and_is_converted_beside() {
    let dir = scratch();
    let old = goldens(dir.path());
    let seen = json(dir.path(), &["migrate", "old", "--recursive", "--check"]);
    assert_eq!(seen["findings"].as_array().unwrap().len(), KINDS.len() + 3, "{seen:#}");
    for (name, kind) in KINDS {
        let found = row(&seen, &format!("old/{name}"));
        assert_eq!((&found["kind"], &found["state"]), (&kind.into(), &"older".into()), "{found}");
        assert!(!old.join(format!("{name}.new")).exists(), "nothing is written while it is only looked at");
    }
    for (name, kind) in [("calls.jsonl", "cassette"), ("calls.sqlite", "cassette"), ("store.sqlite", "store")]
    {
        let found = row(&seen, &format!("old/{name}"));
        assert_eq!((&found["kind"], &found["state"]), (&kind.into(), &"current".into()), "{found}");
    }
    let converted = json(dir.path(), &["migrate", "old", "--recursive"]);
    for (name, _) in KINDS {
        let found = row(&converted, &format!("old/{name}"));
        assert_eq!(
            (&found["state"], &found["into"]),
            (&"converted".into(), &format!("old/{name}.new").into())
        );
        let manifest = |name: &str| Manifest::of(&old.join(name)).unwrap();
        let (before, after) = (manifest(name), manifest(&format!("{name}.new")));
        assert_eq!(
            (before.hash(), before.is_sealed(), after.is_sealed()),
            (after.hash(), false, true),
            "{name}"
        );
    }
    let again = json(dir.path(), &["migrate", "old/world", "old/world.new"]);
    assert_eq!(row(&again, "old/world")["state"], "converted", "it is there already");
    assert_eq!(row(&again, "old/world.new")["state"], "current");
    // What was converted works with what was not.
    json(
        dir.path(),
        &[
            "eval",
            "--policy",
            "old/policy.new",
            "--data",
            "old/data.new",
            "--world",
            "old/world",
            "--users",
            "2",
        ],
    );
    let text = String::from_utf8(ilrec(dir.path(), &["migrate", "old/demos"]).stdout).unwrap();
    assert!(text.contains("demos  1, unsealed  converted"), "{text}");
    assert!(text.contains("converted into old/demos.new"), "{text}");
}

#[test]
fn nothing_is_overwritten() {
    let dir = scratch();
    let old = goldens(dir.path());
    std::fs::create_dir(old.join("data.new")).unwrap();
    std::fs::write(old.join("data.new/cat.png"), b"x").unwrap();
    let text = fails(dir.path(), &["migrate", "old/data"], 2);
    assert!(text.contains("something stands there") && text.contains("--out"), "{text}");
    let made = json(dir.path(), &["migrate", "old/data", "--out", "elsewhere"]);
    assert_eq!(row(&made, "old/data")["into"], "elsewhere");
    assert_eq!(Manifest::of(&dir.path().join("elsewhere")).unwrap().kind, Kind::Dataset);
    assert!(old.join("data.new/cat.png").exists());
}

#[test]
fn what_others_wrote_is_passed_over_and_a_directory_may_be_where_one_stands() {
    let dir = scratch();
    let old = goldens(dir.path());
    let page = dir.path().join("page");
    std::fs::create_dir(&page).unwrap();
    std::fs::write(page.join("manifest.json"), r#"{ "name": "a page", "icons": [] }"#).unwrap();
    std::fs::rename(old.join("data"), page.join("data")).unwrap();
    let found = json(dir.path(), &["migrate", "page", "--recursive", "--check"]);
    assert_eq!(found["findings"].as_array().unwrap().len(), 1, "{found:#}");
    assert_eq!(row(&found, "page/data")["kind"], "dataset", "ours below theirs is found");
    json(&page.join("data"), &["migrate", "."]);
    assert!(page.join("data.new").is_dir() && !page.join("data/.new").exists(), "beside, not inside");
}

/// Rewrites a golden's manifest.
fn change(directory: &Path, change: impl FnOnce(&mut Value)) {
    let path = directory.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).expect(DISK)).expect("it is JSON");
    change(&mut manifest);
    std::fs::write(path, manifest.to_string()).expect(DISK);
}

#[test]
fn what_cannot_be_used_is_refused_with_the_command_that_makes_it_anew() {
    let dir = scratch();
    let old = goldens(dir.path());
    for name in ["world", "policy"] {
        change(&old.join(name), |manifest| manifest["format_version"] = 9.into());
    }
    std::fs::write(old.join("demos/demonstrations.jsonl.gz"), b"torn").unwrap();
    std::fs::write(old.join("store.sqlite"), b"SQLite format 3\0and no more").unwrap();
    std::fs::create_dir(old.join("run")).unwrap();
    std::fs::write(old.join("run/stages.json"), b"{").unwrap();
    copy(&old.join("evaluation"), &old.join("run/evaluation"));
    change(&old.join("run/evaluation"), |manifest| manifest["kind"] = "estimate".into());
    let output = ilrec(dir.path(), &["migrate", "old", "--recursive", "--check", "--json"]);
    assert_eq!(output.status.code(), Some(2), "something cannot be used");
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (name, why, command) in [
        ("world", "format version 9, this binary reads 1", "ilrec world train --data"),
        ("policy", "format version 9, this binary reads 1", "ilrec train --algo il-rec --data"),
        ("demos", "hash differs", "ilrec demos collect --llm 'builtin:expert?quality=1' --episodes 3 --data"),
        ("store.sqlite", "", "ilrec serve --policy ARTEFACT --store NEW.sqlite"),
        ("run", "stages.json", "ilrec run FILE.toml --out old/run"),
        ("run/evaluation", "manifest is damaged, or of another version", "ilrec run FILE.toml --out old/run"),
    ] {
        let found = row(&seen, &format!("old/{name}"));
        let (said, again) = (found["why"].as_str().unwrap(), found["again"].as_str().unwrap());
        assert_eq!(found["state"], "refused", "{found}");
        assert!(said.contains(why) && again.starts_with(command), "{found}");
    }
    let world = row(&seen, "old/world")["again"].as_str().unwrap();
    assert!(world.contains("old/data") && world.ends_with("--out old/world.new"), "{world}");
    let text = fails_with_table(dir.path(), &["migrate", "old/notes.txt"]);
    assert!(text.contains("ilrec did not write this"), "{text}");
    let text = fails(dir.path(), &["migrate", "nowhere"], 2);
    assert!(text.contains("no such file or directory"), "{text}");
}

/// Runs, expects that something was refused, and gives the table.
fn fails_with_table(dir: &Path, arguments: &[&str]) -> String {
    let output = ilrec(dir, arguments);
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stdout).expect("it is text")
}
