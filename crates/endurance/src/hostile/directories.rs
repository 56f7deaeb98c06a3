//! Datasets, worlds, demonstrations, policies and artefacts: damaged as they are, or damaged and sealed again.

use super::damage::{damaged, rng};
use super::target::{Target, keys};
use super::watched::harmless;
use super::{Attacked, clear, copied};
use crate::Outcome;
use rand::{Rng, RngExt as _};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const MANIFEST: &str = "manifest.json";

/// The kinds that a command opens.
const KINDS: [&str; 4] = ["data", "world", "demos", "policy"];

/// Every fifth one is an artefact, which a running server is told to serve.
pub(super) fn attack(attacked: &Attacked<'_>) -> Outcome<usize> {
    let n = attacked.n(3600, 60);
    let n_served = n / 5;
    attacked.each(n - n_served, |at| opened(attacked, at))?;
    served(attacked, n_served)?;
    Ok(n)
}

fn opened(attacked: &Attacked<'_>, at: usize) -> Outcome<()> {
    let kind = KINDS[at % KINDS.len()];
    let small = &attacked.small;
    let whole = match kind {
        "data" => &small.data,
        "world" => &small.world,
        "demos" => &small.demos,
        _ => &small.policy,
    };
    let place = attacked.place.join(format!("{kind}-{at}"));
    let what = broken(whole, &place, &mut rng(attacked.seed, kind, at))?;
    let (path, out) = (place.display().to_string(), attacked.place.join(format!("{kind}-{at}-out")));
    let (out_name, data) = (out.display().to_string(), small.data.display().to_string());
    let words: Vec<&str> = match kind {
        "data" => vec!["data", "describe", &path],
        "world" => vec!["world", "check", &path, "--horizon", "3"],
        "demos" => vec!["demos", "describe", &path],
        _ => vec!["export", "--policy", &path, "--data", &data, "--out", &out_name],
    };
    if harmless(attacked, &format!("{kind} {at} ({what})"), &words)? {
        clear(&place);
    }
    clear(&out);
    Ok(())
}

/// A copy in which one file is something else. Returns in words what.
fn broken(whole: &Path, place: &Path, rng: &mut impl Rng) -> Outcome<String> {
    copied(whole, place)?;
    let mut names: Vec<String> = Vec::new();
    for entry in place.read_dir()? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let name = &names[rng.random_range(0..names.len())];
    let file = place.join(name);
    let is_sealed = rng.random_range(0..3) != 0;
    if rng.random_range(0..12) == 0 {
        return Ok(format!("{} for {name}", no_file(&file, rng)?));
    }
    std::fs::write(&file, damaged(std::fs::read(&file)?, rng))?;
    if is_sealed && name != MANIFEST {
        seal(place)?;
    }
    Ok(format!("{name}{}", if is_sealed { ", sealed again" } else { "" }))
}

/// Something in the place of a file that is none.
fn no_file(file: &Path, rng: &mut impl Rng) -> Outcome<&'static str> {
    std::fs::remove_file(file)?;
    match rng.random_range(0..5) {
        0 => {
            Command::new("mkfifo").arg(file).status()?;
            Ok("a pipe")
        }
        1 => {
            std::os::unix::fs::symlink("/dev/zero", file)?;
            Ok("an endless device")
        }
        2 => {
            std::os::unix::fs::symlink(file, file)?;
            Ok("a link to itself")
        }
        3 => {
            std::fs::create_dir(file)?;
            Ok("a directory")
        }
        _ => Ok("nothing"),
    }
}

/// Writes the hashes of the files as they are now into the manifest.
fn seal(place: &Path) -> Outcome<()> {
    let path = place.join(MANIFEST);
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    for list in ["files", "beside"] {
        let Some(files) = manifest.get_mut(list).and_then(Value::as_object_mut) else { continue };
        for (name, hash) in files {
            *hash = json!(blake3::hash(&std::fs::read(place.join(name))?).to_hex().to_string());
        }
    }
    if let Some(sizes) = manifest.get_mut("sizes").and_then(Value::as_object_mut) {
        for (name, size) in sizes {
            *size = json!(place.join(name).metadata()?.len());
        }
    }
    Ok(std::fs::write(&path, signed(manifest)?)?)
}

/// The text of a manifest; where it has a seal, that is the hash of the text with zeros in its place.
pub(super) fn signed(mut manifest: Value) -> Outcome<String> {
    let zeros = "0".repeat(64);
    if manifest.get("seal").is_none() {
        return Ok(serde_json::to_string_pretty(&manifest)?);
    }
    manifest["seal"] = json!(zeros);
    let text = serde_json::to_string_pretty(&manifest)?;
    let seal = blake3::hash(text.as_bytes()).to_hex();
    Ok(text.replacen(&zeros, &seal, 1))
}

/// A server takes each artefact or refuses it, and goes on serving.
fn served(attacked: &Attacked<'_>, n: usize) -> Outcome<()> {
    let keys = keys(&attacked.place)?.display().to_string();
    let target =
        Target::start(attacked, "artefacts", attacked.place.join("artefacts.sqlite"), &["--keys", &keys])?;
    for at in 0..n {
        let place: PathBuf = attacked.place.join(format!("artefact-{at}"));
        let what = broken(&attacked.small.artefact, &place, &mut rng(attacked.seed, "artefact", at))?;
        let load = target.ask("POST", "/admin/policies", &json!({ "path": place }));
        let mut is_harmless = true;
        match load {
            Ok(answer) if answer.status == 200 || answer.status / 100 == 4 => {}
            Ok(answer) => {
                is_harmless = false;
                let said = String::from_utf8_lossy(&answer.body).into_owned();
                target.fault(&format!("artefact {at} ({what}): {} {said}", answer.status));
            }
            Err(error) => return Err(format!("artefact {at} ({what}): {error}").into()),
        }
        for (method, path, body) in [
            ("POST", "/v1/recommend", json!({ "history": ["1"], "k": 20 })),
            ("POST", "/v1/recommend", json!({ "k": 5, "exploration": true })),
            ("GET", "/v1/items?limit=5", Value::Null),
            ("GET", "/", Value::Null),
        ] {
            let answer = target.ask(method, path, &body)?;
            if answer.status >= 500 {
                is_harmless = false;
                target.fault(&format!("artefact {at} ({what}): then {path} answers {}", answer.status));
            }
        }
        if is_harmless {
            clear(&place);
        }
    }
    target.terminate(super::target::PATIENCE)
}
