//! The directory of a run: one sealed file per finished batch, so that a run that was stopped goes on.

use crate::identity::differences;
use crate::play::Batch;
use crate::{AgentError, Collection};
use artefact::replace_file;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};

const IDENTITY: &str = "run.json";
/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// The directory of one run.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    identity: String,
}

/// What tells runs apart, and how people would.
#[derive(Serialize, Deserialize)]
struct Identity {
    run: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    described: Value,
}

/// A file of a batch: torn or changed ones do not match their seal.
#[derive(Serialize, Deserialize)]
struct Sealed {
    run: String,
    number: usize,
    hash: String,
    batch: Batch,
}

impl Journal {
    /// Opens the directory of a run, or begins one. `identity` says everything that makes two runs the same.
    ///
    /// # Errors
    /// When it holds another run, or the disk refuses.
    pub fn open(folder: &Path, identity: &str) -> Result<Self, AgentError> {
        Self::open_as(folder, identity, &Value::Null)
    }

    /// Opens the directory of this collection's run, or begins one. `inputs` are the hashes of data and world.
    ///
    /// # Errors
    /// As [`Journal::open`]; another run says in what it differs.
    pub fn of(folder: &Path, collection: &Collection<'_>, inputs: &[&str]) -> Result<Self, AgentError> {
        Self::open_as(folder, &collection.identity(inputs), &collection.described(inputs))
    }

    fn open_as(folder: &Path, identity: &str, described: &Value) -> Result<Self, AgentError> {
        let journal = Self { folder: folder.to_owned(), identity: identity.to_owned() };
        let path = folder.join(IDENTITY);
        if path.exists() {
            let bytes = read(&path)?;
            let found = serde_json::from_slice::<Identity>(&bytes).ok();
            let is_this = found.as_ref().is_some_and(|found| found.run == identity);
            if !is_this {
                let then = found.map_or(Value::Null, |found| found.described);
                let is_known = !then.is_null() && !described.is_null();
                let differs = if is_known { differences(&then, described) } else { Vec::new() };
                return Err(AgentError::OtherRun { path: folder.to_owned(), differs });
            }
            return Ok(journal);
        }
        let bytes =
            serde_json::to_vec_pretty(&Identity { run: identity.to_owned(), described: described.clone() });
        replace_file(&path, &bytes.expect("plain data"))?;
        Ok(journal)
    }

    /// Opens the directory of a run if this run was begun there; writes nothing.
    pub fn begun(folder: &Path, identity: &str) -> Option<Self> {
        let found: Identity = serde_json::from_slice(&read(&folder.join(IDENTITY)).ok()?).ok()?;
        (found.run == identity).then(|| Self { folder: folder.to_owned(), identity: identity.to_owned() })
    }

    /// The directory.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn file(&self, number: usize) -> PathBuf {
        self.folder.join(format!("batch-{number:05}.json"))
    }

    /// A finished batch of `n_sessions`, if it is there, whole, and of this run.
    pub(crate) fn batch(&self, number: usize, n_sessions: usize) -> Option<Batch> {
        let sealed: Sealed = serde_json::from_slice(&read(&self.file(number)).ok()?).ok()?;
        let is_ours = sealed.run == self.identity && sealed.number == number;
        let is_whole = sealed.hash == hash(&sealed.batch) && sealed.batch.finished.len() == n_sessions;
        (is_ours && is_whole).then_some(sealed.batch)
    }

    /// Writes a finished batch, aside and renamed.
    pub(crate) fn seal(&self, number: usize, batch: &Batch) -> Result<(), AgentError> {
        let sealed = Sealed { run: self.identity.clone(), number, hash: hash(batch), batch: batch.clone() };
        let bytes = serde_json::to_vec(&sealed).expect("plain data");
        Ok(replace_file(&self.file(number), &bytes)?)
    }
}

fn hash(batch: &Batch) -> String {
    let bytes = serde_json::to_vec(batch).expect("plain data");
    blake3::hash(&bytes).to_hex()[..32].to_owned()
}

fn read(path: &Path) -> Result<Vec<u8>, AgentError> {
    let io = |source| AgentError::Io { action: "read", path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(io)?.len() > MAX_BYTES {
        return Err(io(std::io::Error::other(format!("larger than {MAX_BYTES} bytes"))));
    }
    std::fs::read(path).map_err(io)
}
