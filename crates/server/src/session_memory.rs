//! How much memory sessions take, each and all together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of one session, about; they count among those of all sessions in memory as long as it is there.
#[derive(Debug, Default)]
pub(crate) struct SessionMemory {
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl SessionMemory {
    /// Bytes of this one.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// It grows.
    pub(crate) fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.all.fetch_add(bytes, Ordering::Relaxed);
    }

    /// It counts among these from now on.
    pub(crate) fn join(&mut self, all: &Arc<AtomicUsize>) {
        all.fetch_add(self.bytes, Ordering::Relaxed);
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
        self.all = all.clone();
    }
}

impl Drop for SessionMemory {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
