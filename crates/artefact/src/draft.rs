//! Writing a directory aside and renaming it.

use crate::cost::COST;
use crate::manifest::MANIFEST;
use crate::regular::hash_of;
use crate::staging::{Step, Swap, flush};
use crate::{Artefact, ArtefactError, Claim, Kind, Manifest, Place, Spent};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A directory being written beside its final place. Dropped without [`Draft::seal`], it leaves nothing; what a
/// killed writer left is removed by the next one in the same place.
#[derive(Debug)]
pub struct Draft {
    claim: Claim,
    manifest: Manifest,
    beside: BTreeSet<String>,
    spent: Spent,
    /// Whether `cost.json` is written where nobody else did.
    tells_cost: bool,
}

impl Draft {
    /// Starts a directory.
    ///
    /// # Errors
    /// When something stands there that is not to be replaced, somebody else writes there, or the parent directory
    /// cannot be made or written to.
    pub fn new<'a>(
        kind: Kind,
        place: impl Into<Place<'a>>,
        seed: u64,
        config: serde_json::Value,
    ) -> Result<Self, ArtefactError> {
        let claim = place.into().claim(kind)?;
        debug_assert_eq!(claim.kind(), kind, "claims are made for what is written");
        let folder = claim.staging().new_folder();
        std::fs::create_dir(&folder).map_err(ArtefactError::io("create directory", &folder))?;
        let spent = Spent { way: claim.way().to_owned(), ..Spent::default() };
        Ok(Self {
            claim,
            manifest: Manifest::new(kind, seed, config),
            beside: BTreeSet::new(),
            spent,
            tells_cost: true,
        })
    }

    /// Names an artefact this one was made from.
    pub fn input(&mut self, name: &str, hash: &str) {
        self.manifest.inputs.insert(name.to_owned(), hash.to_owned());
    }

    /// Says what it took beyond the time since it was claimed: tokens, and seconds over all interruptions.
    pub fn spent(&mut self, seconds: f64, tokens: u64) {
        self.spent.seconds = self.spent.seconds.max(seconds);
        self.spent.tokens = self.spent.tokens.max(tokens);
    }

    /// Where a file of the directory is to be written now. `name` has no directories in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.claim.staging().new_folder().join(name)
    }

    /// Writes one file.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ArtefactError> {
        let final_place = self.claim.path().join(name);
        std::fs::write(self.file(name), bytes).map_err(ArtefactError::io("write", &final_place))
    }

    /// Writes one file that tells of clocks: it is checked like all others, and no part of the artefact's hash.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_beside(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArtefactError> {
        self.beside.insert(name.to_owned());
        self.write(name, bytes)
    }

    /// Writes one value as indented JSON.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_json(&self, name: &str, value: &impl serde::Serialize) -> Result<(), ArtefactError> {
        self.write(name, &json(value))
    }

    /// The same for a file that tells of clocks.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_json_beside(
        &mut self,
        name: &str,
        value: &impl serde::Serialize,
    ) -> Result<(), ArtefactError> {
        self.write_beside(name, &json(value))
    }

    /// Hashes every file, writes the manifest, flushes, and renames the directory into place, replacing an
    /// artefact that stood there.
    ///
    /// # Errors
    /// When the disk refuses, or something that is not to be replaced came to stand in the way.
    pub fn seal(self) -> Result<Artefact, ArtefactError> {
        self.seal_by(&Swap { may_exchange: true, told: &|_: Step| {} })
    }

    pub(crate) fn seal_by(mut self, swap: &Swap<'_>) -> Result<Artefact, ArtefactError> {
        if self.tells_cost && !self.file(COST).exists() {
            let seconds = self.spent.seconds.max(self.claim.seconds());
            let spent = Spent { seconds, ..self.spent.clone() };
            self.write_json_beside(COST, &spent)?;
        }
        self.hash_files()?;
        let text = self.manifest.sealed();
        self.write(MANIFEST, &text)?;
        let names = self.manifest.files.keys().chain(self.manifest.beside.keys()).map(String::as_str);
        for name in names.chain([MANIFEST]) {
            let path = self.file(name);
            let opened = std::fs::File::open(&path);
            opened.and_then(|file| file.sync_all()).map_err(ArtefactError::io("flush", &path))?;
        }
        flush(&self.claim.staging().new_folder())?;
        self.claim.check()?;
        self.claim.staging().install(swap)?;
        Ok(Artefact::sealed(self.claim.path(), self.manifest.clone()))
    }

    fn hash_files(&mut self) -> Result<(), ArtefactError> {
        let folder = self.claim.staging().new_folder();
        for entry in std::fs::read_dir(&folder).map_err(ArtefactError::io("list", &folder))? {
            let entry = entry.map_err(ArtefactError::io("list", &folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let (hash, size) = hash_of(&entry.path(), None)?;
            self.manifest.sizes.insert(name.clone(), size);
            let hashes = if self.beside.contains(&name) {
                &mut self.manifest.beside
            } else {
                &mut self.manifest.files
            };
            hashes.insert(name, hash);
        }
        Ok(())
    }
}

impl Artefact {
    /// Writes the same files with the same hash to another place, under a manifest as this version writes it. What the work
    /// took is told where the directory tells it; else nobody knows.
    ///
    /// # Errors
    /// When the disk refuses, or a file changes meanwhile.
    pub fn renew<'a>(&self, place: impl Into<Place<'a>>) -> Result<Self, ArtefactError> {
        let old = self.manifest();
        let mut draft = Draft::new(old.kind, place, old.seed, old.config.clone())?;
        draft.tells_cost = false;
        draft.manifest.inputs.clone_from(&old.inputs);
        draft.beside = old.beside.keys().cloned().collect();
        for name in old.files.keys().chain(old.beside.keys()) {
            let from = self.file(name)?;
            std::fs::copy(&from, draft.file(name)).map_err(ArtefactError::io("copy", &from))?;
        }
        let new = draft.seal()?;
        if new.manifest().files != old.files || new.hash() != self.hash() {
            let what = "a file changed while it was copied".to_owned();
            return Err(ArtefactError::Damaged { what, path: self.path().to_owned() });
        }
        Ok(new)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // The claim may live on, for another attempt.
        let _ = std::fs::remove_dir_all(self.claim.staging().new_folder());
    }
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("artefact values are plain data")
}
