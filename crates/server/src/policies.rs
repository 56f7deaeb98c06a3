//! The policy that serves now, the one before it, and the one on trial.

use crate::experiment::{Assigned, Experiment, Trial};
use serving::{Served, ServingError};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// The policy in place. Requests hold on to the one they began with, so a swap drops none.
#[derive(Debug)]
pub(crate) struct Policies {
    inner: RwLock<Loaded>,
}

#[derive(Clone, Debug)]
struct Loaded {
    current: Arc<Served>,
    previous: Option<Arc<Served>>,
    experiment: Option<Experiment>,
}

impl Policies {
    pub(crate) fn new(first: Served) -> Self {
        let (current, previous, experiment) = (Arc::new(first), None, None);
        Self { inner: RwLock::new(Loaded { current, previous, experiment }) }
    }

    /// The one that serves now.
    pub(crate) fn current(&self) -> Arc<Served> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).current.clone()
    }

    /// Who can answer now: the one that serves and the one on trial.
    pub(crate) fn answering(&self) -> Vec<Arc<Served>> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let challenger = inner.experiment.as_ref().map(|experiment| experiment.challenger.clone());
        std::iter::once(inner.current.clone()).chain(challenger).collect()
    }

    /// The one that [`Policies::roll_back`] would bring back.
    pub(crate) fn previous(&self) -> Option<Arc<Served>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).previous.clone()
    }

    /// Who answers whoever is called `key`.
    pub(crate) fn assigned(&self, key: &str) -> Assigned {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let champion = inner.current.clone();
        match &inner.experiment {
            None => Assigned { served: champion, arm: None, shadow: None },
            Some(experiment) => experiment.assign(champion, key),
        }
    }

    /// Opens an artefact beside the present one: hashes and self-test first, then the swap.
    ///
    /// # Errors
    /// When it is refused; the present one goes on.
    pub(crate) fn load(&self, path: &Path) -> Result<Arc<Served>, ServingError> {
        Ok(self.put(Served::open(path)?))
    }

    /// Puts a policy in place of the present one. What serves already stays, so that a request that is sent again does not
    /// take the way back.
    pub(crate) fn put(&self, next: Served) -> Arc<Served> {
        let next = Arc::new(next);
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.current.hash() == next.hash() {
            return inner.current.clone();
        }
        inner.previous = Some(std::mem::replace(&mut inner.current, next.clone()));
        next
    }

    /// Swaps back; `None` where there is nothing to go back to.
    pub(crate) fn roll_back(&self) -> Option<Arc<Served>> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let previous = inner.previous.take()?;
        inner.previous = Some(std::mem::replace(&mut inner.current, previous));
        Some(inner.current.clone())
    }

    /// Opens a challenger and puts it on trial, in place of another one.
    ///
    /// # Errors
    /// When its artefact is refused; everything goes on as it was.
    pub(crate) fn try_out(&self, trial: Trial) -> Result<(), ServingError> {
        let challenger = Arc::new(Served::open(&trial.path)?);
        let salt = trial.salt.unwrap_or_else(|| challenger.hash().to_owned());
        let experiment = Experiment { challenger, mode: trial.mode, share: trial.share, salt };
        self.inner.write().unwrap_or_else(PoisonError::into_inner).experiment = Some(experiment);
        Ok(())
    }

    /// The trial that runs.
    pub(crate) fn experiment(&self) -> Option<Experiment> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).experiment.clone()
    }

    /// Ends the trial; the champion answers everybody. `None` where there is none.
    pub(crate) fn end_trial(&self) -> Option<Experiment> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner).experiment.take()
    }
}
