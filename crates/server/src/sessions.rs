//! Sessions by id: the recent ones in memory, the others built again from the store.

use crate::live_session::LiveSession;
use crate::problem::Problem;
use crate::store::Store;
use crate::store_reader::StoreReader;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The sessions in memory. One request at a time works on a session; those of different sessions do not meet.
#[derive(Debug)]
pub(crate) struct Sessions {
    most: usize,
    most_bytes: usize,
    /// Bytes of all that are in memory, about.
    bytes: Arc<AtomicUsize>,
    inner: Lock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    clock: u64,
    by_id: HashMap<String, (u64, Arc<Mutex<LiveSession>>)>,
}

impl Sessions {
    /// So many, and so many bytes, before some have to go.
    pub(crate) fn new(most: usize, most_bytes: usize) -> Self {
        Self { most, most_bytes, bytes: Arc::default(), inner: Lock::default() }
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
        reading: &StoreReader,
        id: &str,
    ) -> Result<OwnedMutexGuard<LiveSession>, Problem> {
        let mut live = match self.touch(id) {
            None => self.insert(id, read(reading, id).await?).lock_owned().await,
            Some(known) => known.lock_owned().await,
        };
        if reading.is_shared() {
            let key = id.to_owned();
            let length = reading.run(move |store, until| store.length(&key, until)).await?;
            if length != live.n_events {
                *live = read(reading, id).await?;
                live.weight.join(&self.bytes);
            }
        }
        if live.is_buried() { Err(absent(id)) } else { Ok(live) }
    }

    /// Takes sessions that are about to be forgotten out of everybody's hands, and says which: one that somebody works on is
    /// in use. In their place stands that they are gone, for requests that read them just before.
    pub(crate) fn bury(&self, ids: &[String]) -> Vec<String> {
        let mut inner = self.locked();
        let mut buried = Vec::with_capacity(ids.len());
        for id in ids {
            match inner.by_id.get(id) {
                Some((_, shared)) => {
                    let Ok(mut live) = shared.try_lock() else { continue };
                    *live = LiveSession::buried();
                }
                None => {
                    // Never used, so the first to make room for others.
                    inner.by_id.insert(id.clone(), (0, Arc::new(Mutex::new(LiveSession::buried()))));
                }
            }
            buried.push(id.clone());
        }
        while inner.by_id.len() > self.most {
            let oldest = inner.by_id.iter().min_by_key(|(_, (used, _))| *used);
            let Some((id, (0, _))) = oldest else { break };
            let id = id.clone();
            inner.by_id.remove(&id);
        }
        buried
    }

    /// Puts a session in unless another request was faster; the least recently used ones that nobody works on go.
    pub(crate) fn insert(&self, id: &str, mut live: LiveSession) -> Arc<Mutex<LiveSession>> {
        let mut inner = self.locked();
        live.weight.join(&self.bytes);
        self.make_room(&mut inner, self.most.saturating_sub(1));
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

    fn touch(&self, id: &str) -> Option<Arc<Mutex<LiveSession>>> {
        let mut inner = self.locked();
        inner.clock += 1;
        let clock = inner.clock;
        let (used, shared) = inner.by_id.get_mut(id)?;
        *used = clock;
        let shared = shared.clone();
        // Those that are there grow, too.
        self.make_room(&mut inner, self.most);
        Some(shared)
    }

    /// Takes out the least recently used ones that nobody works on, until no more are there than that, nor too many bytes.
    fn make_room(&self, inner: &mut Inner, most: usize) {
        while inner.by_id.len() > most || self.bytes.load(Ordering::Relaxed) > self.most_bytes {
            let idle = inner.by_id.iter().filter(|(_, (_, shared))| Arc::strong_count(shared) == 1);
            let oldest = idle.min_by_key(|(_, (used, _))| *used).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { break };
            inner.by_id.remove(&oldest);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lives through a session again, where no other request is held up by it.
async fn read(reading: &StoreReader, id: &str) -> Result<LiveSession, Problem> {
    let key = id.to_owned();
    let replay = move |store: &dyn Store, until| Ok(LiveSession::replayed(&store.session(&key, until)?));
    reading.run(replay).await?.ok_or_else(|| absent(id))
}

fn absent(id: &str) -> Problem {
    Problem::absent(format!("there is no session `{id}`"))
}
