//! Items that cannot be had at the moment: told by the administrator, kept in the store, in no slate.

use crate::store::{Event, Record, Store, StoreError};
use mdp::ItemIdx;
use serving::Served;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

/// What is unavailable now.
#[derive(Debug, Default)]
pub(crate) struct Availability {
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    ids: BTreeSet<String>,
    n_events: usize,
    /// As rows of a policy's catalogue, by the policy's hash.
    rows: HashMap<String, Arc<Vec<ItemIdx>>>,
}

/// Where the changes stand in the store: a place that no session's id can be.
pub(crate) const PLACE: &str = "availability";

impl Availability {
    /// Reads what the store says.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(store: &dyn Store, until: Instant) -> Result<Self, StoreError> {
        let availability = Self::default();
        availability.apply(&store.session(PLACE, until)?);
        Ok(availability)
    }

    /// Reads again where another replica may have changed something. Changes are never taken back: where the store has fewer
    /// than are known here, it has lost some, and what is known stays.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn refresh(&self, store: &dyn Store, until: Instant) -> Result<(), StoreError> {
        let known = self.inner.read().unwrap_or_else(PoisonError::into_inner).n_events;
        let length = store.length(PLACE, until)?;
        if length == known {
            return Ok(());
        }
        if length < known {
            return Err(StoreError::Failed(format!(
                "of {known} changes of what can be had, {length} are left in it"
            )));
        }
        let fresh = Self::read(store, until)?.inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.inner.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Takes in changes that are kept.
    pub(crate) fn apply(&self, records: &[Record]) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            inner.n_events += 1;
            if let Event::Availability { withdrawn, restored } = &record.event {
                inner.ids.extend(withdrawn.iter().cloned());
                for id in restored {
                    inner.ids.remove(id);
                }
            }
        }
        inner.rows.clear();
    }

    /// Ids in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).ids.iter().cloned().collect()
    }

    /// Whether an item can be had.
    pub(crate) fn has(&self, id: &str) -> bool {
        !self.inner.read().unwrap_or_else(PoisonError::into_inner).ids.contains(id)
    }

    /// How many are unavailable.
    pub(crate) fn n_unavailable(&self) -> usize {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).ids.len()
    }

    /// Rows of a policy's catalogue.
    pub(crate) fn rows(&self, served: &Served) -> Arc<Vec<ItemIdx>> {
        let known = {
            let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
            if inner.ids.is_empty() {
                return Arc::default();
            }
            inner.rows.get(served.hash()).cloned()
        };
        known.unwrap_or_else(|| self.fill(served))
    }

    fn fill(&self, served: &Served) -> Arc<Vec<ItemIdx>> {
        const MOST_POLICIES: usize = 8;
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.rows.len() >= MOST_POLICIES {
            inner.rows.clear();
        }
        let rows: Arc<Vec<ItemIdx>> =
            Arc::new(inner.ids.iter().filter_map(|id| served.catalogue().find(id)).collect());
        inner.rows.insert(served.hash().to_owned(), rows.clone());
        rows
    }
}
