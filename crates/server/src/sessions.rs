//! Sessions by id: the recent ones in memory, the others built again from the store.

use crate::live::Live;
use crate::problem::Problem;
use crate::store::{Store, StoreError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The sessions in memory. One request at a time works on a session; those of different sessions do not meet.
#[derive(Debug)]
pub(crate) struct Sessions {
    most: usize,
    inner: Lock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    clock: u64,
    by_id: HashMap<String, (u64, Arc<Mutex<Live>>)>,
}

impl Sessions {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, inner: Lock::default() }
    }

    /// How many are in memory.
    pub(crate) fn len(&self) -> usize {
        self.locked().by_id.len()
    }

    /// The session, for one request alone.
    ///
    /// # Errors
    /// When there is none of this id, or the store cannot be read.
    pub(crate) async fn get(
        &self,
        store: &Arc<dyn Store>,
        id: &str,
    ) -> Result<OwnedMutexGuard<Live>, Problem> {
        let known = self.touch(id);
        let Some(known) = known else {
            let shared = self.insert(id, read(store, id).await?);
            return Ok(shared.lock_owned().await);
        };
        let mut live = known.lock_owned().await;
        if store.is_shared() {
            let (other, key) = (store.clone(), id.to_owned());
            let length = blocking(move || other.length(&key)).await?;
            if length != live.n_events {
                *live = read(store, id).await?;
            }
        }
        Ok(live)
    }

    /// Puts a session in unless another request was faster; the least recently used one that nobody works on goes.
    pub(crate) fn insert(&self, id: &str, live: Live) -> Arc<Mutex<Live>> {
        let mut inner = self.locked();
        if inner.by_id.len() >= self.most {
            let idle = inner.by_id.iter().filter(|(_, (_, shared))| Arc::strong_count(shared) == 1);
            if let Some(oldest) = idle.min_by_key(|(_, (used, _))| *used).map(|(id, _)| id.clone()) {
                inner.by_id.remove(&oldest);
            }
        }
        inner.clock += 1;
        let clock = inner.clock;
        let entry = inner.by_id.entry(id.to_owned());
        entry.or_insert_with(|| (clock, Arc::new(Mutex::new(live)))).1.clone()
    }

    /// Forgets the states of sessions that nobody works on, so that they keep no policy alive that serves no longer.
    pub(crate) fn unbind(&self) {
        let inner = self.locked();
        for (_, shared) in inner.by_id.values() {
            if let Ok(mut live) = shared.try_lock() {
                live.unbind();
            }
        }
    }

    fn touch(&self, id: &str) -> Option<Arc<Mutex<Live>>> {
        let mut inner = self.locked();
        inner.clock += 1;
        let clock = inner.clock;
        let (used, shared) = inner.by_id.get_mut(id)?;
        *used = clock;
        Some(shared.clone())
    }

    fn locked(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lives through a session again.
async fn read(store: &Arc<dyn Store>, id: &str) -> Result<Live, Problem> {
    let (store, key) = (store.clone(), id.to_owned());
    let records = blocking(move || store.session(&key)).await?;
    Live::replayed(&records).ok_or_else(|| Problem::absent(format!("there is no session `{id}`")))
}

/// Waits for the store without holding up other requests.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let outcome = tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(&error))?;
    outcome.map_err(|error| Problem::store(&error))
}
