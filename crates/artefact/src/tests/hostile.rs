//! Directories that somebody changed: every change is seen, and nothing waits or reads without end.

use super::sample;
use crate::*;
use proptest::prelude::*;
use std::path::Path;

const MANIFEST: &str = "manifest.json";

fn told(dir: &Path, seconds: f64, text: &str) -> Artefact {
    let mut draft = Draft::new(Kind::Policy, dir, 3, serde_json::json!({"a": 0.1})).unwrap();
    draft.input("world", "abc");
    draft.write("weights", b"1").unwrap();
    draft.write_beside("story", text.as_bytes()).unwrap();
    draft.spent(seconds, 0);
    draft.seal().unwrap()
}

#[test]
fn equal_work_has_equal_hashes_whatever_the_clock_said() {
    let dir = tempfile::tempdir().unwrap();
    let one = told(&dir.path().join("one"), 1.0, "took 1 s");
    let two = told(&dir.path().join("two"), 2.0, "took 2 s");
    assert_eq!(one.hash(), two.hash());
    for artefact in [&one, &two] {
        let opened = Artefact::open(Kind::Policy, artefact.path()).unwrap();
        assert_eq!(opened.hash(), artefact.hash());
        assert!(opened.has("story") && opened.has("cost.json") && !opened.has("nothing"));
    }
    let kept = one.manifest().files.keys().collect::<Vec<_>>();
    assert_eq!(kept, ["weights"], "what tells of clocks is beside");
    std::fs::write(two.path().join("story"), "took 3 s").unwrap();
    assert!(Artefact::open(Kind::Policy, two.path()).is_err(), "and is checked all the same");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn every_flipped_bit_of_a_manifest_is_seen(bit in 0..8u32, seed in any::<u64>()) {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("one");
        let config = serde_json::json!({"rate": 0.1, "name": "ä"});
        let mut draft = Draft::new(Kind::Policy, &place, seed, config).unwrap();
        draft.input("world", "abc");
        draft.write("weights", b"1").unwrap();
        draft.seal().unwrap();
        let whole = std::fs::read(place.join(MANIFEST)).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << bit;
            std::fs::write(place.join(MANIFEST), &flipped).unwrap();
            prop_assert!(Artefact::open(Kind::Policy, &place).is_err(), "byte {}, bit {}", at, bit);
        }
        std::fs::write(place.join(MANIFEST), &whole).unwrap();
        prop_assert!(Artefact::open(Kind::Policy, &place).is_ok());
    }
}

/// A manifest as the first versions wrote it.
fn unsealed(place: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let bytes = std::fs::read(place.join(MANIFEST)).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let fields = manifest.as_object_mut().unwrap();
    for name in ["beside", "sizes", "seal"] {
        fields.remove(name);
    }
    change(&mut manifest);
    std::fs::write(place.join(MANIFEST), manifest.to_string()).unwrap();
}

#[test]
fn manifests_without_a_seal_are_still_read() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("old");
    let hash = sample(&place).hash();
    unsealed(&place, |_| {});
    assert_eq!(Artefact::open(Kind::Dataset, &place).unwrap().hash(), hash);
    unsealed(&place, |manifest| manifest["seam"] = "1".into());
    assert!(Artefact::open(Kind::Dataset, &place).is_err(), "a seal that lost its name");
}

#[test]
fn a_directory_without_files_or_with_unnamed_ones_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("one");
    sample(&place);
    unsealed(&place, |manifest| drop(manifest["files"].as_object_mut().unwrap().remove("note.json")));
    let opened = Artefact::open(Kind::Dataset, &place).unwrap();
    assert!(opened.read_json::<Vec<u32>>("note.json").is_err(), "it is there, and nobody vouches for it");
    assert!(opened.file("note.json").is_err() && opened.read("weights.safetensors").is_ok());
    unsealed(&place, |manifest| manifest["files"] = serde_json::json!({}));
    assert!(matches!(Artefact::open(Kind::Dataset, &place), Err(ArtefactError::Damaged { .. })));
}

#[cfg(unix)]
#[test]
fn pipes_devices_and_folders_are_not_waited_for() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let pipe =
        |path: &Path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    let zeros = |path: &Path| symlink("/dev/zero", path).unwrap();
    let folder = |path: &Path| std::fs::create_dir(path).unwrap();
    let nothing = |_: &Path| {};
    type Put<'a> = &'a dyn Fn(&Path);
    let ways: [(&str, Put<'_>); 4] =
        [("pipe", &pipe), ("zeros", &zeros), ("folder", &folder), ("nothing", &nothing)];
    for name in [MANIFEST, "note.json", "cost.json", "weights.safetensors"] {
        for (what, put) in ways {
            let place = dir.path().join(format!("{what}-{name}"));
            sample(&place);
            std::fs::remove_file(place.join(name)).unwrap();
            put(&place.join(name));
            let opened = Artefact::open(Kind::Dataset, &place);
            assert!(
                matches!(opened, Err(ArtefactError::Damaged { .. } | ArtefactError::NotAnArtefact { .. })),
                "{what} as {name}"
            );
            assert!(Manifest::of(&place).is_none() || name != MANIFEST);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_file_of_another_length_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("one");
    sample(&place);
    // A terabyte without a block on the disk would take an hour to hash.
    let file = std::fs::File::options().write(true).open(place.join("note.json")).unwrap();
    file.set_len(1 << 40).unwrap();
    let refused = Artefact::open(Kind::Dataset, &place).unwrap_err().to_string();
    assert!(refused.contains("bytes where there were"), "{refused}");
}
