//! Bytes that all connections together may hold at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many bytes, and how many of them are held.
#[derive(Debug)]
pub(crate) struct Budget {
    most: usize,
    held: AtomicUsize,
}

/// What one of them holds; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Arc<Budget>,
    n_bytes: usize,
}

impl Budget {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, held: AtomicUsize::new(0) })
    }

    /// Nothing yet.
    pub(crate) fn nothing(self: &Arc<Self>) -> Held {
        Held { budget: self.clone(), n_bytes: 0 }
    }
}

impl Held {
    /// Takes more, unless that is more than there is.
    pub(crate) fn add(&mut self, n_bytes: usize) -> bool {
        let before = self.budget.held.fetch_add(n_bytes, Ordering::Relaxed);
        let fits = before.saturating_add(n_bytes) <= self.budget.most;
        if fits {
            self.n_bytes += n_bytes;
        } else {
            self.budget.held.fetch_sub(n_bytes, Ordering::Relaxed);
        }
        fits
    }

    /// Gives everything back.
    pub(crate) fn release(&mut self) {
        self.budget.held.fetch_sub(std::mem::take(&mut self.n_bytes), Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_more_is_held_than_there_is(
            most in 0usize..1000,
            asked in prop::collection::vec((0usize..8, 0usize..400, any::<bool>()), 1..60),
        ) {
            let budget = Budget::new(most);
            let mut all: Vec<Held> = (0..8).map(|_| budget.nothing()).collect();
            for (who, n_bytes, is_end) in asked {
                let held: usize = all.iter().map(|held| held.n_bytes).sum();
                if is_end {
                    all[who].release();
                } else {
                    prop_assert_eq!(all[who].add(n_bytes), held + n_bytes <= most);
                }
                let held: usize = all.iter().map(|held| held.n_bytes).sum();
                prop_assert!(held <= most);
                prop_assert_eq!(budget.held.load(Ordering::Relaxed), held);
            }
            drop(all);
            prop_assert_eq!(budget.held.load(Ordering::Relaxed), 0);
        }
    }
}
