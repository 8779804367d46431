//! A ring in plain memory: only there for fuzzing, and for the models in `tests/loom`.

use crate::atomic::{AtomicU32, AtomicU64};
use crate::ring::Words;

pub(crate) struct Memory {
    write_index: AtomicU32,
    read_index: AtomicU32,
    semaphore: AtomicU64,
    words: Vec<AtomicU32>,
}

impl Memory {
    pub(crate) fn new(words: usize) -> Self {
        Self {
            write_index: AtomicU32::new(0),
            read_index: AtomicU32::new(0),
            semaphore: AtomicU64::new(0),
            words: (0..words).map(|_| AtomicU32::new(0)).collect(),
        }
    }
}

impl Words for Memory {
    fn write_index(&self) -> &AtomicU32 {
        &self.write_index
    }
    fn read_index(&self) -> &AtomicU32 {
        &self.read_index
    }
    fn semaphore(&self) -> &AtomicU64 {
        &self.semaphore
    }
    fn words(&self) -> &[AtomicU32] {
        &self.words
    }
    fn wake(&self) {}
}
