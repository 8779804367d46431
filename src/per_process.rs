//! State that a forked child does not share with its parent.

use quorate_client::process;
use std::iter;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// One value for each process, made when it is first asked for.
///
/// A child's is a new one, so that it finds nothing of its parent's, and no
/// lock that another thread of the parent held.
pub(crate) struct PerProcess<T: 'static> {
    newest: AtomicPtr<Entry<T>>,
}

struct Entry<T: 'static> {
    generation: u32,
    value: T,
    /// The parent's, as it was when the process was forked.
    inherited: Option<&'static Self>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self {
            newest: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// This process's value.
    pub(crate) fn get(&self, make: impl Fn() -> T) -> &'static T {
        &self.entry(make).value
    }

    /// The values of the processes that this one was forked from, parent first.
    /// Locks in them may be held by threads that are not here.
    pub(crate) fn inherited(&self, make: impl Fn() -> T) -> impl Iterator<Item = &'static T> {
        let parent = self.entry(make).inherited;
        iter::successors(parent, |entry| entry.inherited).map(|entry| &entry.value)
    }

    fn entry(&self, make: impl Fn() -> T) -> &'static Entry<T> {
        let generation = process::generation();
        let mut seen = self.newest.load(Ordering::Acquire);
        loop {
            // SAFETY: an entry is made below, never freed and never moved.
            let current: Option<&'static Entry<T>> = unsafe { seen.as_ref() };
            if let Some(entry) = current.filter(|entry| entry.generation == generation) {
                return entry;
            }
            let fresh = Box::into_raw(Box::new(Entry {
                generation,
                value: make(),
                inherited: current,
            }));
            match self
                .newest
                .compare_exchange(seen, fresh, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => seen = fresh,
                Err(other_thread) => {
                    // SAFETY: `fresh` came from a box and was not published.
                    drop(unsafe { Box::from_raw(fresh) });
                    seen = other_thread;
                }
            }
        }
    }
}
