//! Whether the store worked when it was last tried.

use crate::store::StoreError;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the last trial said.
#[derive(Debug, Default)]
pub(crate) struct Health {
    trouble: Mutex<Option<String>>,
}

impl Health {
    /// Takes in the outcome of a trial.
    pub(crate) fn find(&self, outcome: Result<(), StoreError>) {
        let found = outcome.err().map(|error| error.to_string());
        let mut trouble = self.locked();
        match (&*trouble, &found) {
            (None, Some(why)) => tracing::error!("not ready: {why}"),
            (Some(_), None) => tracing::info!("ready again"),
            _ => {}
        }
        *trouble = found;
    }

    /// Whether it went well.
    pub(crate) fn is_good(&self) -> bool {
        self.locked().is_none()
    }

    fn locked(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
