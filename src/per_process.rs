//! State that a forked child does not share with its parent.

use crate::error::Failure;
use crate::shared::Shared;
use crate::sync::{AtomicPtr, AtomicU32, Ordering, const_fn};
use quorate_client::process;
use std::iter;
use std::ptr;

/// One value for each process.
///
/// A child's is a new one, so that it finds nothing of its parent's, and no
/// lock that another thread of the parent held.
pub(crate) struct PerProcess<T: 'static> {
    /// Of the first process to ask; only a forked child needs to allocate one.
    first: Entry<T>,
    child: AtomicPtr<Entry<T>>,
    make: fn() -> T,
}

struct Entry<T: 'static> {
    /// Of the process; 0 until it is known.
    generation: AtomicU32,
    value: T,
    /// The parent's, as it was when the process was forked.
    inherited: Option<&'static Self>,
}

impl<T> Entry<T> {
    fn belongs_to(&self, generation: u32) -> bool {
        if self.generation.load(Ordering::Acquire) == generation {
            return true;
        }
        let (ok, fail) = (Ordering::AcqRel, Ordering::Acquire);
        match self.generation.compare_exchange(0, generation, ok, fail) {
            Ok(_) => true,
            Err(known) => known == generation,
        }
    }
}

impl<T> PerProcess<T> {
    const_fn! {
        /// `make` makes what `first` is, for a child.
        pub(crate) const fn new(first: T, make: fn() -> T) -> Self {
            Self {
                first: Entry {
                    generation: AtomicU32::new(0),
                    value: first,
                    inherited: None,
                },
                child: AtomicPtr::new(ptr::null_mut()),
                make,
            }
        }
    }

    /// This process's value.
    pub(crate) fn get(&'static self) -> Result<&'static T, Failure> {
        Ok(&self.entry()?.value)
    }

    /// The values of the processes that this one was forked from, parent first.
    /// Locks in them may be held by threads that are not here.
    pub(crate) fn inherited(&'static self) -> Result<impl Iterator<Item = &'static T>, Failure> {
        let parent = self.entry()?.inherited;
        Ok(iter::successors(parent, |entry| entry.inherited).map(|entry| &entry.value))
    }

    #[inline]
    fn entry(&'static self) -> Result<&'static Entry<T>, Failure> {
        let generation = process::generation();
        if self.first.belongs_to(generation) {
            return Ok(&self.first);
        }
        self.of_child(generation)
    }

    #[cold]
    fn of_child(&'static self, generation: u32) -> Result<&'static Entry<T>, Failure> {
        let mut seen = self.child.load(Ordering::Acquire);
        loop {
            // SAFETY: only ever set below, to an entry that is never freed.
            let newest = unsafe { seen.as_ref() }.unwrap_or(&self.first);
            if newest.belongs_to(generation) {
                return Ok(newest);
            }
            let fresh = Shared::try_new(Entry {
                generation: AtomicU32::new(generation),
                value: (self.make)(),
                inherited: Some(newest),
            })?;
            let raw = ptr::from_ref::<Entry<T>>(&fresh).cast_mut();
            let (ok, fail) = (Ordering::AcqRel, Ordering::Acquire);
            match self.child.compare_exchange(seen, raw, ok, fail) {
                Ok(_) => return Ok(fresh.leak()),
                Err(other_thread) => seen = other_thread,
            }
        }
    }
}
