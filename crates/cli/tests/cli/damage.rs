//! Directories that somebody changed: an error or the same as before, never a panic.

use crate::program::{domain, json, scratch};
use algorithms::RankerPolicy;
use artefact::{Artefact, Draft, Kind, Tensors};
use data::Dataset;
use demonstrations::Demos;
use mdp::{ItemIdx, UserIdx};
use std::ops::Range;
use std::path::Path;
use world_model::World;

/// A way to open a directory and to use a little of what is in it.
type Open = fn(&Path) -> Result<(), String>;

fn open_data(path: &Path) -> Result<(), String> {
    let (dataset, _) = Dataset::open(path).map_err(|e| e.to_string())?;
    data::describe(&dataset);
    Ok(())
}

fn open_world(path: &Path) -> Result<(), String> {
    let (world, _) = World::open(path).map_err(|e| e.to_string())?;
    let (user, item) = (UserIdx(world.n_users() as u32 - 1), ItemIdx(world.n_items() as u32 - 1));
    world.train_truth().reward(user, item);
    world.judge_truth().reward(user, item);
    Ok(())
}

fn open_demos(path: &Path) -> Result<(), String> {
    let (demos, _) = Demos::open(path).map_err(|e| e.to_string())?;
    demonstrations::describe(&demos);
    Ok(())
}

fn open_policy(path: &Path) -> Result<(), String> {
    let (dataset, _) = Dataset::open(&domain().join("data")).map_err(|e| e.to_string())?;
    let artefact = Artefact::open(Kind::Policy, path).map_err(|e| e.to_string())?;
    artefact.read_json::<serde_json::Value>("training.json").map_err(|e| e.to_string())?;
    let tensors = Tensors::load(&artefact, "policy.safetensors").map_err(|e| e.to_string())?;
    RankerPolicy::from_tensors(tensors, &dataset.catalogue).map(drop).map_err(|e| e.to_string())
}

/// The directory with one file's bytes replaced and, unless the manifest itself was, with a manifest that fits.
fn forged(original: &Artefact, (name, bytes): (&str, &[u8]), copy: &Path) {
    const DISK: &str = "the scratch directory can be written and read";
    let manifest = original.manifest();
    // What was forged before may not look like ours any more.
    let _ = std::fs::remove_dir_all(copy);
    let mut draft = Draft::new(manifest.kind, copy, manifest.seed, manifest.config.clone())
        .expect("the scratch directory can be written and read");
    manifest.inputs.iter().for_each(|(input, hash)| draft.input(input, hash));
    for file in manifest.files.keys().chain(manifest.beside.keys()) {
        let own = original.read(file).expect(DISK);
        let bytes = if file == name { bytes } else { &own };
        match manifest.beside.contains_key(file) {
            true => draft.write_beside(file, bytes).expect(DISK),
            false => draft.write(file, bytes).expect(DISK),
        }
    }
    draft.seal().expect("the scratch directory can be written and read");
    if name == "manifest.json" {
        std::fs::write(copy.join(name), bytes).expect("the scratch directory can be written and read");
    }
}

/// Places in a file to change: all of its beginning, where headers are, and some of the rest.
fn places(length: usize) -> impl Iterator<Item = usize> {
    let begin = length.min(24);
    (0..begin).chain((begin..length).step_by((length / 40).max(1)))
}

/// The numbers in a text, at most forty of them.
fn numbers(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let length = text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length > 0 {
            found.push(at..at + length);
        }
        at += length.max(1);
    }
    let step = (found.len() / 40).max(1);
    found.into_iter().step_by(step).collect()
}

/// What a policy's directory keeps of its training and nobody opens to act.
const UNREAD: [&str; 4] = ["checkpoint", "cost.json", "demonstrations.json", "metrics.jsonl"];

/// Every file of the directory, damaged in every way. `kind` says what it should be.
fn survives(original: &Path, kind: Kind, open: Open) {
    let own = scratch();
    let copy = own.path().join("copy");
    let artefact = Artefact::open(kind, original).expect("the scratch directory can be written and read");
    open(original).expect("the scratch directory can be written and read");
    let manifest = artefact.manifest();
    let names = manifest.files.keys().chain(manifest.beside.keys()).map(String::as_str);
    for name in names.chain(["manifest.json"]) {
        let whole =
            std::fs::read(artefact.path().join(name)).expect("the scratch directory can be written and read");
        for at in places(whole.len()) {
            let mut changed = whole.clone();
            changed[at] ^= 0x41;
            forged(&artefact, (name, &changed), &copy);
            if name == "manifest.json" {
                assert!(open(&copy).is_err(), "{name}, byte {at}: the seal does not fit");
            } else {
                let _ = open(&copy);
                forged(&artefact, (name, &whole), &copy);
                std::fs::write(copy.join(name), &changed)
                    .expect("the scratch directory can be written and read");
                assert!(open(&copy).is_err(), "{name}, byte {at}: the hash does not fit");
            }
        }
        for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
            forged(&artefact, (name, &whole[..cut]), &copy);
            assert!(open(&copy).is_err() || UNREAD.contains(&name), "{name} cut at {cut}");
        }
        for number in numbers(&whole).into_iter().filter(|_| name.ends_with(".json")) {
            let huge = [&whole[..number.start], b"4294967295", &whole[number.end..]].concat();
            forged(&artefact, (name, &huge), &copy);
            let _ = open(&copy);
        }
    }
}

#[test]
fn a_damaged_dataset_is_an_error() {
    survives(&domain().join("data"), Kind::Dataset, open_data);
}

#[test]
fn a_damaged_world_is_an_error() {
    survives(&domain().join("world"), Kind::World, open_world);
}

#[test]
fn damaged_demonstrations_are_an_error() {
    survives(&domain().join("demos"), Kind::Demos, open_demos);
}

#[test]
fn a_damaged_policy_is_an_error() {
    let own = scratch();
    let out = own.path().join("policy");
    let line = ["train", "--data", "data", "--world", "world", "--demos", "demos", "--config", "train.toml"];
    json(
        domain(),
        &[&line[..], &["--set", "training.n_env_steps=512", "--out", out.to_str().unwrap()]].concat(),
    );
    survives(&out, Kind::Policy, open_policy);
}
