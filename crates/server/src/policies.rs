//! The policy that serves now, and the one before it.

use serving::{Served, ServingError};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// The policy in place. Requests hold on to the one they began with, so a swap drops none.
#[derive(Debug)]
pub(crate) struct Policies {
    inner: RwLock<Pair>,
}

#[derive(Clone, Debug)]
struct Pair {
    current: Arc<Served>,
    previous: Option<Arc<Served>>,
}

impl Policies {
    pub(crate) fn new(first: Served) -> Self {
        Self { inner: RwLock::new(Pair { current: Arc::new(first), previous: None }) }
    }

    /// The one that serves now.
    pub(crate) fn current(&self) -> Arc<Served> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).current.clone()
    }

    /// The one that [`Policies::roll_back`] would bring back.
    pub(crate) fn previous(&self) -> Option<Arc<Served>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).previous.clone()
    }

    /// Opens an artefact beside the present one: hashes and self-test first, then the swap.
    ///
    /// # Errors
    /// When it is refused; the present one goes on.
    pub(crate) fn load(&self, path: &Path) -> Result<Arc<Served>, ServingError> {
        let next = Arc::new(Served::open(path)?);
        let mut pair = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        pair.previous = Some(std::mem::replace(&mut pair.current, next.clone()));
        Ok(next)
    }

    /// Swaps back; `None` where there is nothing to go back to.
    pub(crate) fn roll_back(&self) -> Option<Arc<Served>> {
        let mut pair = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let previous = pair.previous.take()?;
        pair.previous = Some(std::mem::replace(&mut pair.current, previous));
        Some(pair.current.clone())
    }
}
