//! Columns over the catalogue that live for one request: their memory is used again by the next one on the thread.
//!
//! Given back to the system's allocator, it would be returned to the kernel and fetched again page by page.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// A column over the catalogue.
#[derive(Debug, Default)]
pub(super) struct Column(Vec<f32>);

/// How many columns a thread keeps.
const MOST_KEPT: usize = 12;

thread_local! {
    static POOL: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

impl Column {
    /// With whatever the last request wrote into it: for columns that are written before they are read.
    pub(super) fn unwritten(n: usize) -> Self {
        let mut column = POOL.with_borrow_mut(Vec::pop).unwrap_or_default();
        column.resize(n, 0.0);
        Self(column)
    }

    pub(super) fn filled(value: f32, n: usize) -> Self {
        let mut column = POOL.with_borrow_mut(Vec::pop).unwrap_or_default();
        column.clear();
        column.resize(n, value);
        Self(column)
    }
}

impl Drop for Column {
    fn drop(&mut self) {
        let column = std::mem::take(&mut self.0);
        // A thread that ends may have no place for it any more; then it is given back after all.
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if pool.len() < MOST_KEPT && column.capacity() > 0 {
                pool.push(column);
            }
        });
    }
}

impl Deref for Column {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Column {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}
