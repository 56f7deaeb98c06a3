//! The right to write a directory, taken when the work begins: nobody else writes there, and nothing that is lost by it
//! stands there.

use crate::cost::unknown_loss;
use crate::resolve::resolved;
use crate::staging::Staging;
use crate::standing::Standing;
use crate::{ArtefactError, Kind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// What may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// A directory of the same kind that took little: under a minute, no tokens, and demonstrations made the same way.
    Cheap,
    /// A directory of the same kind that took little or was made the same way.
    OwnWay,
    /// Whatever stands there, except what a link leads to and the folder that the command runs in.
    Anything,
}

/// Nobody else writes to a path while this lives. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(Staging);

impl Lock {
    /// Locks where `path` leads. The folders it is in are made, and removed again if nothing came of it.
    ///
    /// # Errors
    /// When somebody else has it, or its parent directory cannot be made or written to.
    pub fn on(path: &Path) -> Result<Self, ArtefactError> {
        let place = resolved(path)?;
        let staging = Staging::begin(&place);
        staging.map(Self).map_err(|error| match error {
            ArtefactError::Busy { .. } => ArtefactError::Busy { path: path.to_owned() },
            other => other,
        })
    }

    pub(crate) fn staging(&self) -> &Staging {
        &self.0
    }
}

/// The right to write one directory. A copy is the same right.
#[derive(Clone, Debug)]
pub struct Claim(Arc<Right>);

#[derive(Debug)]
struct Right {
    /// As it was named.
    path: PathBuf,
    /// Where that leads.
    target: PathBuf,
    kind: Kind,
    way: String,
    replace: Replace,
    started: Instant,
    lock: Lock,
}

impl Claim {
    /// Takes the right to write a directory of `kind` to `path`, or where its links lead. `way` is how it is made, such
    /// as `demos import`.
    ///
    /// # Errors
    /// When another command writes there, when what stands there is not to be replaced, or when the disk refuses.
    pub fn on(path: &Path, kind: Kind, way: &str, replace: Replace) -> Result<Self, ArtefactError> {
        let (lock, target) = (Lock::on(path)?, resolved(path)?);
        let (path, way, started) = (path.to_owned(), way.to_owned(), Instant::now());
        let claim = Self(Arc::new(Right { path, target, kind, way, replace, started, lock }));
        claim.check()?;
        Ok(claim)
    }

    /// The path as it was named.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Whether what stands there might be replaced by a stricter rule than was claimed.
    ///
    /// # Errors
    /// When it might not.
    pub fn may(&self, replace: Replace) -> Result<(), ArtefactError> {
        self.check_by(replace)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    pub(crate) fn way(&self) -> &str {
        &self.0.way
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.0.started.elapsed().as_secs_f64()
    }

    pub(crate) fn staging(&self) -> &Staging {
        self.0.lock.staging()
    }

    /// Whether what stands there may be replaced.
    pub(crate) fn check(&self) -> Result<(), ArtefactError> {
        self.check_by(self.0.replace)
    }

    fn check_by(&self, replace: Replace) -> Result<(), ArtefactError> {
        let Right { target, kind, .. } = &*self.0;
        let standing = Standing::at(target)?;
        if !matches!(standing, Standing::Nothing) && is_in_use(target) {
            return self.refuse("the folder that the command runs in, or one around it".to_owned(), false);
        }
        match standing {
            Standing::Nothing | Standing::Empty => Ok(()),
            Standing::Ours(manifest, spent) if manifest.kind == *kind => {
                let is_own = spent.as_ref().is_none_or(|spent| spent.way == self.0.way);
                let loss = match (replace, spent) {
                    (Replace::Anything, _) => None,
                    (Replace::OwnWay, _) if is_own => None,
                    (_, Some(spent)) => spent.loss(*kind, &self.0.way),
                    (_, None) => unknown_loss(*kind, target),
                };
                loss.map_or(Ok(()), |what| self.refuse(what, true))
            }
            Standing::Ours(manifest, _) => self.refuse_other(manifest.kind.a_directory(), replace),
            Standing::Others(what) => self.refuse_other(what, replace),
            Standing::Special => self.refuse("neither a folder nor a file".to_owned(), false),
        }
    }

    /// What is not of our kind is replaced where that is asked for, and never through a link.
    fn refuse_other(&self, what: String, replace: Replace) -> Result<(), ArtefactError> {
        let is_link = self.0.path.is_symlink();
        match (replace, is_link) {
            (Replace::Anything, false) => Ok(()),
            (_, true) => self.refuse(format!("{what}, behind a link"), false),
            (_, false) => self.refuse(what, true),
        }
    }

    fn refuse(&self, what: String, is_forceable: bool) -> Result<(), ArtefactError> {
        Err(ArtefactError::Occupied { what, is_forceable, path: self.0.path.clone() })
    }
}

/// Whether it is the working directory, the home directory, or around one of them.
fn is_in_use(target: &Path) -> bool {
    let Ok(target) = std::fs::canonicalize(target) else { return false };
    let home = std::env::home_dir().and_then(|home| std::fs::canonicalize(home).ok());
    let here = std::env::current_dir().and_then(std::fs::canonicalize).ok();
    [here, home].into_iter().flatten().any(|used| used.starts_with(&target))
}

/// Where a directory is written: a path that is claimed for the moment, or a claim taken before the work.
#[derive(Clone, Debug)]
pub enum Place<'a> {
    /// A directory of the same kind is replaced there, whatever it cost.
    Path(&'a Path),
    /// As it was claimed.
    Claimed(&'a Claim),
}

impl Place<'_> {
    /// The path as it was named.
    pub fn path(&self) -> &Path {
        match self {
            Self::Path(path) => path,
            Self::Claimed(claim) => claim.path(),
        }
    }

    pub(crate) fn claim(&self, kind: Kind) -> Result<Claim, ArtefactError> {
        match self {
            Self::Path(path) => Claim::on(path, kind, "", Replace::OwnWay),
            Self::Claimed(claim) => Ok((*claim).clone()),
        }
    }
}

impl<'a> From<&'a Path> for Place<'a> {
    fn from(path: &'a Path) -> Self {
        Self::Path(path)
    }
}

impl<'a> From<&'a PathBuf> for Place<'a> {
    fn from(path: &'a PathBuf) -> Self {
        Self::Path(path)
    }
}

impl<'a> From<&'a Claim> for Place<'a> {
    fn from(claim: &'a Claim) -> Self {
        Self::Claimed(claim)
    }
}
