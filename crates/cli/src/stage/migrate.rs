//! What a path of ours holds, and whether this version reads it.

mod again;

use crate::failure::Failure;
use ::data::Dataset;
use ::demonstrations::Demos;
use again::{again, near};
use artefact::{Artefact, Claim, Kind, Manifest, Replace};
use llm::Cassette;
use pipeline::{PolicyDirectory, RunResults, TrainingRecord};
use serde::Serialize;
use serde_json::Value;
use serving::Served;
use std::path::{Path, PathBuf};
use world_model::World;

/// How converted directories are made.
const WAY: &str = "migrate";
const MANIFEST: &str = "manifest.json";
const LEDGER: &str = "stages.json";
const COLLECTION: &str = "run.json";
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Whether this version uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// As this version writes it.
    Current,
    /// It opens as it is, and can be converted.
    Older,
    /// It was converted into a directory beside it.
    Converted,
    /// It cannot be used.
    Refused,
}

impl State {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Older => "opens, older",
            Self::Converted => "converted",
            Self::Refused => "refused",
        }
    }
}

/// One path and what became of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) path: PathBuf,
    /// The word of the kind: `dataset`, `cassette`, `store`, `run`, ...
    pub(crate) kind: String,
    /// Which form of it.
    pub(crate) format: String,
    pub(crate) state: State,
    /// Why it is not current.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// What it was converted into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) into: Option<PathBuf>,
    /// The command that makes it anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) again: Option<String>,
}

impl Finding {
    fn new(path: &Path, kind: &str, format: impl Into<String>, found: Result<(), String>) -> Self {
        let state = if found.is_ok() { State::Current } else { State::Refused };
        Self {
            path: path.to_owned(),
            kind: kind.to_owned(),
            format: format.into(),
            state,
            again: found.is_err().then(|| again(kind, path)).flatten(),
            why: found.err(),
            into: None,
        }
    }
}

/// Everything of ours in a folder, the folder itself included; links are not followed.
///
/// # Errors
/// When a folder cannot be listed.
pub(crate) fn ours_in(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    if is_manifest_of_ours(&path.join(MANIFEST)) || is_file_of_ours(path) {
        found.push(path.to_owned());
        return Ok(found);
    }
    if !path.is_dir() {
        return Ok(found);
    }
    if path.join(LEDGER).is_file() || path.join(COLLECTION).is_file() {
        found.push(path.to_owned());
    }
    let entries = path.read_dir().and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.map_err(|error| Failure::reading(path, &error))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let is_ours = !entry.file_name().to_string_lossy().starts_with(".ilrec-");
        if is_ours && entry.file_type().is_ok_and(|kind| !kind.is_symlink()) {
            found.extend(ours_in(&entry.path())?);
        }
    }
    Ok(found)
}

/// Whether a file says what kind of directory it stands in, as ours do; others have manifests, too.
fn is_manifest_of_ours(path: &Path) -> bool {
    json(path).is_ok_and(|manifest| manifest["kind"].is_string() && manifest["format_version"].is_number())
}

/// Whether a file is a cassette or a store, by its first bytes.
fn is_file_of_ours(path: &Path) -> bool {
    let first = first_bytes(path);
    first.starts_with(SQLITE) || first.starts_with(b"{\"capabilities\":")
}

fn first_bytes(path: &Path) -> Vec<u8> {
    use std::io::Read as _;
    let mut first = Vec::new();
    let is_file = std::fs::symlink_metadata(path).is_ok_and(|file| file.is_file());
    let read = is_file.then(|| std::fs::File::open(path)?.take(72).read_to_end(&mut first));
    if read.is_some_and(|read| read.is_err()) {
        first.clear();
    }
    first
}

/// Recognises what is there and opens it. Nothing is changed.
pub(crate) fn look(path: &Path) -> Finding {
    if path.join(MANIFEST).is_file() {
        return directory(path);
    }
    if path.join(LEDGER).is_file() {
        return Finding::new(path, "run", "1", run(path));
    }
    if path.join(COLLECTION).is_file() {
        return Finding::new(path, "collection", "1", json(&path.join(COLLECTION)).map(drop));
    }
    let first = first_bytes(path);
    // Cassettes carry a mark of their own in the file's header, stores one that is drawn.
    let is_cassette = first.get(68..72) == Some(b"ilrc") || !first.starts_with(SQLITE);
    if is_file_of_ours(path) && is_cassette {
        let format = if first.starts_with(SQLITE) { "SQLite" } else { "lines" };
        return Finding::new(path, "cassette", format, opened(Cassette::open_to_read(path)));
    }
    if first.starts_with(SQLITE) {
        let at = server::StoreAt::File(path.to_owned());
        return Finding::new(path, "store", "SQLite", opened(server::store::for_each(&at, |_| {})));
    }
    Finding::new(path, "-", "-", Err("ilrec did not write this, or a part of it is missing".to_owned()))
}

fn opened<T>(result: Result<T, impl std::fmt::Display>) -> Result<(), String> {
    result.map(drop).map_err(|error| error.to_string())
}

fn json(path: &Path) -> Result<Value, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))
}

/// A run: its ledger, and its results where it has any. Its stages are directories of their own.
fn run(path: &Path) -> Result<(), String> {
    json(&path.join(LEDGER))?;
    let results = path.join("results.json");
    if results.is_file() {
        serde_json::from_value::<RunResults>(json(&results)?).map_err(|e| format!("results.json: {e}"))?;
    }
    Ok(())
}

/// A sealed directory of any kind.
fn directory(path: &Path) -> Finding {
    let said = json(&path.join(MANIFEST)).unwrap_or_default();
    let format = said["format_version"].to_string();
    let Some(manifest) = Manifest::of(path) else {
        let kind = said["kind"].as_str().unwrap_or("-");
        let why = "its manifest is damaged, or of another version of ilrec".to_owned();
        return Finding::new(path, kind, format, Err(why));
    };
    let found = match manifest.kind {
        Kind::Dataset => opened(Dataset::open(path)),
        Kind::World => opened(World::open(path)),
        Kind::Demos => opened(Demos::open(path)),
        Kind::Policy => policy(path, &manifest),
        Kind::Evaluation => opened(Artefact::open(Kind::Evaluation, path)),
        Kind::Served => opened(Served::open(path)),
    };
    let finding = Finding::new(path, manifest.kind.word(), format, found);
    if finding.state == State::Current && !manifest.is_sealed() {
        let why = Some("its manifest has no seal: a change of its settings would not be noticed".to_owned());
        return Finding {
            state: State::Older,
            format: format!("{}, unsealed", finding.format),
            why,
            ..finding
        };
    }
    finding
}

/// A policy acts with its catalogue alone. Where that is not near, the hashes and the record are what can be looked at.
fn policy(path: &Path, manifest: &Manifest) -> Result<(), String> {
    let dataset = manifest.inputs.get("dataset").and_then(|hash| near(path, Kind::Dataset, hash));
    if let Some(dataset) = dataset {
        let dataset = Dataset::open(&dataset).map_err(|error| error.to_string())?.0;
        return opened(PolicyDirectory::open(path, &dataset.catalogue));
    }
    let artefact = Artefact::open(Kind::Policy, path).map_err(|error| error.to_string())?;
    opened(artefact.read_json::<TrainingRecord>("training.json"))
}

/// Writes the files of an older directory anew, as this version does; the directory itself stays as it is.
///
/// # Errors
/// When something else stands at the target, or the disk refuses.
pub(crate) fn convert(finding: &mut Finding, target: &Path) -> Result<(), Failure> {
    let Some(manifest) = Manifest::of(&finding.path) else { return Ok(()) };
    let artefact = Artefact::open(manifest.kind, &finding.path)?;
    let is_done =
        Manifest::of(target).is_some_and(|there| there.is_sealed() && there.hash() == manifest.hash());
    if !is_done {
        if target.exists() {
            return Err(Failure::input(format!("something stands there: {}", target.display()))
                .hint("nothing is overwritten: name another place with --out"));
        }
        artefact.renew(&Claim::on(target, manifest.kind, WAY, Replace::Cheap)?)?;
    }
    (finding.state, finding.into) = (State::Converted, Some(target.to_owned()));
    Ok(())
}
